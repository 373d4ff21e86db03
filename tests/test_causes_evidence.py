"""The finer evidence on causes: what programs said, chains, non-changes, undoing; and the simulated incidents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from afterlog.causes import Ranking, rank_causes
from afterlog.causes.signs import peers_of
from afterlog.causes.terms import acts_of
from afterlog.causes.terms import when as when_terms
from afterlog.changes import History
from afterlog.evidence import Place
from afterlog.messages import Message
from afterlog.messages.signs import sign_of
from afterlog.statement import plain
from afterlog.timeline import build_timeline
from benchmarks.causes.families import FAMILIES, begin
from benchmarks.causes.score import last_before, ours, score
from benchmarks.causes.world import World
from test_causes import FIRSTS, MINUTE, ONSET, OUTAGE, SECOND, change, rank


def message(sample: str, seconds: float = 0.0, **more: object) -> Message:
    """An error first said so many seconds after the onset, and with the failures."""
    at = ONSET + round(seconds * SECOND)
    place = Place("error.log", abs(hash(sample)) % 1000 + 1, 0)
    values = {
        "id": sample, "template": sample, "sample": sample, "severity": 17, "service": "shop", "hosts": ("web-1", "web-2"),
        "first_us": at, "last_us": OUTAGE.end.time_us, "near_us": at, "before": 0, "during": 100, "after": 0,
        "before_s": 86_400.0, "during_s": 5400.0, "after_s": 3600.0, "correlation": 0.9, "first": place, "near": place,
        "sign": sign_of(sample),
    }  # fmt: skip
    return Message(**{**values, **more})


def judged(*changes, messages=(), outage=OUTAGE) -> Ranking:
    return rank_causes(outage, changes, (), FIRSTS, messages)


def test_the_change_whose_word_the_errors_say_beats_a_later_one():
    named = change("named", 20, content=(("frobnicate = 1", Place("git", 1, 0)),))
    others = [change(f"o{n}", 300 + n, hosts=("db-1",)) for n in range(12)]
    ranking = judged(named, change("later", 2), *others, messages=[message("undefined function frobnicate()")])
    assert ranking.suspects[0].change.id == "named"
    (term,) = [t for t in ranking.suspects[0].terms if t.name == "words" and t.value > 0]
    assert "frobnicate" in plain(term.words)


def test_what_was_said_before_it_began_it_did_not_cause():
    ranking = judged(change("late", 1), messages=[message("pool exhausted in checkout", -600)])
    (term,) = [t for c in (*ranking.suspects, *ranking.innocent) for t in c.terms if t.name == "first words"]
    assert term.value == -3.0 and "9 min before it began" in plain(term.words)


def test_constant_noise_is_no_evidence_against_the_change_it_names():
    noisy = message("script wplogin not found", before=2400, first_us=ONSET - 1200 * MINUTE, correlation=0.0)
    assert noisy.trend == "constant"
    ranking = judged(change("c", 5, content=(("wplogin", Place("git", 1, 0)),)), messages=[noisy])
    assert not [t for t in ranking.suspects[0].terms if t.name == "words"]


@pytest.mark.parametrize(
    ("said", "sign"),
    [("write: No space left on device", "disk-full"), ("Out of memory: Killed process 7 (php)", "out-of-memory")],
)
def test_what_ran_out_leads_where_nobody_changed_anything(said, sign):
    ranking = judged(change("elsewhere", 400, hosts=("mail-1",)), messages=[message(said, -30)])
    leader = ranking.suspects[0]
    assert (leader.is_change, leader.change.action) == (False, sign)
    document = leader.as_json(1, [], {"id": "x"})
    assert document["change"] is None and document["sign"] == sign and said in document["for"][0]["words"]


def test_a_disk_that_was_full_all_day_has_an_alibi():
    said = message("write: No space left on device", before=1600, first_us=ONSET - 1200 * MINUTE)
    ranking = judged(messages=[said])
    assert ranking.suspects == ()
    assert "as often before" in ranking.innocent[0].veto


def test_the_chain_leads_from_the_changed_database_to_the_failing_hosts():
    ranking = judged(
        change("database", 1, hosts=("db-1",)), change("web", 40),
        messages=[message("could not connect to server db-1: Connection refused", 1)],
    )  # fmt: skip
    leader = ranking.suspects[0]
    assert leader.change.id == "database"
    assert [t.name for t in leader.terms if t.name in ("chain", "place")] == ["chain"]


@pytest.mark.parametrize(
    ("said", "peers"),
    [
        ('connect() failed while connecting to upstream, upstream: "http://10.0.0.7:8080/x"', ("10.0.0.7",)),
        ("could not connect to server: db-1", ("db-1",)),
        ("dial tcp: lookup api.partner.example", ("api.partner.example",)),
        ("HTTPSConnectionPool(host='api.payments.example', port=443): Read timed out.", ("api.payments.example",)),
        ('could not translate host name "db.example.internal" to address', ("db.example.internal",)),
        ("failed to do something", ()),
    ],
)
def test_the_host_that_did_not_answer_is_read_from_the_message(said, peers):
    assert peers_of([message(said)]) == peers


def test_a_rollback_that_ended_nothing_speaks_for_the_one_rolled_back():
    target = ("/etc/app.conf",)
    back = change("roll back", -30, action="rollback", targets=target)
    (term,) = [t for t in judged(change("c", 3, targets=target), back).suspects[0].terms if t.name == "repair"]
    assert term.value == -3.0 and "the failures went on" in plain(term.words)


def test_a_rollback_that_ended_the_outage_speaks_against_it():
    target = ("/etc/app.conf",)
    back = change("roll back", -90, action="rollback", targets=target)
    (term,) = [t for t in judged(change("c", 3, targets=target), back).suspects[0].terms if t.name == "repair"]
    assert term.value == 3.0


def test_a_crash_is_nobodys_change():
    (cause,) = judged(change("crash", 0.1, tool="service", action="crash", outcome="failed")).innocent
    assert "nobody did it" in cause.veto


def test_a_change_of_many_acts_is_not_close_by_chance():
    place = Place("x", 1, 0)
    base = change("one", 10)
    many = replace(
        base, steps=tuple(replace(base.steps[0], time_us=ONSET - n * MINUTE, place=place) for n in range(10, 0, -1))
    )
    one_act = replace(base, steps=(replace(base.steps[0], time_us=ONSET - MINUTE),))
    from afterlog.causes.scene import make_scene

    scene = make_scene(OUTAGE, [base], [base], (), FIRSTS, ())
    values = {
        len(acts_of(c)): next(t.value for t in when_terms(c, scene) if t.name == "delay") for c in (many, one_act)
    }
    assert values[10] < values[1]


def test_abstaining_says_which_evidence_is_missing():
    ranking = judged()
    assert ranking.verdict == "no-change-explains-it" and ranking.unexplained == 1.0
    assert any("git history" in missing for missing in ranking.missing)


def test_confidences_and_that_of_nothing_sum_to_one():
    ranking = judged(change("a", 1), change("b", 2))
    assert sum(cause.confidence for cause in ranking.suspects) + ranking.unexplained == pytest.approx(1.0, abs=0.05)


def test_on_simulated_incidents_the_ranking_is_right_far_more_often_than_the_last_change_before():
    right = {ours: 0, last_before: 0}
    names = ("plain", "louder deploy", "old rollout", "failed rollback", "changed dependency")
    for seed in range(6):
        for name in names:
            incident = begin(name, World(np.random.default_rng(seed)), 47)
            FAMILIES[name](incident)
            outage = incident.outage()
            for method in right:
                right[method] += score(incident, method(incident, outage), 47).right
    assert right[ours] >= 26 and right[ours] > right[last_before]


def test_order_of_changes_and_messages_changes_nothing():
    changes = [change("a", 1), change("b", 5), change("c", 20, hosts=("db-1",))]
    said = [message("No space left on device"), message("undefined b")]
    assert judged(*changes, messages=said) == judged(*reversed(changes), messages=said[::-1])
    assert rank(*changes) == judged(*changes)


def test_an_edit_that_a_restart_put_into_effect_is_the_suspect_and_not_the_restart():
    edit = change("edit", 25, tool="command", action="edit")
    restart = change("restart", 0.1, tool="service", action="restart")
    ranking = judged(edit, restart, *(change(f"o{n}", 300 + n, hosts=("db-1",)) for n in range(12)))
    assert ranking.suspects[0].change.id == "edit"
    (delay,) = [term for term in ranking.suspects[0].terms if term.name == "delay"]
    assert "after the restart that put it into effect" in plain(delay.words)


def test_a_restart_of_the_system_log_puts_nothing_into_effect():
    edit = change("edit", 25, tool="command", action="edit")
    restart = change("restart", 0.1, tool="service", action="restart", targets=("rsyslog",))
    terms = {c.change.id: {term.name for term in c.terms} for c in judged(edit, restart).suspects}
    assert "activation" not in terms["restart"]


def test_behind_a_proxy_that_names_no_server_other_hosts_are_no_alibi():
    others = [change(f"o{n}", 300 + n, hosts=("db-1",)) for n in range(12)]
    cause = change("deploy", 1, hosts=("app-7",))
    named = judged(cause, *others, outage=replace(OUTAGE, hosts=("lb-1",)))
    fronted = judged(cause, *others, outage=replace(OUTAGE, hosts=("lb-1",), fronted=True))

    def place(ranking: Ranking) -> float:
        every = (*ranking.suspects, *ranking.innocent)
        return next(t.value for c in every for t in c.terms if c.change.id == "deploy" and t.name == "place")

    assert place(named) <= -1.0 < place(fronted)


def test_a_full_disk_stands_in_the_timeline_in_the_words_of_who_complained():
    full = message("write failed: No space left on device", -3, hosts=("db-1",))
    ranking = judged(messages=[full])
    assert ranking.suspects[0].change.action == "disk-full"
    entries, _ = build_timeline([OUTAGE], History((), ()), [ranking], [])
    (sign,) = [entry for entry in entries if entry.kind == "sign"]
    assert plain(sign.text) == "A disk was full: db-1 first says write failed: No space left on device"
    assert (sign.time_us, sign.places) == (ONSET - 3 * SECOND, (full.near,))


def test_the_name_of_the_program_that_complained_is_no_evidence_against_whoever_names_it():
    own = change("deploy shop", 7, targets=("shop",))
    others = [change(f"o{n}", 300 + n, hosts=("db-1",)) for n in range(12)]
    said = message('File "/srv/shop/web.py": could not translate host name')
    ranking = judged(own, *others, messages=[replace(said, near=Place("web-1/var/log/shop/app.log", 3, 0))])
    cause = next(c for c in (*ranking.suspects, *ranking.innocent) if c.change.id == "deploy shop")
    assert [t.value for t in cause.terms if t.name == "words"] == [-0.3]


def test_a_change_that_names_what_was_reloaded_may_have_waited_hours_for_it():
    pushed = change("push", 45, action="run", tool="puppet", targets=("File[/etc/nginx/conf.d/upstream.conf]",))
    old = change("motd", 46, action="run", tool="puppet", targets=("File[/etc/motd]",))
    reload = change("reload", 0.02, action="reload", tool="service", targets=("nginx",))
    ranking = judged(pushed, old, reload)
    assert ranking.suspects[0].change.id == "push"
    activated = {c.change.id for c in (*ranking.suspects, *ranking.innocent) if "put it into effect" in told_of(c)}
    assert activated == {"push"}


def told_of(cause) -> str:
    return " ".join(plain(term.words) for term in cause.terms)


def test_a_flag_set_back_as_the_failures_ended_is_the_one_that_began_them():
    on = change("on", 0.1, tool="deploy", action="flag", targets=("new-checkout",), hosts=())
    off = change("off", -89.5, tool="deploy", action="flag", targets=("new-checkout",), hosts=())
    (cause,) = [c for c in judged(on, off).suspects if c.change.id == "on"]
    assert [t.value for t in cause.terms if t.name == "repair"] == [2.0]


@pytest.mark.parametrize(
    "said",
    ["requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='api.payments.example', port=443): Read timed out.",
     "java.net.SocketTimeoutException: Read timed out", 'Post "https://api.payments.example/v1": context deadline exceeded',
     "dial tcp 10.0.0.9:5432: i/o timeout"],
)  # fmt: skip
def test_a_timeout_is_a_sign_of_something_else_that_did_not_answer(said):
    assert sign_of(said) == "dependency"


def test_the_chain_leads_from_an_edited_zone_to_the_names_in_it():
    edit = change(
        "zone", 1, tool="command", action="edit", hosts=("dns-1",), targets=("/etc/bind/zones/example.internal.db",)
    )
    other = change(
        "other zone", 1, tool="command", action="edit", hosts=("dns-1",), targets=("/etc/bind/example.org.zone",)
    )
    said = message('could not translate host name "pg.example.internal" to address: Name or service not known', 1)
    ranking = judged(edit, other, messages=[said])
    chained = [c.change.id for c in (*ranking.suspects, *ranking.innocent) if any(t.name == "chain" for t in c.terms)]
    assert chained == ["zone"]
