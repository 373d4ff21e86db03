"""nginx log_format and Apache LogFormat strings become layouts with the names of event columns."""

import pytest

from afterlog.errors import LayoutError
from afterlog.layout import Layout, Lines, from_apache, from_nginx


def read(layout: Layout, line: bytes) -> dict[str, str | None]:
    """The fields of one line, by both executions."""
    lines = Lines.of(line)
    found, reference = layout.match(lines), layout.match_regex(lines)
    assert found.rows.tolist() == reference.rows.tolist() == [0], layout.explain(line)
    texts = {name: found.text(name)[0].as_py() for name in found.spans}
    assert texts == {name: reference.text(name)[0].as_py() for name in reference.spans}
    return texts


NGINX_COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
APACHE_COMBINED = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"'
LINE = b'192.0.2.7 - bob [10/Oct/2000:13:55:36 -0700] "GET /x HTTP/1.1" 200 2326 "-" "curl/7.68.0"'


def test_the_combined_formats_of_both_servers_give_the_same_columns() -> None:
    nginx, apache = read(from_nginx(NGINX_COMBINED), LINE), read(from_apache(APACHE_COMBINED), LINE)
    assert apache.pop("ident") == "-"
    assert nginx == apache
    assert (nginx["client"], nginx["user"], nginx["status"], nginx["path"]) == (
        "192.0.2.7",
        "bob",
        "200",
        "/x",
    )
    assert (nginx["referer"], nginx["agent"]) == ("-", "curl/7.68.0")


def test_an_nginx_directive_is_read_as_it_stands_in_the_configuration() -> None:
    directive = """log_format upstream escape=default '$remote_addr - $remote_user [$time_local] "$request" '
        '$status $body_bytes_sent rt=$request_time uct="$upstream_connect_time" '
        'up=$upstream_addr us=$upstream_status id=${request_id} $http_x_forwarded_for';"""
    line = (
        b'192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "POST /x HTTP/2.0" 502 157 rt=0.012 uct="-, 0.001" '
        b"up=10.0.0.1:80, 10.0.0.2:80 us=502, 200 id=9f86d081 203.0.113.9, 10.1.1.1"
    )
    layout = from_nginx(directive)
    fields = read(layout, line)
    assert fields["upstream"] == "10.0.0.1:80, 10.0.0.2:80"
    assert fields["upstream_status"] == "502, 200"
    assert fields["upstream_connect_time"] == "-, 0.001"
    assert fields["request_id"] == "9f86d081"
    assert fields["x_forwarded_for"] == "203.0.113.9, 10.1.1.1"
    assert layout.match(Lines.of(line)).float("duration")[0].tolist() == [0.012]


def test_an_nginx_format_in_json_is_a_layout_too() -> None:
    layout = from_nginx(
        '{"time":"$time_iso8601","status":$status,"uri":"$request_uri","t":$msec,"agent":"$http_user_agent"}'
    )
    line = b'{"time":"2022-11-10T10:29:58+00:00","status":200,"uri":"/a b","t":1668076198.389,"agent":"x \\"y\\""}'
    fields = read(layout, line)
    assert fields["agent"] == 'x \\"y\\"'
    assert fields["path"] == "/a b"
    assert layout.match(Lines.of(line)).time("msec").wall_us.tolist() == [1_668_076_198_389_000]


def test_an_apache_directive_with_escaped_quotes_is_read_as_it_stands() -> None:
    directive = r'LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined'
    assert from_apache(directive).pattern == from_apache(directive.removeprefix("LogFormat ")).pattern
    fields = read(from_apache(directive), b"www.example.com:443 " + LINE)
    assert (fields["vhost"], fields["port"], fields["bytes"]) == ("www.example.com", "443", "2326")


def test_of_several_durations_the_finest_is_the_duration() -> None:
    layout = from_apache(APACHE_COMBINED + " %T/%D %{ms}T")
    found = layout.match(Lines.of(LINE + b" 1/1234567 1234"))
    assert found.float("duration")[0].tolist() == [1.234567]
    assert found.float("duration_s")[0].tolist() == [1.0]
    assert found.float("duration_ms")[0].tolist() == [1.234]


def test_apache_modifiers_request_ids_and_percent_signs_are_understood() -> None:
    layout = from_apache('%a %{c}a %!200,304{Referer}i %{UNIQUE_ID}e %L %{X-Forwarded-For}i %{remote}p 100%% "%<s"')
    fields = read(layout, b'192.0.2.7 10.0.0.1 - Y2xA 77 203.0.113.9 5000 100% "404"')
    assert fields == {
        "client": "192.0.2.7",
        "peer": "10.0.0.1",
        "referer": "-",
        "request_id": "Y2xA",
        "log_id": "77",
        "x_forwarded_for": "203.0.113.9",
        "client_port": "5000",
        "status": "404",
    }


def test_method_path_and_query_of_their_own_are_columns() -> None:
    fields = read(from_apache("%t %m %U%q %H %s"), b"[10/Oct/2000:13:55:36 -0700] GET /x?y=1 HTTP/1.1 200")
    assert (fields["method"], fields["path"], fields["protocol"]) == ("GET", "/x?y=1", "HTTP/1.1")


@pytest.mark.parametrize(
    ("spelled", "stamp"),
    [
        ("%{%Y-%m-%dT%H:%M:%S%z}t", b"2022-11-10T10:29:58+0100"),
        ("%{%F %T}t.%{usec_frac}t", b"2022-11-10 10:29:58.123456"),
        ("%{begin:%Y-%m-%dT%H:%M:%S}t.%{begin:msec_frac}t%{%z}t", b"2022-11-10T10:29:58.123+0100"),
        ("%{%d/%b/%Y:%T %z}t", b"10/Nov/2022:10:29:58 +0100"),
        ("%{sec}t", b"1668076198"),
        ("%{msec}t", b"1668076198123"),
    ],
)
def test_apache_times_of_their_own_form_are_read(spelled: str, stamp: bytes) -> None:
    layout = from_apache(f"{spelled} %s")
    times = layout.match(Lines.of(stamp + b" 200")).time()
    assert times.wall_us[0] // 1_000_000 == 1_668_076_198


def test_an_apache_time_that_no_layout_reads_is_refused() -> None:
    with pytest.raises(LayoutError, match=r"no layout reads the time %\{%A\}t"):
        from_apache("%{%A}t %s")


def test_names_that_are_taken_give_way_to_the_variables_own() -> None:
    layout = from_nginx('$remote_addr "$request" $request_uri $body_bytes_sent $bytes_sent $host $server_name')
    names = [field.name for field in layout.fields]
    assert names == ["client", "request", "request_uri", "bytes", "bytes_sent", "vhost", "server_name"]
    twice = from_nginx("$status $status")
    assert [field.name for field in twice.fields] == ["status", "status_"]
