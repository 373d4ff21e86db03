"""Incidents played through log files: the truth is written as told, and one is told rightly by the whole tool."""

from __future__ import annotations

from benchmarks.causes.endtoend import hear, told
from benchmarks.causes.played import PLAYED, play


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        play("zone", 3)[0].write(tmp_path / name)
    first, second = (
        {file.relative_to(tmp_path / name): file.read_bytes() for file in (tmp_path / name).rglob("*.log")}
        for name in ("first", "second")
    )
    assert first == second and len(first) > 10


def test_a_flag_switched_by_hand_is_told_from_an_innocent_push_three_minutes_before():
    (heard,) = hear(["flag"], range(7, 8))
    assert heard.found and heard.others == 0
    assert (heard.place, heard.first, heard.verdict) == (1, "Flag: new-checkout", "likely")
    assert "| **all** | 1 | 1 | 1 of 1 | 1 of 1 | 1 | 0 |" in told([heard])


def test_where_nobody_is_guilty_nobody_is_blamed():
    (heard,) = hear(["nobody"], range(7, 8))
    assert heard.found and not heard.blames and heard.verdict == "no-change-explains-it"


def test_each_incident_names_a_guilty_change_or_a_sign_or_neither():
    truths = {name: play(name, 1)[1] for name in PLAYED}
    assert all(not (truth.words and truth.sign) for truth in truths.values())
    assert [name for name, truth in truths.items() if not (truth.words or truth.sign)] == ["nobody", "no deploy log"]


def test_a_run_that_failed_is_guilty_where_the_outage_lasted_as_long_as_it():
    (heard,) = hear(["held lock"], range(7, 8))
    assert heard.found and heard.others == 0
    assert (heard.place, heard.verdict) == (1, "likely")
    assert "Migrate the shop database" in heard.first
