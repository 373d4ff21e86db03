"""A stated time to detect that the timeline does not give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from afterlog.check.casefacts import CaseFacts
from afterlog.check.lengths import DETECT
from afterlog.check.model import Finding, Reading
from afterlog.check.rules.base import Rule
from afterlog.check.rules.duration import judge


class Detect(Rule):
    """A stated time to detect that no change, start or first row and no alert, report or look give.

    Contradicted where no two times of the document are that far apart; a warning where two others are.
    """

    name: ClassVar[str] = "detect"
    should_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Timeline\n- 10:00 Outage begins\n- 10:09 Alert fires\n- 11:30 Service restored\n\n"
            "- Time to detect: 17 minutes\n"
        ),
        (
            "| Metric | Value |\n|---|---|\n| Time to detect | 33 min |\n\n## Timeline\n"
            "- 10:00 Deploy\n- 10:02 Outage begins\n- 10:09 Users report errors\n- 11:31 Restored\n"
        ),
    )
    should_not_fire: ClassVar[tuple[str, ...]] = (
        (
            "## Timeline\n- 10:00 Deploy\n- 10:02 Outage begins\n- 10:09 Alert fires\n"
            "- 11:30 Service restored\n\n- Time to detect: 7 minutes\n"
        ),
        (
            "## Timeline\n- 10:00 Deploy\n- 10:09 Alert fires\n- 11:30 Service restored\n\n"
            "- Mean time to detect: 47 minutes\n- Time to detect: ~10 minutes\n"
        ),
    )

    def look(self, reading: Reading, facts: CaseFacts | None) -> Iterator[Finding]:
        """Hold each stated time to detect against the rows."""
        del facts
        for length in reading.lengths:
            if length.meaning == DETECT:
                finding = judge(reading, self.name, length)
                if finding:
                    yield finding
