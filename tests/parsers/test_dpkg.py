"""What dpkg's log becomes."""

from collections import Counter
from pathlib import Path

import pytest

from afterlog.parser import Lines, Match
from afterlog.parsers.dpkg import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"


def rows(data: bytes) -> list[dict[str, object]]:
    lines = Lines.of(data)
    found: list[dict[str, object]] = []
    for layout in PARSER.layouts:
        match: Match = layout.match(lines)
        columns = PARSER.meaning(match, {}) if len(match) else {}
        found += [{name: column[row].as_py() for name, column in columns.items()} for row in range(len(match))]
    return found


def test_the_recording_gives_what_grep_counts_in_it():
    # cut -d' ' -f3 | sort | uniq -c: 1 configure, 2 startup, 10 status, 1 trigproc, 1 upgrade
    data = (LOGS / "web-02/var/log/dpkg.log").read_bytes()
    words = Counter(str(row["message"]).split()[0] for row in rows(data))
    assert words == {"configure": 1, "startup": 2, "status": 10, "trigproc": 1, "upgrade": 1}
    assert Counter(row.get("action") for row in rows(data)) == {
        None: 12,
        "configure": 1,
        "trigproc": 1,
        "upgrade": 1,
    }


@pytest.mark.parametrize(
    ("package", "target", "arch"),
    [("less:amd64", "less", "amd64"), ("less", "less", None), ("a:b:c", "a:b:c", None)],
)
def test_the_architecture_is_no_part_of_the_target(package, target, arch):
    [row] = rows(f"2022-11-10 10:42:16 remove {package} 590 <none>\n".encode())
    assert (row["target"], row["arch"], row["from"], row["to"]) == (target, arch, "590", None)


def test_a_line_of_another_log_is_none_of_dpkgs():
    assert rows(b"2022-11-10 10:42:16 ERROR worker failed again\n") == []
