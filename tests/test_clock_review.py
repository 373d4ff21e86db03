"""What was inferred of clocks has ids; what a person rejects is not applied in the next run, and says so."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from afterlog.analysis import analyse
from afterlog.case import Case, Ledger
from afterlog.clock import SourceClock, Stated, Survey, resolve_clocks
from afterlog.clock.judging import Verdict
from afterlog.clock.naming import clock_id, clock_ids
from afterlog.clock.skew import Skew
from afterlog.draft import make_draft
from afterlog.draft.evidence import times_note
from afterlog.event import TimeBasis
from afterlog.intake.aligning import Step, set_right
from afterlog.intake.doubts import doubts_of
from afterlog.printed import source_table, sources_json
from afterlog.statement import plain
from afterlog.writing.render import render
from conftest import Recording
from test_clock import span, survey, wall
from test_clock_anchors import app_log, case_of

ZONE, YEAR, OFFSET = (clock_id("web", what) for what in ("zone", "year", "offset"))


def resolved(known: list[Survey], *rejected: str) -> dict:
    return resolve_clocks(known, Stated(), "Asia/Tokyo", frozenset(rejected))


# --- zones and years ----------------------------------------------------------------------------------------


def test_a_rejected_zone_gives_way_to_the_next_rule_that_tells_another():
    known = [
        survey("web/access.log", offsets={19_800: 100}),
        survey("db/x.log", host="db", offsets={19_800: 9}),
        survey("web/error.log"),
    ]
    assert resolved(known)["web/error.log"].zone == "UTC+05:30"
    clock = resolved(known, ZONE)["web/error.log"]  # host and case both say +05:30, so only the default is left
    assert (clock.zone, clock.zone_basis) == ("Asia/Tokyo", TimeBasis.ZONE_ASSUMED)
    assert clock.zone_why.startswith("rejected in review: UTC+05:30 (other lines of host web print it, e.g. web/access")


def test_an_assumed_zone_that_is_rejected_stays_for_want_of_another_and_asks_for_one():
    clock = resolved([survey("web/error.log")], ZONE)["web/error.log"]
    assert (clock.zone, clock.zone_basis) == ("Asia/Tokyo", TimeBasis.ZONE_ASSUMED)
    assert clock.zone_why.endswith("nothing else tells it; state it with --tz or --zone")


def test_rejecting_the_zone_of_one_host_leaves_the_others():
    known = [
        survey("web/error.log"),
        survey("db/access.log", host="db", offsets={3_600: 1}),
        survey("db/e.log", host="db"),
    ]
    clocks = resolved(known, clock_id("db", "zone"))
    assert (clocks["web/error.log"].zone, clocks["db/e.log"].zone) == ("UTC+01:00", "Asia/Tokyo")


def test_a_stated_zone_is_no_inference_and_cannot_be_rejected():
    clock = resolve_clocks([survey("web/error.log")], Stated("Europe/Paris"), "UTC", frozenset({ZONE}))["web/error.log"]
    assert (clock.zone, clock.zone_why) == ("Europe/Paris", "stated by a person")


def test_a_rejected_year_gives_way_to_the_next_rule_that_tells_another():
    known = [
        survey("web/syslog-20210301", yearless_first=int(wall("2000-02-10T10:30:00")[0])),
        survey("web/access.log", dated=span("2022-11-10T10:29:00", "2022-11-10T15:00:00")),
    ]
    # 10 February 2023 is nearer to November 2022 than 10 February 2022 is.
    assert resolved(known)["web/syslog-20210301"].year == 2023
    clock = resolved(known, YEAR)["web/syslog-20210301"]
    assert clock.year == 2021
    assert clock.year_why.startswith("rejected in review: 2023 (dated lines of host web")
    assert clock.year_why.endswith("the date in the file's name")


SKEW = Skew(3_600.0, 9, 0.4, (0,), (3_600.0,))


@pytest.mark.parametrize(
    ("verdict", "steps", "identity", "field"),
    [
        (Verdict("web", "zone", SKEW, 3_600, "aligned with lb"), (), ZONE, "zone_why"),
        (Verdict("web", "clock", SKEW, 0, "+3600.0 s ±0.4 s against lb"), (), OFFSET, "offset_why"),
        (None, (Step("web", 0, 90.0, "web/syslog:3"),), OFFSET, "offset_why"),
    ],
)
def test_nothing_that_is_rejected_is_applied(verdict, steps, identity, field):
    known = [survey("web/syslog")]
    clock = SourceClock("UTC+05:30", TimeBasis.ZONE_INFERRED, "as others print it")
    verdicts = [verdict] if verdict else []
    applied = set_right({"web/syslog": clock}, known, verdicts, steps)["web/syslog"]
    refused = set_right({"web/syslog": clock}, known, verdicts, steps, frozenset({identity}))["web/syslog"]
    assert (applied.zone, applied.offsets_s, applied.steps) != (clock.zone, clock.offsets_s, clock.steps)
    assert (refused.zone, refused.offsets_s, refused.steps) == (clock.zone, clock.offsets_s, clock.steps)
    assert "rejected in review: " in getattr(refused, field)
    assert getattr(applied, field) in getattr(refused, field)


# --- offsets, end to end ------------------------------------------------------------------------------------


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """Three hosts that logged the same requests, one 300 s ahead."""
    app_log(tmp_path, "edge-01", [0.0] * 12)
    app_log(tmp_path, "app-01", [0.2] * 12)
    app_log(tmp_path, "app-02", [300.2] * 12)
    return tmp_path


def of(case: Case, host: str) -> Ledger:
    return next(ledger for ledger in case.ledgers() if ledger.host == host)


def test_a_rejected_offset_is_not_applied_and_comes_back_when_the_rejection_goes(wrong):
    before = of(case_of(wrong), "app-02")
    identity = clock_ids(before)["offset"]
    assert identity == clock_id("app-02", "offset") and before.clock_offset_s == pytest.approx(300, abs=0.5)
    review = wrong / "case" / "review.toml"
    review.write_text(f'[decisions.{identity}]\nverdict = "rejected"\nbecause = "it was a queue"\n')
    after = of(case_of(wrong), "app-02")
    assert after.clock_offset_s == 0
    assert after.clock_why == f"rejected in review: {before.clock_why}"
    assert after.first - before.first == 300_000_000
    assert clock_ids(after)["offset"] == identity
    review.unlink()
    assert of(case_of(wrong), "app-02") == before


def test_other_decisions_change_no_clock(wrong):
    before = case_of(wrong).ledgers()
    identity = clock_ids(of(case_of(wrong), "app-02"))["offset"]
    (wrong / "case" / "review.toml").write_text(
        f'[decisions.{identity}]\nverdict = "accepted"\n\n[decisions.change-0123456789]\nverdict = "rejected"\n'
    )
    assert case_of(wrong).ledgers() == before


def test_a_decision_about_a_clock_is_known_to_the_analysis(wrong):
    case = case_of(wrong)
    (wrong / "case" / "review.toml").write_text(f'[decisions.{clock_id("app-02", "offset")}]\nverdict = "rejected"\n')
    assert analyse(case_of(wrong)).unknown == ()
    (wrong / "case" / "review.toml").write_text(f'[decisions.{clock_id("nobody", "offset")}]\nverdict = "rejected"\n')
    assert analyse(case).unknown == (clock_id("nobody", "offset"),)


def test_sources_json_gives_the_ids_of_what_was_inferred_and_of_nothing_else(wrong):
    told = {source["host"]: source for source in sources_json(case_of(wrong).ledgers())["sources"]}
    assert told["app-02"]["clock_id"] == clock_id("app-02", "offset")
    assert told["app-01"]["clock_id"] is None
    assert told["app-01"]["zone_id"] is None and told["app-01"]["year_id"] is None  # every line prints both


def test_the_table_of_sources_tells_each_clock_once_with_its_id(wrong):
    case = case_of(wrong)
    told = [line for line in source_table(case.ledgers(), every=False).split("\n") if line.startswith("Clock of ")]
    assert told == [f"Clock of app-02: {of(case, 'app-02').clock_why} ({clock_id('app-02', 'offset')})"]


# --- what the draft and the timeline make of it -------------------------------------------------------------


def ledger(why: str, offset_s: float = 0.0, host: str = "web-01") -> Ledger:
    return Ledger(f"{host}/syslog", "read", host=host, zone="UTC", zone_basis="exact", events=1, lines=1,
                  clock_why=why, clock_offset_s=offset_s)  # fmt: skip


BY = "against lb-01, by 40 requests that a and b both hold, scatter 0.40 s"


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (ledger(f"+90.0 s ±0.4 s {BY}", 90.0), f"was 90.0 s ahead; its times are corrected: +90.0 s ±0.4 s {BY}."),
        (ledger(f"-90.0 s ±0.4 s {BY}", -90.0), f"was 90.0 s behind; its times are corrected: -90.0 s ±0.4 s {BY}."),
        (
            ledger(f"+1.0 to +9.0 s ±0.4 s {BY}", 5.0),
            f"drifted or was set; its times are corrected: +1.0 to +9.0 s ±0.4 s {BY}.",
        ),
        (
            ledger("its daemon stepped it by +90.000 s (web-01/syslog:41)"),
            "was set while it ran; its times are corrected: its daemon stepped it by +90.000 s (web-01/syslog:41).",
        ),
        (
            ledger(f"not applied: +90.0 s ±0.4 s {BY}: fewer than 3 anchors"),
            f"may be wrong; its times are left as they are: +90.0 s ±0.4 s {BY}: fewer than 3 anchors.",
        ),
        (
            ledger(f"rejected in review: +90.0 s ±0.4 s {BY}"),
            f"is taken as right, for the review rejects what was measured: +90.0 s ±0.4 s {BY}.",
        ),
        (ledger("stated by a person", 420.0), "was 420.0 s ahead, as you stated it; its times are corrected."),
    ],
)
def test_the_draft_says_what_a_clock_did_and_how_that_is_known(account, says):
    (statement,) = times_note([account])
    assert plain(statement.text) == f"The clock of web-01 {says}"


def test_the_draft_says_it_once_for_each_host():
    why = f"+90.0 s ±0.4 s {BY}"
    accounts = [ledger(why, 90.0), replace(ledger(why, 90.0), path="web-01/auth.log"), ledger(why, 90.0, "web-02")]
    assert [plain(s.text)[:20] for s in times_note(accounts)] == ["The clock of web-01 ", "The clock of web-02 "]


def test_a_corrected_clock_is_in_doubt_by_its_spread_and_an_uncorrected_one_by_all_it_seems_off():
    accounts = [
        ledger(f"+90.0 s ±0.4 s {BY}", 90.0, "a"),
        ledger(f"not applied: +90.0 s ±1.0 s {BY}: fewer than 3 anchors", 0.0, "b"),
        ledger(f"not applied: -90.0 s ±1.0 s {BY}: fewer than 3 anchors", 0.0, "c"),
        ledger(f"rejected in review: +90.0 s ±1.0 s {BY}", 0.0, "d"),
        ledger("stated by a person", 90.0, "e"),
        ledger("", 0.0, "f"),
    ]
    doubts = {doubt.clock: (doubt.early_us, doubt.late_us) for doubt in doubts_of(accounts).values()}
    assert doubts == {"a": (400_000, 400_000), "b": (91_000_000, 1_000_000), "c": (1_000_000, 91_000_000)}


def test_what_a_doubtful_clock_stamped_is_not_shown_as_ordered(tmp_path, recording: Recording):
    """web-01's clock may be 90 s behind: its restart of 13:55:01 may come after the recovery that lb-01 saw at 13:55:04."""
    shutil.copytree(recording.case.folder, tmp_path / "case")
    case = Case(tmp_path / "case")
    why = f"not applied: -90.0 s ±1.0 s {BY}: fewer than 3 anchors"
    case.write_ledgers([replace(one, clock_why=why) if one.host == "web-01" else one for one in case.ledgers()])
    entries = {plain(entry.text): entry for entry in analyse(case).timeline}
    sure = {plain(entry.text): entry for entry in recording.findings.timeline}
    restart = next(text for text in entries if "apache2 restarted on web-01" in text)
    recovery = next(text for text in entries if "web-01 answers again" in text)
    assert entries[restart].low_us == sure[restart].low_us - 1_000_000
    assert entries[restart].high_us == sure[restart].high_us + 91_000_000
    assert not sure[recovery].tied and entries[recovery].tied
    draft = render(make_draft(analyse(case), "Asia/Kolkata", None))
    assert re.search(r"`web-01` answers again \(order not certain\)", draft)
    # what other hosts tell long before and after is as sure as it was
    assert [text for text in entries if entries[text].tied and "web-01" not in entries[text].host] == [
        text for text in entries if text == recovery or sure[text].tied
    ]


