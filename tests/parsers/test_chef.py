"""What Chef's log becomes."""

from afterlog.event import Outcome
from afterlog.parser import Line, Record, Reject
from afterlog.parsers.chef import PARSER

RUN = b"""\
[2015-03-19T06:15:08-05:00] INFO: *** Chef 12.1.1 ***
[2015-03-19T06:15:13-05:00] INFO: Run List expands to [base]
[2015-03-19T06:15:13-05:00] INFO: Starting Chef Run for chef-book
resolving cookbooks for run list: ["base"]
  * template[/etc/tmux.conf] action create[2015-03-19T06:15:18-05:00] INFO: Processing template[/etc/tmux.conf] action create (base::default line 2)
[2015-03-19T06:15:18-05:00] INFO: template[/etc/tmux.conf] updated content
    - update content in file /etc/tmux.conf
[2015-03-19T06:15:18-05:00] INFO: template[/etc/tmux.conf] sending restart action to service[tmux] (delayed)
[2015-03-19T06:15:19-05:00] INFO: service[tmux] restarted
[2015-03-19T06:15:19-05:00] INFO: Chef Run complete in 6.529510641 seconds
"""


def told(data: bytes) -> list[Record | Reject]:
    lines = data.removesuffix(b"\n").split(b"\n")
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def changes(data: bytes) -> list[tuple[str, str, str]]:
    return [
        (r.columns["action"], r.columns["target"], r.columns["outcome"])
        for r in told(data)
        if r.columns["kind"] == "change"
    ]


def test_what_a_run_updated_and_how_it_ended_are_changes_and_what_it_looked_at_is_none():
    assert changes(RUN) == [
        ("run", "chef-book", Outcome.STARTED),
        ("resource", "template[/etc/tmux.conf]", Outcome.CHANGED),
        ("resource", "service[tmux]", Outcome.CHANGED),
        ("run", "chef-book", Outcome.CHANGED),
    ]


def test_a_time_in_the_middle_of_a_line_is_found_and_the_report_continues_the_line_above():
    assert [record.line.number for record in told(RUN)] == [1, 2, 3, 5, 6, 8, 9, 10]


def test_a_run_that_updated_nothing_is_unchanged_and_a_second_run_is_another():
    idle = b"\n".join(RUN.split(b"\n")[i] for i in (0, 2, 9)) + b"\n"
    assert changes(idle)[-1] == ("run", "chef-book", Outcome.UNCHANGED)
    runs = [record.columns["run"] for record in told(RUN + idle) if record.columns["kind"] == "change"]
    assert len(set(runs)) == 2 and runs[-1] != runs[0]


def test_an_exception_fails_the_run_once():
    broken = b"\n".join(RUN.split(b"\n")[:3]) + (
        b"\n[2015-03-19T06:15:20-05:00] ERROR: service[tmux] (base::default line 3) had an error: Mixlib::ShellOut: exit 1"
        b"\n[2015-03-19T06:15:20-05:00] ERROR: Running exception handlers"
        b"\n[2015-03-19T06:15:20-05:00] FATAL: Chef::Exceptions::ChildConvergeError: Chef run process exited unsuccessfully (exit code 1)\n"
    )
    assert changes(broken) == [
        ("run", "chef-book", Outcome.STARTED),
        ("resource", "service[tmux]", Outcome.FAILED),
        ("run", "chef-book", Outcome.FAILED),
    ]
