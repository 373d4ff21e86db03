"""What Supervisor's log becomes."""

from pathlib import Path

from reading_back import Read

from afterlog.changes import find_changes
from afterlog.ingestion import Options, ingest
from afterlog.registry import registry

# supervisor 4.3.0, run for the purpose
LOG = b"""\
2026-12-01 11:58:31,448 INFO supervisord started with pid 12166
2026-12-01 11:58:32,450 INFO spawned: 'app' with pid 12180
2026-12-01 11:58:33,458 INFO success: app entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
2026-12-01 12:58:37,400 INFO waiting for app to stop
2026-12-01 12:58:37,401 WARN stopped: app (terminated by SIGTERM)
2026-12-01 12:58:37,404 INFO spawned: 'app' with pid 12189
2026-12-01 12:58:38,406 INFO success: app entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)
2026-12-01 13:58:40,524 WARN exited: app (terminated by SIGKILL; not expected)
"""


def test_each_act_names_its_program_and_the_rest_stays_a_message():
    got = Read(registry()["supervisord"], LOG, registry())
    assert got["action"] == ["start", "start", "start", None, "stop", "start", "start", "crash"]
    assert got["target"] == ["supervisord", "app", "app", None, "app", "app", "app", "app"]
    assert got["severity"] == [9, 9, 9, 9, 13, 9, 9, 13]


def test_a_stop_and_a_start_are_one_restart_and_a_kill_is_a_crash(tmp_path: Path):
    at = tmp_path / "logs" / "web-01" / "var" / "log" / "supervisor" / "supervisord.log"
    at.parent.mkdir(parents=True)
    at.write_bytes(LOG)
    changes = find_changes(ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC", jobs=1))).changes
    told = {(change.title, change.outcome) for change in changes}
    assert ("app restarted", "changed") in told and ("app crashed", "failed") in told


def test_another_log_of_pythons_form_is_none_of_it():
    other = b"2026-12-01 11:58:32,450 INFO job spawned: 3\n2026-12-01 11:58:33,458 INFO done\n"
    parser = registry()["supervisord"]
    assert parser.claims("supervisord.log", other.splitlines()) == 0.0
