"""What Salt's logs and answers become."""

from afterlog.event import Outcome
from afterlog.parser import Line, Record, Reject
from afterlog.parsers.salt import PARSER
from afterlog.parsers.salt_output import PARSER as OUTPUT

JOB = b"""\
2026-11-22 14:02:32,298 [salt.minion      :2454][INFO    ][15881] User root Executing command state.apply with jid 20261122140232290896
2026-11-22 14:02:32,335 [salt.minion      :3120][INFO    ][16906] Starting a new job 20261122140232290896 with PID 16906
2026-11-22 14:02:32,523 [salt.state       :2384][INFO    ][16906] Executing state file.managed for [/etc/out.conf]
2026-11-22 14:02:32,530 [salt.state       :311 ][INFO    ][16906] File changed:
--- 
+++ 
@@ -1 +1 @@
-size=64m
+size=65m
2026-11-22 14:02:32,530 [salt.state       :2556][INFO    ][16906] Completed state [/etc/out.conf] at time 14:02:32.530344 (duration_in_ms=7.049)
2026-11-22 14:02:32,531 [salt.state       :2384][INFO    ][16906] Executing state cmd.run for [/bin/false]
2026-11-22 14:02:32,535 [salt.state       :313 ][ERROR   ][16906] {'pid': 16913, 'retcode': 1, 'stdout': '', 'stderr': ''}
2026-11-22 14:02:32,535 [salt.state       :2556][INFO    ][16906] Completed state [/bin/false] at time 14:02:32.535164 (duration_in_ms=3.934)
2026-11-22 14:02:32,536 [salt.state       :2384][INFO    ][16906] Executing state pkg.installed for [less]
2026-11-22 14:02:32,537 [salt.state       :311 ][INFO    ][16906] All specified packages are already installed
2026-11-22 14:02:32,538 [salt.state       :2556][INFO    ][16906] Completed state [less] at time 14:02:32.538000 (duration_in_ms=1.0)
2026-11-22 14:02:32,539 [salt.minion      :3207][INFO    ][16906] Job 20261122140232290896 execution finished, return_data: {'file_|-a_|-/etc/out.conf_|-managed': {'changes': {'diff': 'x'}, 'result': True}, 'cmd_|-b_|-/bin/false_|-run': {'changes': {}, 'result': False}}
"""  # noqa: W291  as printed
REPORT = b"""\
web-02:
----------
          ID: settings
    Function: file.managed
        Name: /etc/out.conf
      Result: True
     Comment: File /etc/out.conf updated
     Started: 23:59:59.500000
    Duration: 100.0 ms
     Changes:   
              ----------
              diff:
                  +size=65m
----------
          ID: reload
    Function: cmd.run
        Name: /bin/true
      Result: False
     Comment: Command "/bin/true" run
     Started: 00:00:01.500000
    Duration: 500.0 ms
     Changes:   

Summary for web-02
------------
Succeeded: 1 (changed=1)
Failed:    1
"""  # noqa: W291


def told(data: bytes, parser=PARSER) -> list[Record | Reject]:
    lines = data.removesuffix(b"\n").split(b"\n")
    return list(parser.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def changes(data: bytes, parser=PARSER) -> list[dict]:
    return [record.columns for record in told(data, parser) if record.columns["kind"] == "change"]


def test_a_job_its_states_and_its_end_are_one_run_with_their_outcomes():
    found = changes(JOB)
    assert [(c["action"], c["target"], c["outcome"]) for c in found] == [
        ("job", "state.apply", Outcome.STARTED),
        ("state", "file.managed /etc/out.conf", Outcome.CHANGED),
        ("state", "cmd.run /bin/false", Outcome.FAILED),
        ("state", "pkg.installed less", Outcome.UNCHANGED),
        ("job", "state.apply", Outcome.FAILED),
    ]
    assert {c["run"] for c in found} == {"20261122140232290896"}
    assert (found[0]["actor"], found[-1]["changed"], found[-1]["failed"]) == ("root", "1", "1")


def test_a_diff_below_a_line_continues_it():
    assert [record.line.number for record in told(JOB)] == [1, 2, 3, 4, *range(10, 18)]


def test_without_a_jid_the_process_names_the_run():
    lines = b"\n".join(JOB.split(b"\n")[2:10]) + b"\n"
    (state,) = changes(lines)
    assert state["run"].startswith("salt-call 16906@") and state["outcome"] == Outcome.CHANGED


def test_functions_that_only_ask_are_no_changes():
    for asks in (b"test.ping", b"grains.items", b"pkg.list_pkgs", b"service.status", b"saltutil.find_job"):
        line = JOB.split(b"\n")[0].replace(b"state.apply", asks)
        assert changes(line + b"\n") == [], asks
    for does in (b"cmd.run", b"service.restart", b"pkg.install", b"grains.setval"):
        line = JOB.split(b"\n")[0].replace(b"state.apply", does)
        assert len(changes(line + b"\n")) == 1, does


def test_a_restart_that_returned_false_failed():
    first = JOB.split(b"\n")[0].replace(b"state.apply", b"service.restart")
    end = b"2026-11-22 14:02:33,118 [salt.minion      :3207][INFO    ][16937] Job 20261122140232290896 execution finished, return_data: False"
    assert changes(first + b"\n" + end + b"\n")[-1]["outcome"] == Outcome.FAILED


def test_the_report_is_placed_by_the_states_times_of_day_over_midnight():
    # the last state ends 00:00:02.0; the first began 2.5 s before that, the second 0.5 s
    records = told(REPORT, OUTPUT)
    assert [(r.line.number, -r.time.wall_us / 1e6) for r in records] == [(1, 2.5), (3, 2.5), (15, 0.5), (24, 0.0)]
    assert [(r.columns.get("target"), r.columns.get("outcome"), r.columns.get("target_host")) for r in records[1:]] == [
        ("file.managed /etc/out.conf", Outcome.CHANGED, "web-02"),
        ("cmd.run /bin/true", Outcome.FAILED, "web-02"),
        ("state run", Outcome.PARTLY, "web-02"),
    ]
