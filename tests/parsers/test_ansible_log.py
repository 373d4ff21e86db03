"""What Ansible's log becomes."""

from collections import Counter
from pathlib import Path

import pytest

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.ansible_log import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"
RECORDED = LOGS / "ops-01/var/log/ansible/ansible.log"


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


def line(text: str, pid: int = 1, clock: str = "11:05:02,292", name: str = "n=ansible ") -> bytes:
    return f"2022-11-10 {clock} p={pid} u=deploy {name}| {text}\n".encode()


def test_the_recording_gives_what_grep_counts_in_it():
    # grep -c: 77 lines; 'PLAY \[' 10, 'TASK \[' 20, '| changed:' 18, '| ok: \[' 7, '| fatal:' 3, 'ok=[0-9]' 13
    # (3 with failed=1, 1 with changed=0 and failed=0), 'PLAY RECAP' 4; the other 2 are the pause's.
    records = told(RECORDED.read_bytes())
    counts = Counter((record.columns.get("action", "log"), record.columns.get("outcome")) for record in records)
    assert counts == {
        ("play", "started"): 10,
        ("task", "started"): 20,
        ("result", "changed"): 18,
        ("result", "unchanged"): 7,
        ("result", "failed"): 3,
        ("recap", "changed"): 9,
        ("recap", "failed"): 3,
        ("recap", "unchanged"): 1,
        ("log", None): 6,
    }


def test_the_recorded_invocations_are_four_runs():
    runs = Counter(record.columns["run"] for record in told(RECORDED.read_bytes()))
    assert runs == {  # grep -c p=9904, p=9959, p=10092, p=10147
        "9904@2022-11-10T10:50:11.309": 9,
        "9959@2022-11-10T11:05:02.292": 40,
        "10092@2022-11-10T12:02:00.465": 9,
        "10147@2022-11-10T13:44:58.757": 19,
    }


def test_a_result_knows_its_play_its_task_and_its_machine():
    reload = next(r for r in told(RECORDED.read_bytes()) if r.line.number == 28)
    assert reload.line.text.endswith(b"changed: [web-01]")
    assert [reload.columns[name] for name in ("play", "target", "target_host")] == [
        "Rolling activation",
        "Reload Apache gracefully",
        "web-01",
    ]


def test_invocations_that_write_at_once_are_kept_apart():
    records = told(
        line("PLAY [One] ***") + line("PLAY [Two] ***", 2) + line("TASK [A] ***") + line("ok: [x]", 2) + line("ok: [y]")
    )
    assert [(r.columns["run"][:2], r.columns["play"], r.columns.get("task")) for r in records] == [
        ("1@", "One", None),
        ("2@", "Two", None),
        ("1@", "One", None),
        ("2@", "Two", None),
        ("1@", "One", "A"),
    ]


def test_a_process_number_that_comes_again_after_the_recap_is_another_run():
    records = told(
        line("PLAY [One] ***")
        + line("PLAY RECAP ***")
        + line("web-01 : ok=1 changed=0 unreachable=0 failed=0")
        + line("PLAY [Two] ***", clock="12:00:00,000")
    )
    assert [r.columns["run"] for r in records] == ["1@2022-11-10T11:05:02.292"] * 3 + ["1@2022-11-10T12:00:00.000"]


@pytest.mark.parametrize("name", ["", "n=ansible ", "n=ansible INFO"])
def test_the_three_forms_of_the_stamp_are_read(name):
    [record] = told(line(" PLAY [x] ***", name=name))
    assert record.columns["target"] == "x"


def test_lines_below_a_message_belong_to_it():
    [record] = told(line("fatal: [a]: FAILED! => {") + b'    "msg": "no \\"such\\" file",\n    "rc": 2\n}\n')
    assert (record.columns["msg"], record.columns["rc"]) == ('no "such" file', "2")


def test_json_that_was_cut_still_gives_its_message():
    [record] = told(line('fatal: [a]: FAILED! => {"msg": "gone", "stderr": "aaa'))
    assert record.columns["msg"] == "gone"


def test_a_failure_that_was_ignored_says_so():
    failed, _said = told(line("fatal: [a]: FAILED! => {}") + line("...ignoring"))
    assert (failed.columns["outcome"], failed.columns["ignored"]) == ("failed", "true")


def test_a_diff_is_told_by_the_result_below_it():
    _diff, result = told(line("--- before: /etc/a\n+++ after: /etc/a\n@@ -1 +1 @@\n-old\n+new") + line("changed: [a]"))
    assert [result.columns[name] for name in ("file", "added", "removed")] == ["/etc/a", "new", "old"]


@pytest.mark.parametrize(
    ("text", "host", "outcome"),
    [
        ("web-01 | SUCCESS => {", "web-01", "unchanged"),
        ("web-01 | CHANGED | rc=0 >>", "web-01", "changed"),
        ("web-01 | FAILED | rc=1 >>", "web-01", "failed"),
        ("web-01 | UNREACHABLE! => {", "web-01", "failed"),
        ("skipping: [web-01]", "web-01", "unchanged"),
    ],
)
def test_each_word_has_its_outcome(text, host, outcome):
    [record] = told(line(text))
    assert (record.columns["target_host"], record.columns["outcome"]) == (host, outcome)


def test_a_recap_line_outside_a_recap_is_only_said():
    assert told(line("web-01 : ok=1 changed=1 unreachable=0 failed=0"))[0].columns["kind"] == "log"


def test_colours_are_taken_off():
    [record] = told(line("\x1b[0;33mchanged: [web-01]\x1b[0m"))
    assert record.columns["message"] == "changed: [web-01]"


def test_what_stands_before_the_first_stamp_is_refused():
    assert [type(item) for item in told(b"}\n" + line("PLAY [x] ***"))] == [Reject, Record]
