"""What Squid's logs become."""

import pytest
from reading_back import Read

from afterlog.registry import registry


def read(name: str, *lines: str) -> Read:
    return Read(registry()[name], "\n".join(lines).encode(), registry())


ACCESS = "1795357048.386 {took:>6} 192.0.2.7 {result} 3428 GET http://a/x - {route} text/html"


@pytest.mark.parametrize(
    ("result", "route", "status", "upstream"),
    [
        ("TCP_MISS/503", "HIER_DIRECT/10.0.0.1", 503, "10.0.0.1"),
        ("TCP_HIT/200", "HIER_NONE/-", 200, None),
        ("TCP_MISS_ABORTED/000", "HIER_DIRECT/2001:db8::1", None, "2001:db8::1"),
    ],
)
def test_result_and_route_are_taken_apart(result, route, status, upstream):
    got = read("squid", ACCESS.format(took=12, result=result, route=route))
    assert (got["status"], got["upstream"], got["duration"], got["result"]) == (
        [status],
        [upstream],
        [pytest.approx(0.012)],
        [result],
    )


def test_a_time_with_more_blanks_before_its_duration_is_read():
    got = read(
        "squid",
        ACCESS.format(took=1, result="TCP_MISS/200", route="HIER_NONE/-"),
        ACCESS.format(took=654321, result="TCP_MISS/200", route="HIER_NONE/-"),
    )
    assert got["duration"] == [pytest.approx(0.001), pytest.approx(654.321)]


def test_starts_ends_and_failures_of_the_cache_itself():
    got = read(
        "squid-cache",
        "2026/11/22 14:17:24| Starting Squid Cache version 5.7 for x86_64-pc-linux-gnu...",
        "2026/11/22 14:17:28| FATAL: Unable to open configuration file: x",
        "2026/11/22 14:17:28| Squid Cache (Version 5.7): Terminated abnormally.",
        "CPU Usage: 0.028 seconds = 0.023 user + 0.005 sys",
    )
    assert (got["action"], got["severity"]) == (["start", None, "crash"], [9, 21, 17])
    assert (got.continuations, got.rejects) == (1, [])
