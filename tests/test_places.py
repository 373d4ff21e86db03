"""Host and service as paths tell them: folders per host, and the trees of container engines."""

import json
from pathlib import Path

import pytest

from afterlog.sources.places import place_of

UID = "0f0f0f0f-1111-2222-3333-444444444444"
ID = "3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607182"


@pytest.mark.parametrize(
    ("path", "host", "service"),
    [
        ("web-01/var/log/apache2/access.log", "web-01", "apache2"),
        (f"node-1/var/log/pods/shop_web-6f5d8c7b9c-x2xk4_{UID}/nginx/0.log", "node-1", "web/nginx"),
        (f"node-1/var/log/pods/shop_web-6f5d8c7b9c-x2xk4_{UID}/web/0.log", "node-1", "web"),
        (f"shop_web-6f5d8c7b9c-x2xk4_{UID}/web/0.log", "web-6f5d8c7b9c-x2xk4", "web"),
        (f"n/var/log/pods/db_postgres-0_{UID}/postgres/1.log", "n", "postgres"),
        (f"n/var/log/pods/kube-system_kube-proxy-8bkzw_{UID}/kube-proxy/0.log", "n", "kube-proxy"),
        (f"n/var/log/pods/shop_report-28123456-9xq2z_{UID}/main/0.log", "n", "report/main"),
        (
            f"n/var/log/pods/kube-system_kube-apiserver-cp-a_{UID}/kube-apiserver/0.log",
            "n",
            "kube-apiserver-cp-a/kube-apiserver",
        ),
        (f"n/var/log/containers/web-6f5d8c7b9c-x2xk4_shop_nginx-{ID}.log", "n", "web/nginx"),
        (
            "mg/quay/namespaces/shop/pods/cart-6f5d8c7b9c-x2xk4/app/app/logs/current.log",
            "cart-6f5d8c7b9c-x2xk4",
            "cart/app",
        ),
        (f"n/var/lib/docker/containers/{ID}/{ID}-json.log", "n", ID[:12]),
    ],
)
def test_a_path_tells_host_and_service(path, host, service):
    assert place_of(path, Path("/nowhere")) == (host, service)


def written_by_docker(root: Path, told: object) -> str:
    folder = root / "n/var/lib/docker/containers" / ID
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text(json.dumps(told))
    return f"n/var/lib/docker/containers/{ID}/{ID}-json.log"


def test_docker_names_its_containers_beside_their_logs(tmp_path):
    path = written_by_docker(tmp_path, {"Name": "/shop-web-1", "Config": {"Labels": None}})
    assert place_of(path, tmp_path).service == "shop-web-1"


def test_compose_names_the_service(tmp_path):
    labels = {"com.docker.compose.service": "web"}
    path = written_by_docker(tmp_path, {"Name": "/shop-web-1", "Config": {"Labels": labels}})
    assert place_of(path, tmp_path).service == "web"


@pytest.mark.parametrize(
    "told", [[], {"Name": 7, "Config": {}}, {"Config": {"Labels": {}}}, {"Name": "/\x1b[31m\n", "Config": []}]
)
def test_what_is_no_name_leaves_the_id(tmp_path, told):
    assert place_of(written_by_docker(tmp_path, told), tmp_path).service == ID[:12]


def test_a_name_is_never_markup(tmp_path):
    path = written_by_docker(tmp_path, {"Name": "/<b>\x1b[31mx`\n", "Config": {}})
    assert place_of(path, tmp_path).service == "b31mx"


def test_a_link_out_of_the_directory_is_not_followed(tmp_path):
    (tmp_path / "secret.json").write_text(json.dumps({"Name": "/root", "Config": {}}))
    path = written_by_docker(tmp_path, {})
    beside = (tmp_path / path).with_name("config.v2.json")
    beside.unlink()
    beside.symlink_to(tmp_path / "secret.json")
    assert place_of(path, tmp_path).service == ID[:12]
