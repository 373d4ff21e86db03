"""What a path tells: the host that wrote a log, and the service.

Containers' logs lie under names of their own: Kubernetes names pod and container in the path
(https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-location-node), and the pod's workload is its
name without what the controllers put behind it; Docker names the container by its id, and what it is called in a file
beside it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

_ROOT_DIRS: Final = frozenset("var srv etc home opt usr root tmp log logs run mnt data proc sys AWSLogs".split())
_SERVICE_DIRS: Final = frozenset(
    "apache apache2 httpd nginx haproxy mysql mariadb postgresql redis rabbitmq puppet puppetlabs ansible apt "
    "journal syslog tomcat caddy traefik envoy kafka mongodb docker containers pods php git salt chef".split()
)
_PLAIN_WORDS: Final = frozenset({"access", "error", "log", "other", "vhosts", "ssl"})
ARCHIVE_SUFFIX: Final = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz|zip)$", re.IGNORECASE)


class Place(NamedTuple):
    """What a path tells about where a log was written."""

    host: str | None
    service: str | None


def place_of(path: str, root: Path) -> Place:
    """Tell host and service from a path such as ``web-01/var/log/apache2/access.log``."""
    parts = tuple(ARCHIVE_SUFFIX.sub("", part) for part in PurePosixPath(path).parts)
    inside = _container_of(parts, path, root)
    folders = parts[: inside.depth] if inside else parts[:-1]
    host = _host_of(folders, root)
    if inside:
        return Place(host or inside.host, inside.service)
    stem = PurePosixPath(parts[-1]).name.split(".")[0] if parts else ""
    words = [word for word in stem.replace("_", "-").split("-") if word not in _PLAIN_WORDS]
    folder = folders[-1] if folders and folders[-1] not in _ROOT_DIRS and folders[-1] != host else None
    return Place(host, "-".join(words) or folder)


def _host_of(folders: tuple[str, ...], root: Path) -> str | None:
    marker = next((i for i, part in enumerate(folders) if part in _ROOT_DIRS), len(folders))
    before = [part for part in folders[:marker] if part not in _SERVICE_DIRS and not part.isdecimal()]
    of_host = folders[:1] != ("AWSLogs",)  # CloudTrail's tree is of an account
    if before:
        return before[-1]
    if folders and marker == 0 and of_host and root.is_dir() and root.name not in _ROOT_DIRS:
        return root.resolve().name or None
    return None


class _Container(NamedTuple):
    """A container, as its log's path names it, and how many folders of the path are not its own."""

    service: str
    host: str | None
    depth: int


_HASH: Final = "[bcdfghjklmnpqrstvwxz2456789]"  # the letters of Kubernetes' own names
_CONTROLLED: Final = re.compile(
    rf"(?P<workload>.+?)(?:-{_HASH}{{6,10}}-{_HASH}{{5}}|(?:-\d{{8}})?-{_HASH}{{5}}|-\d{{1,4}})"
)
_POD_FOLDER: Final = re.compile(r"[a-z0-9-]+_(?P<pod>[a-z0-9][a-z0-9.-]*)_[0-9a-f][0-9a-f-]{7,35}")
_POD_LINK: Final = re.compile(r"(?P<pod>[a-z0-9][a-z0-9.-]*)_[a-z0-9-]+_(?P<container>[a-z0-9-]+)-[0-9a-f]{64}\.log")
_DOCKER_ID: Final = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES: Final = 1 << 20  # of what Docker wrote of a container


def _container_of(parts: tuple[str, ...], path: str, root: Path) -> _Container | None:
    """Tell a container's log by its path: of the kubelet, of OpenShift's must-gather, or of Docker."""
    link = _POD_LINK.match(parts[-1]) if parts else None
    if link:
        return _Container(_named(link["pod"], link["container"]), link["pod"], len(parts) - 1)
    for depth, part in enumerate(parts[:-2]):
        folder = _POD_FOLDER.fullmatch(part)
        if folder:
            return _Container(_named(folder["pod"], parts[depth + 1]), folder["pod"], depth)
        if part == "pods" and parts[-2] == "logs" and depth + 3 < len(parts):
            return _Container(_named(parts[depth + 1], parts[depth + 2]), parts[depth + 1], 0)
    if len(parts) > 1 and _DOCKER_ID.fullmatch(parts[-2]) and parts[-1].startswith(parts[-2]):
        return _Container(_named_by_docker((root / path).parent) or parts[-2][:12], None, len(parts) - 2)
    return None


def _named(pod: str, container: str) -> str:
    """Name the service of a container: the workload of its pod, and the container where that has another name."""
    controlled = _CONTROLLED.fullmatch(pod)
    workload = controlled["workload"] if controlled else pod
    return workload if container == workload else f"{workload}/{container}"


def _named_by_docker(folder: Path) -> str | None:
    """Read what a container is called from Docker's own file beside its log: the service of compose, or its name."""
    told_by = folder / "config.v2.json"
    if told_by.is_symlink():
        return None
    try:
        with told_by.open("rb") as file:
            told = json.loads(file.read(_MOST_BYTES))
        labels = told["Config"].get("Labels") or {}
        name = labels.get("com.docker.compose.service") or told["Name"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return _printable_name(name) if isinstance(name, str) else None


def _printable_name(name: str) -> str | None:
    plain = re.sub(r"[^\w.-]", "", name)[:100]
    return plain or None
