"""What Ansible's output becomes, as text with and without times, and in JSON."""

from afterlog.layout import OFFSET_PLACED
from afterlog.parser import Line
from afterlog.parsers.ansible_json import PARSER as JSON
from afterlog.parsers.ansible_output import PARSER as OUTPUT

# ansible-core 2.19.14 with ansible.posix.profile_tasks, run for the purpose; shortened by the middle tasks
TIMED = b"""
PLAY [Configure web servers] ***************************************************

TASK [Ensure config directory] *************************************************
Tuesday 01 December 2026  11:50:03 +0000 (0:00:00.042)       0:00:00.042 ****** 
fatal: [web-03]: UNREACHABLE! => {"changed": false, "msg": "Task failed: Connection refused", "unreachable": true}
changed: [web-01]

TASK [Fail on one] *************************************************************
Tuesday 01 December 2026  11:50:05 +0000 (0:00:00.028)       0:00:01.585 ****** 
ok: [web-01]

PLAY RECAP *********************************************************************
web-01                     : ok=6    changed=4    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   
web-03                     : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0   

Tuesday 01 December 2026  11:50:07 +0000 (0:00:00.314)       0:00:03.512 ****** 
=============================================================================== 
items ------------------------------------------------------------------- 1.17s
"""  # noqa: W291
UNTIMED = b"\n".join(line for line in TIMED.split(b"\n") if not line.startswith(b"Tuesday"))
YAML = b"""PLAY [Configure web servers] ***

TASK [Fail on one] ***
fatal: [web-02]: FAILED! => 
    changed: false
    cmd:
    - test
    - '!='
    msg: 'Task failed: Module failed: non-zero return code, it''s
      so'
    rc: 1
...ignoring
"""  # noqa: W291


def told(data: bytes, parser=OUTPUT):
    return list(parser.records(Line(number, 0, text) for number, text in enumerate(data.split(b"\n"), 1)))


def acts(records):
    return [
        tuple(str(record.columns.get(name, "")) for name in ("action", "target", "target_host", "outcome"))
        for record in records
        if record.columns["kind"] == "change"
    ]


def test_plays_tasks_results_and_recaps_are_changes_with_their_machine():
    assert acts(told(TIMED)) == [
        ("play", "Configure web servers", "", "started"),
        ("task", "Ensure config directory", "", "started"),
        ("result", "Ensure config directory", "web-03", "failed"),
        ("result", "Ensure config directory", "web-01", "changed"),
        ("task", "Fail on one", "", "started"),
        ("result", "Fail on one", "web-01", "unchanged"),
        ("recap", "web-01", "web-01", "changed"),
        ("recap", "web-03", "web-03", "failed"),
    ]


def test_a_task_has_the_time_below_it_and_its_results_too_and_the_recap_the_last():
    clock = [record.time.wall_us // 1_000_000 % 60 for record in told(TIMED) if record.columns["kind"] == "change"]
    assert clock == [3, 3, 3, 3, 5, 5, 7, 7]
    assert {record.time.offset_s for record in told(TIMED)} == {0}


def test_without_times_all_of_it_is_placed_and_says_the_same():
    assert acts(told(UNTIMED)) == acts(told(TIMED))
    assert {record.time.offset_s for record in told(UNTIMED)} == {OFFSET_PLACED}


def test_a_second_run_in_the_file_is_another_run():
    runs = {record.columns["run"] for record in told(TIMED + TIMED)}
    assert len(runs) == 2


def test_each_run_of_ansible_pull_in_a_log_has_its_own_time():
    pull = b"Starting Ansible Pull at 2026-12-01 %s\nlocalhost | CHANGED => {}\n" + UNTIMED
    records = told(pull % b"13:05:38" + pull % b"13:35:38")
    assert {record.time.wall_us // 60_000_000 % 60 for record in records} == {5, 35}
    assert len({record.columns["run"] for record in records}) == 2


def test_results_in_yaml_say_what_those_in_json_do():
    result = next(record.columns for record in told(YAML) if record.columns.get("action") == "result")
    assert result["msg"] == "Task failed: Module failed: non-zero return code, it's so"
    assert (result["rc"], result["severity"], result["ignored"]) == ("1", 13, "true")


def test_colours_change_nothing():
    coloured = TIMED.replace(b"changed: [web-01]", b"\x1b[0;33mchanged: [web-01]\x1b[0m")
    assert acts(told(coloured)) == acts(told(TIMED))


def test_every_line_of_the_document_in_json_belongs_to_a_record_in_order():
    records = told(JSON.samples[0].text, JSON)
    assert [record.line.number for record in records] == sorted(record.line.number for record in records)
    assert [record.columns["action"] for record in records] == ["play", "result", "result", "task", "recap"]
    assert [record.columns.get("target_host") for record in records][1:3] == ["web-01", "web-02"]
