"""Causes: gates, terms and alibis, on small made-up histories whose answer is plain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from afterlog.causes import Ranking, rank_causes
from afterlog.changes import Change, Look, Step
from afterlog.detect import Baseline, Instant
from afterlog.evidence import Place
from afterlog.outages import Outage
from afterlog.statement import plain

SECOND = 1_000_000
MINUTE = 60 * SECOND
ONSET = 1_668_059_100 * SECOND
FIRSTS = {"web-1": ONSET, "web-2": ONSET + 8 * SECOND}

OUTAGE = Outage(
    id="outage-1", kind="errors", level="outage", service="shop", hosts=("web-1", "web-2"),
    start=Instant(ONSET, ONSET - SECOND, ONSET + SECOND), end=Instant(ONSET + 90 * MINUTE, ONSET + 89 * MINUTE, ONSET + 91 * MINUTE),
    open_start=False, open_end=False, baseline=Baseline(0.0, 0.0, 1.0, 1.0, 1000, 0), failure_rate=1.0, requests=900, failed=900,
    clients=50, phases=(), single="", notes=(), first_us=ONSET, last_us=ONSET + 90 * MINUTE, first=None, last=None, recovered=None,
)  # fmt: skip


def change(name: str, minutes: float, **more: object) -> Change:
    """A change so many minutes before (negative: after) the onset."""
    at = ONSET - round(minutes * MINUTE)
    place = Place(f"{name}.log", 1, 0)
    hosts = more.pop("hosts", ("web-1", "web-2"))
    steps = tuple(Step(at, name, host, "changed", place) for host in hosts)
    values = {
        "id": name, "tool": "ansible", "action": "playbook", "title": name, "start_us": at, "end_us": at, "hosts": hosts,
        "targets": (), "outcome": "changed", "actor": "", "steps": steps, "places": (place,),
    }  # fmt: skip
    return Change(**{**values, **more})


def rank(*changes: Change, looks: tuple[Look, ...] = ()) -> Ranking:
    return rank_causes(OUTAGE, changes, looks, FIRSTS)


def alibis(ranking: Ranking) -> dict[str, str]:
    return {cause.change.id: cause.veto for cause in ranking.innocent}


def test_the_push_just_before_on_the_failing_hosts_leads():
    ranking = rank(change("push", 0.2), change("other", 50, hosts=("db-1",)))
    assert ranking.suspects[0].change.id == "push"
    assert ranking.verdict == "likely"


def test_what_began_after_the_outage_is_no_trigger():
    ranking = rank(change("late", -1))
    assert ranking.suspects == () and ranking.verdict == "no-change-explains-it"


def test_what_spans_the_onset_stays_in():
    long = replace(change("long", 10), end_us=ONSET + MINUTE)
    assert rank(long).suspects[0].change.id == "long"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"outcome": "unchanged", "routine": True, "times": 9, "period_s": 1800.0},
            "changed nothing (9 runs, about every 30 min)",
        ),
        ({"outcome": "failed"}, "failed on every host"),
        ({"routine": True, "times": 8, "period_s": 600.0, "outcome": "unknown"}, "ran 8 times about every 10 min"),
    ],
)
def test_the_innocent_have_an_alibi_in_words(more, words):
    ranking = rank(change("one", 1, **more))
    assert ranking.suspects == ()
    assert words in alibis(ranking)["one"]


def test_a_later_change_on_other_hosts_does_not_beat_an_earlier_one_on_the_failing_hosts():
    ranking = rank(change("right", 6), change("louder", 0.5, hosts=("cache-1",)))
    assert ranking.suspects[0].change.id == "right"


def test_a_commit_that_takes_the_line_back_is_strong_evidence():
    bad, fix = Place("git", 10, 100), Place("git", 2, 20)
    guilty = change("guilty", 12, content=(("limit = 1", bad),))
    later = change("fix", 1, content=(("limit = 2", bad),))
    repair = change(
        "repair", -60, tool="git", action="commit", hosts=(), subject="raise the limit", removed=(("limit = 1", fix),)
    )
    ranking = rank(guilty, later, repair)
    assert ranking.suspects[0].change.id == "guilty"
    (term,) = [term for term in ranking.suspects[0].terms if term.name == "taken back"]
    assert term.places == (bad, fix) and "limit = 1" in plain(term.words)


def test_hosts_that_fail_in_the_order_of_the_rollout_speak_against_it():
    place = Place("x.log", 1, 0)
    steps = (
        Step(ONSET - SECOND, "reload", "web-1", "changed", place),
        Step(ONSET + 7 * SECOND, "reload", "web-2", "changed", place),
    )
    rolled = change("rolled", 0.1, steps=steps, end_us=ONSET + 8 * SECOND)
    assert any(term.name == "order" and term.value > 0 for term in rank(rolled).suspects[0].terms)


def test_the_word_that_people_searched_for_is_evidence():
    look = Look(
        "l",
        "check",
        "grep -rn frobnicate /srv",
        ONSET + MINUTE,
        ONSET + MINUTE,
        ("web-1",),
        "devops",
        ("grep -rn frobnicate /srv",),
        (Place("auth.log", 5, 50),),
    )
    brought = change("brought", 3, content=(("frobnicate = yes", Place("git", 3, 30)),))
    others = [change(f"o{n}", 30 + n, hosts=("db-1",)) for n in range(6)]
    (term,) = [t for t in rank(brought, *others, looks=(look,)).suspects[0].terms if t.name == "words"]
    assert "frobnicate" in plain(term.words) and term.places == (Place("auth.log", 5, 50),)


def test_nobody_changed_anything_is_said():
    ranking = rank()
    assert (ranking.suspects, ranking.innocent, ranking.verdict) == ((), (), "no-change-explains-it")


def test_an_old_change_elsewhere_is_not_blamed():
    assert rank(change("old", 600, hosts=("db-9",))).verdict == "no-change-explains-it"


def test_the_order_of_the_changes_changes_nothing():
    changes = [change("a", 1), change("b", 5), change("c", 20, hosts=("db-1",))]
    assert rank(*changes) == rank(*reversed(changes))


def test_one_stop_that_sudo_systemd_and_the_program_tell_is_one_candidate_and_is_named():
    unit = change("shop stopped", 0.3, tool="service", action="stop", hosts=("web-1",), end_us=ONSET)
    program = change("gunicorn stopped", 0.25, tool="service", action="stop", hosts=("web-1",))
    told = rank(unit, program).suspects
    assert [cause.change.id for cause in told] == ["shop stopped"]
    assert "gunicorn stopped" in plain(next(term for term in told[0].terms if term.name == "same act").words)


def test_an_edit_and_the_restart_after_it_are_two_acts():
    edit = change("edit", 0.5, tool="command", action="edit", hosts=("web-1",))
    stop = change("stop", 0.3, tool="service", action="stop", hosts=("web-1",))
    ranking = rank(edit, stop)
    assert {cause.change.id for cause in (*ranking.suspects, *ranking.innocent)} == {"edit", "stop"}


def test_two_that_are_hard_to_tell_apart_make_it_uncertain_and_not_unexplained():
    one, other = change("one", 0.2), change("other", 0.2)
    ranking = rank(one, other, *(change(f"o{n}", 300 + n, hosts=("db-1",)) for n in range(12)))
    assert ranking.suspects[0].confidence == pytest.approx(0.5, abs=0.02)
    assert ranking.verdict == "uncertain"
