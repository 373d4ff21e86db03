"""What the Apache error log parser makes of levels, clients, continuations and the server's own words."""

import pyarrow as pa
import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers.apache_error import PARSER
from afterlog.registry import Registry
from afterlog.source import Block

NEW = "[Thu Nov 10 11:14:59.898581 2022] "


def read(*lines: str, events: int | None = None) -> dict[str, list[object]]:
    parts = list(parse(PARSER, [Block("\n".join(lines).encode(), 1, 0)], Registry([PARSER])))
    batches = [part.batch for part in parts if part.batch is not None]
    count = len(lines) if events is None else events
    assert sum(len(batch.rows) for batch in batches) == count
    assert sum(part.continuations for part in parts) == len(lines) - count
    names = {name for batch in batches for name in batch.columns}
    return {
        name: [value for batch in batches for value in batch.columns.get(name, pa.nulls(len(batch.rows))).to_pylist()]
        for name in names
    }


@pytest.mark.parametrize(
    ("module", "text", "action"),
    [
        ("mpm_worker", "AH00292: Apache/2.4.10 (Unix) configured -- resuming normal operations", "start"),
        ("mpm_worker", "AH00297: SIGUSR1 received.  Doing graceful restart", "reload"),
        ("mpm_worker", "AH00298: SIGHUP received.  Attempting to restart", "restart"),
        ("mpm_prefork", "AH00170: caught SIGWINCH, shutting down gracefully", "stop"),
        ("mpm_prefork", "AH00169: caught SIGTERM, shutting down", "stop"),
        ("core", "AH00052: child pid 4711 exit signal Segmentation fault (11)", "crash"),
        ("php", "caught SIGTERM, shutting down", None),
    ],
)
def test_only_the_server_itself_starts_stops_and_crashes(module, text, action):
    columns = read(f"{NEW}[{module}:notice] [pid 7:tid 7] {text}")
    assert columns.get("action", [None]) == [action]
    assert columns["kind"] == ["change" if action else "log"]


def test_lines_without_a_stamp_belong_to_the_message_above():
    columns = read(
        NEW + "[cgi:error] [pid 7:tid 7] [client 192.0.2.1:5] AH01215: Traceback (most recent call last):",
        "  File x",
        "Boom",
        NEW + "[core:error] [pid 7:tid 7] next",
        events=2,
    )
    assert columns["message"] == ["AH01215: Traceback (most recent call last):\n  File x\nBoom", "next"]


def test_the_port_is_cut_off_every_kind_of_client_and_nothing_else_is():
    told = {
        "192.0.2.1:80": "192.0.2.1",
        "192.0.2.1": "192.0.2.1",
        "2001:db8::1:443": "2001:db8::1",
        "1:2:3:4:5:6:7:8:443": "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8": "1:2:3:4:5:6:7:8",
        "client.example.com:80": "client.example.com",
    }
    columns = read(*(f"{NEW}[core:error] [pid 7:tid 7] [client {peer}] x" for peer in told))
    assert columns["client"] == list(told.values())


def test_levels_of_both_ages_become_severities():
    lines = [f"{NEW}[core:{level}] [pid 7:tid 7] x" for level in ("emerg", "crit", "warn", "info", "debug")]
    assert read(*lines, "[Wed Oct 11 14:32:52 2000] [alert] x")["severity"] == [21, 18, 13, 9, 5, 19]


def test_the_old_form_prints_no_port():
    assert read("[Wed Oct 11 14:32:52 2000] [error] [client 2001:db8::1:2] x")["client"] == ["2001:db8::1:2"]
