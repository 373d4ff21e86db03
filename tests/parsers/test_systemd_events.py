"""Units and processes in syslog and the journal are change events themselves, with unit and outcome."""

import json
from pathlib import Path

from reading_back import Read

from afterlog.changes import find_changes
from afterlog.ingestion import Options, ingest
from afterlog.registry import registry

# systemd/systemd issue 33710, and shadow 4.13 on Debian 12
SYSLOG = b"""\
Jul 12 09:03:33 web-01 systemd[1]: test-slack-reporting.service: Main process exited, code=exited, status=1/FAILURE
Jul 12 09:03:33 web-01 systemd[1]: test-slack-reporting.service: Failed with result 'exit-code'.
Jul 12 09:03:33 web-01 systemd[1]: test-slack-reporting.service: Triggering OnFailure= dependencies.
Jul 12 09:03:38 web-01 systemd[1]: test-slack-reporting.service: Scheduled restart job, restart counter is at 4.
Jul 12 09:03:38 web-01 systemd[1]: Started test-slack-reporting.service - Test Slack error reporting service.
Jul 12 09:04:00 web-01 useradd[2466]: new user: name=bob, UID=1000, GID=100, home=/home/bob, shell=/bin/bash, from=none
Jul 12 09:05:00 web-01 app[7]: Stopped nginx.service - A high performance web server.
"""


def test_what_systemd_says_is_read_as_a_change_and_what_others_say_alike_is_not():
    got = Read(registry()["syslog"], SYSLOG, registry())
    assert got["action"] == ["crash", "crash", None, "restart", "start", "account", None]
    assert got["target"][:5] == ["test-slack-reporting", "test-slack-reporting", None, *["test-slack-reporting"] * 2]
    assert got["outcome"] == ["failed", "failed", None, "started", "changed", "changed", None]
    assert got["service"] == [*["systemd"] * 5, "useradd", "app"]


def test_it_is_the_same_in_the_journal_with_its_level():
    entry = {
        "__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1720771413000000", "_HOSTNAME": "web-01", "SYSLOG_IDENTIFIER": "systemd", "_PID": "1",
        "PRIORITY": "4", "MESSAGE": "nginx.service: Failed with result 'exit-code'.",
    }  # fmt: skip
    printed = json.dumps(entry, separators=(",", ":")).encode()
    got = Read(registry()["journald-json"], printed, registry())
    assert (got["action"], got["target"], got["outcome"], got["severity"]) == (["crash"], ["nginx"], ["failed"], [13])


def test_the_events_become_one_change_of_the_unit(tmp_path: Path):
    at = tmp_path / "logs" / "web-01" / "var" / "log" / "syslog"
    at.parent.mkdir(parents=True)
    at.write_bytes(SYSLOG)
    changes = find_changes(ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC", jobs=1))).changes
    crash = next(change for change in changes if change.action == "crash")
    assert (crash.title, crash.hosts, crash.outcome) == ("test-slack-reporting crashed", ("web-01",), "failed")
    assert crash.end_us - crash.start_us == 5_000_000
