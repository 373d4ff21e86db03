"""What update-alternatives' log becomes."""

from pathlib import Path

import pytest

from afterlog.parser import Lines
from afterlog.parsers.alternatives import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"


def row(data: bytes) -> dict[str, object]:
    """Give the columns by the first layout that matches."""
    lines = Lines.of(data)
    match = next(match for layout in PARSER.layouts if len(match := layout.match(lines)))
    assert PARSER.meaning is not None
    return {name: column[0].as_py() for name, column in PARSER.meaning(match, {}).items()}


def test_the_recorded_call_is_for_pager_and_says_not_what_it_did():
    told = row((LOGS / "web-02/var/log/alternatives.log").read_bytes())
    assert (told["action"], told["target"], told["outcome"]) == ("alternatives", "pager", "unknown")


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("--install /usr/bin/php php /usr/bin/php8.2 82", "php"),
        ("--quiet --set php /usr/bin/php8.1", "php"),
        ("--auto editor", "editor"),
        ("--remove-all php", "php"),
        ("--get-selections", None),
    ],
)
def test_a_call_names_its_group(command, target):
    assert row(f"update-alternatives 2022-11-10 10:42:16: run with {command}".encode())["target"] == target


def test_a_link_that_moved_is_a_change():
    told = row(b"update-alternatives 2022-11-10 10:42:16: link group php updated to point to /usr/bin/php8.2")
    assert (told["kind"], told["outcome"], told["message"]) == ("change", "changed", "php -> /usr/bin/php8.2")
