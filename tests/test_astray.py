"""Lines whose stamps went astray are refused and counted; old and mixed logs are left alone."""

import numpy as np
import pytest

from afterlog.intake.astray import REASON, astray
from afterlog.intake.parsing import parse
from afterlog.layout import OFFSET_UNKNOWN
from afterlog.parser import Times
from afterlog.registry import registry
from afterlog.source import Block

DAY_US = 86_400 * 1_000_000
LINE = '1.2.3.4 - - [{:02d}/Nov/{}:09:{:02d}:{:02d} +0000] "GET /x HTTP/1.1" 200 10 "-" "c"'


def times(days) -> Times:
    wall = (np.array(days, np.float64) * DAY_US).astype(np.int64)
    return Times(wall, np.full(len(wall), OFFSET_UNKNOWN, np.int32), True, 1)


def test_single_stamps_of_another_age_are_astray():
    days = [20_000 + n / 1000 for n in range(600)]
    for at, day in ((0, -700_000.0), (300, 2_900_000.0), (301, -30.0), (450, 0.0), (599, 2_900_000.0)):
        days[at] = day
    assert astray(times(days)).tolist() == [0, 300, 301, 450, 599]


@pytest.mark.parametrize(
    "days",
    [
        [20_000 + n / 10 for n in range(600)],
        [15_000 + n * 9.0 for n in range(600)],  # fifteen years of a quiet log
        [18_000 + n / 100 for n in range(300)] + [20_000 + n / 100 for n in range(300)],  # one log behind another
        [20_000.0] * 100 + [0.0] * 3 + [20_001.0] * 90,  # too few lines to tell
        [20_000.0] * 150 + [0.0] * 5 + [20_001.0] * 150,  # too many in a row
        [(20_000.0, 0.0)[n % 20 == 0] for n in range(400)],  # every twentieth: two logs in one
    ],
    ids=["a log", "a quiet log", "two logs", "few lines", "a run", "mixed"],
)
def test_what_may_be_a_log_is_left_alone(days):
    assert astray(times(days)).tolist() == []


def test_lines_astray_are_rejects_with_a_reason_and_none_is_lost():
    lines = [LINE.format(30, 2026, n // 60, n % 60) for n in range(400)]
    lines[100] = LINE.format(30, "0001", 0, 0)
    lines[200] = LINE.format(30, 9999, 0, 0)
    data = ("\n".join(lines) + "\n").encode()
    [parsed] = parse(registry()["access"], iter([Block(data, 1, 0)]), registry())
    assert parsed.batch is not None
    assert [(one.line, one.reason) for one in parsed.rejects] == [(101, REASON), (201, REASON)]
    assert (parsed.lines, len(parsed.line), parsed.continuations) == (400, 398, 0)
    assert parsed.rejects[0].text.decode() == lines[100]
    assert 101 not in parsed.line.tolist() and parsed.line[-1] == 400