def test_the_order_within_a_doubtful_clock_is_sure(tmp_path, recording: Recording):
    """One restart after another on web-01, 90 s in doubt: in its own files their order stands."""
    shutil.copytree(recording.case.folder, tmp_path / "case")
    case = Case(tmp_path / "case")
    why = f"not applied: -9000.0 s ±1.0 s {BY}: fewer than 3 anchors"
    case.write_ledgers([replace(one, host="all", clock_why=why) for one in case.ledgers()])
    tied = [plain(entry.text) for entry in analyse(case).timeline if entry.tied]
    assert tied == [plain(entry.text) for entry in recording.findings.timeline if entry.tied]


def test_what_was_noticed_too_little_to_apply_is_forgotten_when_more_is_known(tmp_path):
    app_log(tmp_path, "app-01", [0.0, 0.0])
    app_log(tmp_path, "app-02", [300.0, 300.0])
    assert [bool(one.clock_why) for one in case_of(tmp_path).ledgers()] == [False, True]
    app_log(tmp_path, "app-01", [300.0, 300.0])
    assert [one.clock_why for one in case_of(tmp_path).ledgers()] == ["", ""]


def test_an_assumed_zone_that_is_rejected_says_so_from_the_next_run_on(tmp_path):
    file = tmp_path / "logs" / "db-01" / "var" / "log" / "syslog"
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"Nov 10 10:0{n}:00 db-01 cron[1]: job {n}\n" for n in range(5)))
    (before,) = case_of(tmp_path).ledgers()
    assert before.zone_basis == "zone-assumed" and not before.zone_why.startswith("rejected")
    (tmp_path / "case" / "review.toml").write_text(f'[decisions.{clock_ids(before)["zone"]}]\nverdict = "rejected"\n')
    (after,) = case_of(tmp_path).ledgers()
    assert after.zone == before.zone and after.zone_why.startswith(
        f"rejected in review: {before.zone} (nothing tells it"
    )
