"""What git's log becomes."""

from pathlib import Path

import pytest

from afterlog.parser import OFFSET_UNKNOWN, Line, Record, Reject
from afterlog.parsers.git_log import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"
SHA = "d4b5b379ce560d066876a6e7ecbe3b89b783210c"


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


def commit(*below: str, date: str = "2022-11-10 10:58:30 +0530") -> bytes:
    lines = [
        f"commit {SHA}",
        "Author: Dev Patel <dev@example.com>",
        f"Date:   {date}",
        "",
        "    subject",
        "",
        *below,
    ]
    return "\n".join(lines).encode()


def test_the_recorded_log_is_seven_commits():
    records = told((LOGS / "ops-01/srv/collect/git-log.txt").read_bytes())  # grep -c '^commit '
    assert len(records) == 7
    assert records[0].columns["target"] == "files/blog/settings.php, files/puppet/fix-locale.pp, puppet-fix.yml"
    assert records[1].columns["run"] == SHA


@pytest.mark.parametrize(
    "date",
    [
        "Thu Nov 10 10:58:30 2022 +0530",
        "2022-11-10 10:58:30 +0530",
        "2022-11-10T10:58:30+05:30",
        "Thu, 10 Nov 2022 10:58:30 +0530",
        "1668058110 +0530",
    ],
)
def test_every_absolute_date_is_read_with_its_offset(date):
    [record] = told(commit(date=date))
    assert (record.time.wall_us, record.time.offset_s) == (1668077910 * 1_000_000, 19_800)


def test_a_negative_offset_of_half_an_hour_is_negative():
    assert told(commit(date="Thu Nov 10 10:58:30 2022 -0330"))[0].time.offset_s == -12_600


@pytest.mark.parametrize("date", ["Thu Nov 10 10:58:30 2022", "2022-11-10 10:58:30", "2022-11-10"])
def test_a_local_date_has_no_offset(date):
    assert told(commit(date=date))[0].time.offset_s == OFFSET_UNKNOWN


def test_an_early_day_is_padded_by_git_or_not():
    one, other = told(
        commit(date="Tue Nov 1 10:58:30 2022 +0000") + b"\n" + commit(date="Tue Nov  1 10:58:30 2022 +0000")
    )
    assert one.time == other.time


@pytest.mark.parametrize("date", ["3 days ago", "", "99999-01-01 00:00:00 +0000"])
def test_a_commit_without_an_absolute_date_is_refused(date):
    [refused] = told(commit(date=date))
    assert isinstance(refused, Reject)


def test_the_committers_date_wins_over_the_authors():
    [record] = told(
        f"commit {SHA}\nAuthor:     A <a@x>\nAuthorDate: 2022-11-01 10:00:00 +0000\nCommit:     B <b@x>\n"
        "CommitDate: 2022-11-10 10:00:00 +0000\n\n    s\n".encode()
    )
    assert record.time.wall_us == 1668074400 * 1_000_000
    assert (record.columns["author_date"], record.columns["committer"]) == (
        "2022-11-01 10:00:00 +0000",
        "B <b@x>",
    )


@pytest.mark.parametrize(
    ("below", "target"),
    [
        (" files/a.php | 2 +-\n 1 file changed, 1 insertion(+)", "files/a.php"),
        (" {old => new}/a.php | 0", "new/a.php"),
        (" img.png | Bin 0 -> 812 bytes", "img.png"),
        ("M\tfiles/a.php\nR100\told.php\tnew.php", "files/a.php, new.php"),
        ("files/a.php\nfiles/b.php", "files/a.php, files/b.php"),
        ("1\t2\tfiles/a.php", "files/a.php"),
        (":100644 100644 41c7b70 e0af004 M\tfiles/a.php", "files/a.php"),
        ('M\t"gr\\303\\274n.php"', "grün.php"),
        ("diff --git a/my file.php b/my file.php", "my file.php"),
        ("diff --git a/old.php b/new.php", "new.php"),
        ("diff --cc files/a.php", "files/a.php"),
    ],
)
def test_files_are_told_in_every_listing(below, target):
    assert told(commit(below))[0].columns["target"] == target


def test_what_a_diff_quotes_is_no_commit_and_no_header():
    records = told(
        commit(
            "diff --git a/x b/x",
            "--- a/x",
            "+++ b/x",
            "@@ -1 +1 @@",
            f"-commit {SHA}",
            "+--- a",
            "+diff --git a/y b/y",
        )
    )
    assert len(records) == 1
    assert records[0].columns["removed"] == f"commit {SHA}"
    assert records[0].columns["added"] == "--- a\ndiff --git a/y b/y"
    assert records[0].columns["target"] == "x"


def test_a_long_diff_is_bounded():
    [record] = told(commit("diff --git a/x b/x", "@@ -1 +1 @@", *["+" + "a" * 100] * 10_000))
    assert len(record.columns["added"]) <= 4096


def test_many_files_are_cut_with_their_count():
    [record] = told(commit(*[f"M\tf{n}" for n in range(50)]))
    assert record.columns["target"].endswith("f19 and 30 more")


def test_a_line_of_the_reflog_tells_a_push():
    zero = "0" * 40
    [record] = told(f"reflog refs/heads/main: {zero} {SHA} Dev <d@x> 1668058110 +0530\tpush".encode())
    assert [record.columns[k] for k in ("action", "target", "run")] == ["push", "refs/heads/main", SHA]


def test_text_before_the_first_commit_is_refused():
    assert [type(item) for item in told(b"hello\n" + commit())] == [Reject, Record]
