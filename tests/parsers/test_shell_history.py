"""What shell histories become."""

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.shell_history import PARSER


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n")
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


def test_a_command_stands_on_its_own_line_not_on_its_stamp():
    [one, two] = told(b"#1795356221\nsystemctl restart nginx\n#1795356222\nls\n")
    assert [(r.line.number, r.columns["target"], r.time.wall_us) for r in (one, two)] == [
        (2, "systemctl restart nginx", 1_795_356_221_000_000), (4, "ls", 1_795_356_222_000_000),
    ]  # fmt: skip


def test_commands_from_before_the_history_kept_times_are_refused():
    records = told(b"ls\nvi x\n#1795356221\nsystemctl restart nginx\n")
    assert [isinstance(record, Reject) for record in records] == [True, True, False]


def test_two_stamps_in_a_row_hold_no_command():
    assert [r.columns["target"] for r in told(b"#1795356221\n#1795356222\nls\n")] == ["ls"]


def test_zsh_turns_back_the_bytes_it_hides():
    # 0xa0 is written as 0x83 0x80: à is c3 a0
    [record] = told(b": 1795356221:12;echo caf\xc3\x83\x80\n")
    assert (record.columns["target"], record.columns["took_s"]) == ("echo cafà", "12")


def test_fish_keeps_a_backslash_and_ends_lines_with_n():
    [record] = told(b"- cmd: printf 'a\\\\n'\\nls\n  when: 1795356222\n  paths:\n    - x\n")
    assert record.columns["target"] == "printf 'a\\n'\nls"


def test_moving_about_changes_nothing():
    kinds = [
        r.columns["kind"] for r in told(b"#1795356221\ncd /etc\n#1795356222\nexit\n#1795356223\ncd /etc && vi x\n")
    ]
    assert kinds == ["log", "log", "change"]


def test_a_file_with_one_such_comment_is_no_history():
    assert PARSER.claims("x.conf", [b"#1795356221", b"a = 1", b"b = 2", b"c = 3", b"d = 4"]) < 0.5


def test_a_history_of_which_the_older_part_has_no_times_is_one():
    assert PARSER.claims(".bash_history", [b"ls"] * 100 + [b"#1795356221", b"ls"] * 3) >= 0.5
