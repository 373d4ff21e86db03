"""The benchmark's scenarios through the whole walk: written as logs, ingested, analysed, scored."""

from __future__ import annotations

import sys

import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks.outages.endtoend import through_files
from benchmarks.outages.families import FAMILIES, NEGATIVE
from benchmarks.outages.score import score
from benchmarks.outages.simulate import simulate

SURE = [
    "sharp 100 %",
    "silence",
    "4xx outage",
    "one silent hour",
    "open at the end",
    "rotation gap",
    "DST gap",
    "scanner",
    "deploy blip",
    "health checks",
]


@pytest.mark.parametrize("family", SURE)
def test_a_scenario_is_told_rightly_through_its_log_files(family, tmp_path):
    scenario = simulate(family, 0.5, 42, resolution_us=1_000_000)
    done = through_files(scenario, tmp_path)
    assert done is not None
    one = score(scenario, *done)
    assert (len(one.misses), one.false) == (0, 0)
    assert len(one.hits) == len(scenario.truths) == (family not in NEGATIVE)


def test_the_command_line_tells_the_same_as_the_functions(tmp_path):
    scenario = simulate("partial 30 %", 0.5, 42, resolution_us=1_000_000)
    by_functions = through_files(scenario, tmp_path / "a")
    by_program = through_files(scenario, tmp_path / "b", by_program=True)
    assert by_functions is not None and by_program is not None
    assert by_functions[0] == by_program[0] != []


def test_every_family_makes_the_same_scenario_every_time():
    for family in FAMILIES:
        one, again = (simulate(family, 0.02, 7) for _ in range(2))
        assert one.truths == again.truths
        assert one.stream.time_us.tolist() == again.stream.time_us.tolist()
