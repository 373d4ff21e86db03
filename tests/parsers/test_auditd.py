"""What the Linux audit log becomes."""

import pytest

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.auditd import PARSER


def told(*lines: str) -> list[Record | Reject]:
    return list(PARSER.records(Line(number, 0, text.encode()) for number, text in enumerate(lines, 1)))


def execve(serial: int, pid: int, parent: int, *words: str, tty: str = "pts1", auid: str = "1000") -> list[str]:
    stamp = f"msg=audit(1492037291.036:{serial})"
    arguments = " ".join(f'a{n}="{word}"' for n, word in enumerate(words))
    process = f'ppid={parent} pid={pid} auid={auid} uid=0 tty={tty} ses=8 comm="x" exe="/usr/bin/{words[0]}" key="run"'
    return [
        f"type=SYSCALL {stamp}: arch=c000003e syscall=59 success=yes exit=0 {process}",
        f"type=EXECVE {stamp}: argc={len(words)} {arguments}",
        f"type=EOE {stamp}:",
    ]


def commands(*lines: str) -> list[str]:
    return [r.columns["target"] for r in told(*lines) if isinstance(r, Record) and r.columns.get("action") == "command"]


def test_the_records_of_one_event_are_one_event_on_its_first_line():
    [record] = told(*execve(59, 13393, 12041, "grep", "mapping"))
    assert (record.line.number, record.columns["message"], record.columns["actor"]) == (1, "grep mapping", "uid 1000")
    assert record.time.wall_us == 1_492_037_291_036_000


def test_interleaved_events_are_told_apart_and_stay_in_order():
    one, two = execve(1, 10, 5, "systemctl", "restart", "a"), execve(2, 11, 5, "systemctl", "restart", "b")
    records = told(one[0], two[0], two[1], one[1], two[2], one[2])
    assert [(r.line.number, r.columns["target"]) for r in records] == [
        (1, "systemctl restart a"),
        (2, "systemctl restart b"),
    ]


def test_only_what_a_shell_at_a_terminal_starts_is_a_persons_command():
    # bash (100) is the person's shell; apt (101) is typed there and starts dpkg (102); sh -c (103) is a script's
    lines = [
        *execve(1, 100, 50, "-bash"),
        *execve(2, 101, 100, "apt", "upgrade"),
        *execve(3, 102, 101, "dpkg", "--configure"),
        *execve(4, 103, 101, "sh", "-c", "ldconfig"),
        *execve(5, 104, 103, "ldconfig"),
    ]
    assert commands(*lines) == ["apt upgrade"]


def test_a_process_that_goes_on_as_another_program_is_one_command():
    assert commands(*execve(1, 7, 5, "sudo", "id"), *execve(2, 7, 5, "id")) == ["sudo id"]


@pytest.mark.parametrize("spoilt", [{"tty": "(none)"}, {"auid": "4294967295"}])
def test_what_runs_without_a_terminal_or_without_a_login_is_nobodys_command(spoilt):
    [record] = told(*execve(1, 7, 5, "logger", "x", **spoilt))
    assert (record.columns["kind"], record.columns["message"]) == ("log", "logger x")


WATCHED = (
    "type=SYSCALL msg=audit(1519924845.499:257): arch=c000003e syscall={call} success={success} exit=3 a0=ffffff9c a1={a1} a2={a2} auid=1000 "
    'tty=pts0 ses=3 comm="vim" exe="/usr/bin/vim" key={key}'
)
PATH = 'type=PATH msg=audit(1519924845.499:257): item=0 name="nginx.conf" inode=1 nametype=NORMAL'
CWD = 'type=CWD msg=audit(1519924845.499:257): cwd="/etc/nginx"'


@pytest.mark.parametrize(
    ("call", "a1", "a2", "success", "key", "edits"),
    [
        (257, "7f", "241", "yes", '"conf"', True),  # openat, O_WRONLY|O_CREAT|O_TRUNC
        (257, "7f", "0", "yes", '"conf"', False),  # openat to read
        (2, "241", "0", "yes", '"conf"', True),  # open
        (87, "0", "0", "yes", '"conf"', True),  # unlink
        (0, "0", "0", "yes", '"conf"', False),  # read
        (257, "7f", "241", "no", '"conf"', False),  # it failed
        (257, "7f", "241", "yes", "(null)", False),  # no rule watches it
    ],
)
def test_a_watched_call_that_writes_is_an_edit(call, a1, a2, success, key, edits):
    [record] = told(WATCHED.format(call=call, a1=a1, a2=a2, success=success, key=key), CWD, PATH)
    assert record.columns.get("target") == ("/etc/nginx/nginx.conf" if edits else None)


def test_an_argument_in_pieces_is_put_together():
    stamp = "msg=audit(1492037291.036:9)"
    line = f'type=EXECVE {stamp}: argc=2 a0="echo" a1_len=4 a1[0]=6162 a1[1]=6364'
    [record] = told(line)
    assert record.columns["message"] == "echo abcd"


def test_the_names_of_the_enriched_format_are_taken():
    [record] = told(
        'type=USER_CMD msg=audit(1481077231.363:475): pid=1 uid=1000 auid=1000 ses=3 msg=\'cwd="/" cmd=6964 terminal=pts/0 res=success\'\x1dUID="ann" AUID="ann"'
    )
    assert (record.columns["actor"], record.columns["target"]) == ("ann", "id")


@pytest.mark.parametrize(
    ("line", "action", "target", "outcome"),
    [
        ("type=SERVICE_START msg=audit(1.000:1)", None, None, None),
        (
            "type=SERVICE_START msg=audit(1481076983.864:6): pid=1 uid=0 auid=4294967295 msg='unit=nginx comm=\"systemd\" res=failed'",
            "start",
            "nginx",
            "failed",
        ),
        (
            "type=SYSTEM_SHUTDOWN msg=audit(1481076983.864:6): pid=1 uid=0 auid=4294967295 msg=' comm=\"x\" res=success'",
            "stop",
            "the machine",
            "changed",
        ),
        (
            "type=ADD_GROUP msg=audit(1451781471.602:194894): pid=1321 uid=0 auid=1000 ses=1 msg='op=add-group acct=\"frodo\" res=success'",
            "account",
            "frodo",
            "changed",
        ),
        (
            'type=CONFIG_CHANGE msg=audit(1481077231.371:478): auid=1000 ses=3 op="add_rule" key=(null) list=4 res=1',
            "configure",
            "the audit rules",
            "changed",
        ),
        (
            'type=CONFIG_CHANGE msg=audit(1481077231.371:478): auid=4294967295 ses=3 op="add_rule" key=(null) list=4 res=1',
            None,
            None,
            None,
        ),
    ],
)
def test_what_one_record_tells(line, action, target, outcome):
    [record] = told(line)
    if isinstance(record, Reject):
        assert action is None
    else:
        assert [record.columns.get(name) for name in ("action", "target", "outcome")] == [action, target, outcome]


def test_ten_thousand_events_that_never_end_are_all_told():
    records = told(*[f"type=SYSCALL msg=audit(1492037291.036:{n}): syscall=1" for n in range(10_000)])
    assert [r.line.number for r in records] == list(range(1, 10_001))
