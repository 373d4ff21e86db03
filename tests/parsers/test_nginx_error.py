"""What nginx's error log becomes: requests that failed, and what the master did to itself."""

import pytest
from reading_back import Read

from afterlog.parsers.nginx_error import PARSER
from afterlog.registry import Registry

HEAD = "2022/11/10 10:29:58 "


def read(*lines: str) -> Read:
    told = Read(PARSER, "\n".join(lines).encode(), Registry([PARSER]))
    assert told.rejects == []
    return told


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("[notice] 1#1: signal 1 (SIGHUP) received, reconfiguring", "reload"),
        ("[notice] 1#1: signal 15 (SIGTERM) received from 1, exiting", "stop"),
        ("[notice] 1#1: signal 12 (SIGUSR2) received, changing binary", "restart"),
        ("[notice] 1#1: signal 10 (SIGUSR1) received, reopening logs", None),
        ("[error] 1#1: signal 1 (SIGHUP) received, reconfiguring", None),
        ("[alert] 1#1: worker process 7 exited on signal 11 (core dumped)", "crash"),
        ('[emerg] 1#1: host not found in upstream "app" in /etc/nginx/nginx.conf:12', "reload"),
    ],
)
def test_only_the_masters_own_words_are_changes(text, action):
    columns = read(HEAD + text)
    assert columns["action"] == [action]
    assert columns["kind"] == ["change" if action else "log"]


def test_what_is_known_of_a_request_is_read_in_any_number():
    tail = 'subrequest: "/auth", upstream: "grpc://10.0.0.1:50051", host: "a", referrer: "https://b/"'
    columns = read(
        f'{HEAD}[error] 1#1: *7 x failed, client: 2001:db8::7, server: a, request: "GET /x HTTP/2.0", {tail}'
    )
    told = {name: columns[name] for name in ("client", "method", "path", "upstream", "vhost", "referer", "message")}
    assert told == {
        "client": ["2001:db8::7"], "method": ["GET"], "path": ["/x"], "upstream": ["10.0.0.1:50051"], "vhost": ["a"],
        "referer": ["https://b/"], "message": ["x failed"],
    }  # fmt: skip


def test_severities_are_those_of_the_levels():
    levels = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
    assert read(*(f"{HEAD}[{level}] 1#1: x" for level in levels))["severity"] == [5, 9, 10, 13, 17, 18, 19, 21]
