"""The review: decisions as a file, from the terminal, through re-runs, and in everything that is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.cli import app
from afterlog.clock import parse_moment, zone_of
from afterlog.errors import InputError
from afterlog.ingestion import Options, ingest
from afterlog.review import ReviewFile
from afterlog.review.known import known_findings
from afterlog.review.merging import merge_reviews
from afterlog.session import write_draft
from conftest import SAMPLE

KOLKATA = zone_of("Asia/Kolkata")


@pytest.fixture
def case(recording, tmp_path):
    shutil.copytree(recording.case.folder, tmp_path / "case")
    return Case.open(tmp_path / "case")


@pytest.fixture
def review(case):
    return ReviewFile(case.folder)


def at(text):
    return parse_moment(f"2022-11-10T{text}", KOLKATA)


def outage_of(recording):
    return recording.findings.outages[0].id


def push_of(recording):
    return recording.findings.rankings[0].suspects[0].change.id


def entry_of(recording, words):
    return next(e["id"] for e in recording.findings.timeline_json()["entries"] if words in e["text"])


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, InputError), result.exception
    return result


# --- what decisions do --------------------------------------------------------------------------------------


def test_a_rejected_change_is_no_suspect_and_stands_in_no_entry(recording, case, review):
    push = push_of(recording)
    review.act({"action": "reject", "id": push, "because": "it went to staging"})
    findings = analyse(case)
    assert push not in {cause.change.id for cause in (*findings.rankings[0].suspects, *findings.rankings[0].innocent)}
    assert [change.id for change in findings.set_aside] == [push]
    assert push not in {entry.about for entry in findings.timeline}
    assert sum(cause.confidence for cause in findings.rankings[0].suspects) <= 1
    document = findings.causes_json()
    assert document["set_aside"][0]["review"] == {"verdict": "rejected", "because": "it went to staging"}


def test_a_person_s_start_of_an_outage_moves_everything_that_is_counted_from_it(recording, case, review):
    review.act({"action": "edit", "id": outage_of(recording), "start": "11:20"})
    outage = analyse(case).outages[0]
    assert (outage.start.time_us, outage.start.low_us, outage.start.high_us) == (at("11:20:00"),) * 3
    requests = recording.findings.signals[[s.service for s in recording.findings.signals].index("bk_blog")].requests
    inside = (requests.time >= at("11:20:00")) & (requests.time <= recording.findings.outages[0].last_us)
    assert (outage.requests, outage.failed) == (int(inside.sum()), int(requests.failed[inside].sum()))
    assert outage.end == recording.findings.outages[0].end
    assert outage.phases[0].start_us == at("11:20:00") and len(outage.phases) == 3


def test_a_rejected_outage_is_told_nowhere_but_kept_to_be_taken_back(recording, case, review):
    review.act({"action": "reject", "id": outage_of(recording)})
    findings = analyse(case)
    assert outage_of(recording) not in [outage.id for outage in findings.outages]
    assert [outage.id for outage in findings.rejected] == [outage_of(recording)]
    assert findings.rankings == ()
    review.act({"action": "clear", "id": outage_of(recording)})
    assert analyse(case).outages == recording.findings.outages


def test_a_chosen_cause_comes_first_with_the_confidence_that_the_logs_gave_it(recording, case, review):
    ranking = recording.findings.rankings[0]
    motd = next(c for c in (*ranking.suspects, *ranking.innocent) if "Message of the day" in c.change.title)
    review.act({"action": "choose", "id": outage_of(recording), "cause": motd.change.id})
    findings = analyse(case)
    first = findings.rankings[0].suspects[0]
    assert first.change.id == motd.change.id and first.confidence == motd.confidence < 0.1
    assert findings.causes_json()["chosen"] == {outage_of(recording): motd.change.id}
    draft = write_draft(case, findings, report=False).draft.read_text(encoding="utf-8")
    assert "A person chose the Ansible run `Message of the day` on three servers as the trigger" in draft


def test_nobody_can_be_chosen(recording, case, review):
    review.act({"action": "choose", "id": outage_of(recording), "cause": "none"})
    ranking = analyse(case).rankings[0]
    assert (ranking.verdict, ranking.chosen) == ("no-change-explains-it", "none")


def test_an_added_entry_stands_in_the_timeline_and_inert_in_the_draft(case, review):
    review.act({"action": "add", "at": "11:40", "text": "Called *the* <b>provider</b>", "host": "web-01"})
    findings = analyse(case)
    (entry,) = [entry for entry in findings.timeline if entry.kind == "added"]
    assert (entry.time_us, entry.host, entry.places) == (at("11:40:00"), "web-01", ())
    draft = write_draft(case, findings, report=False).draft.read_text(encoding="utf-8")
    assert "* 11:40:00 Called \\*the\\* \\<b\\>provider\\</b\\>\n" in draft


def test_entries_can_be_hidden_pinned_worded_anew_and_merged(recording, case, review):
    hidden = entry_of(recording, "Reinstall of less")
    worded = entry_of(recording, "An operator reads /var/log/apache2/error.log")
    first, second = (entry_of(recording, f"apache2 restarted on web-0{n}") for n in (1, 2))
    review.act({"action": "hide", "id": hidden})
    review.act({"action": "edit", "id": worded, "text": "We looked at the error log"})
    review.act({"action": "note", "id": worded, "note": "Ana did"})
    review.act({"action": "merge", "id": second, "into": first})
    told = {entry["id"]: entry for entry in analyse(case).timeline_json()["entries"]}
    assert hidden not in told and second not in told
    assert told[worded]["text"] == "We looked at the error log (Ana did)"
    assert told[worded]["review"] == {"text": "We looked at the error log", "note": "Ana did", "edited": True}
    assert told[first]["text"].count("restarted") == 2 and told[first]["host"] == "web-01, web-02"


def test_a_pinned_change_is_told_though_it_is_routine(recording, case, review):
    routine = next(change for change in recording.findings.history.changes if change.routine)
    assert routine.id not in {entry.about for entry in recording.findings.timeline}
    review.act({"action": "pin", "id": entry_of(recording, "Reinstall of less")})
    with pytest.raises(InputError, match="no finding has this id"):
        review.act({"action": "pin", "id": "change-0000000000"})
    ranked = {c.change.id for c in recording.findings.rankings[0].innocent}
    assert routine.id in ranked  # so it can be named
    review.act({"action": "pin", "id": routine.id})
    assert routine.id in {entry.about for entry in analyse(case).timeline}


def test_changes_that_are_one_thing_can_be_merged(recording, case, review):
    restarts = [
        entry["about"] for entry in recording.findings.timeline_json()["entries"] if "restarted" in entry["text"]
    ]
    one, two, three = restarts
    review.act({"action": "merge", "id": two, "into": one})
    review.act({"action": "merge", "id": three, "into": two})
    changes = {change.id: change for change in analyse(case).history.changes}
    assert two not in changes and three not in changes
    assert changes[one].hosts == ("web-01", "web-02", "web-03")
    with pytest.raises(InputError, match="part of"):
        review.act({"action": "merge", "id": one, "into": three})


# --- the file -----------------------------------------------------------------------------------------------


def test_the_file_reads_like_a_diff_and_keeps_what_a_person_wrote_in_it(recording, case, review):
    review.act({"action": "reject", "id": push_of(recording)})
    text = review.text().replace("[decisions", "# mine: ask Ana\n\n[decisions", 1)
    (case.folder / "review.toml").write_text(text)
    review.act({"action": "note", "id": push_of(recording), "note": "really"})
    assert "# mine: ask Ana\n" in review.text()
    assert f"[decisions.{push_of(recording)}]\n# Ansible: Push blog configuration, 2022-11-10T05:35:02" in review.text()
    assert review.text().endswith('verdict = "rejected"\nnote = "really"\n')


def test_a_decision_written_by_hand_counts_and_a_time_without_zone_is_of_the_case_s(recording, case):
    (case.folder / "review.toml").write_text(f"[decisions.{outage_of(recording)}]\nend = 2022-11-10T14:00:00\n")
    assert analyse(case).outages[0].end.time_us == at("14:00:00")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[decisions.x]\nverdict = 'perhaps'\n", "verdict is 'accepted' or 'rejected', not 'perhaps'"),
        ("[decisions.x]\nverdcit = 'accepted'\n", "'verdcit' is not known"),
        ("[decisions.x]\nstart = 7\n", "is a time such as"),
        ("[decisions.x]\npinned = 'yes'\n", "pinned is true or false"),
        ("[[entries]]\ntext = 'no time'\n", "needs a time"),
        ("[decision.x]\n", "'decision' is not known here"),
        ("[decisions.x\n", "line 1"),
        ("decisions = 3\n", "write \\[decisions.ID\\]"),
    ],
)
def test_a_file_that_cannot_be_understood_is_an_error_that_says_where(case, text, told):
    (case.folder / "review.toml").write_text(text)
    with pytest.raises(InputError, match=told):
        analyse(case)
    assert (case.folder / "review.toml").read_text() == text


def test_decisions_about_findings_that_are_gone_are_kept_and_named(recording, case, review):
    (case.folder / "review.toml").write_text("[decisions.change-00000000aa]\nverdict = 'rejected'\n")
    review.act({"action": "accept", "id": push_of(recording)})
    assert analyse(case).unknown == ("change-00000000aa",)
    assert "[decisions.change-00000000aa]" in review.text()
    listed = run("review", case.folder, "--list")
    assert "1 decision is about findings that are not there now (kept): change-00000000aa" in listed.stderr


def test_undo_is_writing_the_text_of_before(recording, review):
    before = review.text()
    review.act({"action": "accept", "id": push_of(recording)})
    after = review.text()
    review.restore(before)
    assert review.read().decisions == {}
    review.restore(after)
    assert review.read().of(push_of(recording)).verdict == "accepted"
    with pytest.raises(InputError):
        review.restore("[decisions.x]\nnonsense = 1\n")
    assert review.text() == after


def test_a_second_run_with_more_logs_keeps_the_review(recording, case, tmp_path):
    run("review", case.folder, "reject", push_of(recording), "--because", "staging only")
    run("review", case.folder, "add", "Called the provider", "--at", "11:40")
    more = tmp_path / "more" / "db-01" / "var" / "log"
    more.mkdir(parents=True)
    (more / "syslog").write_text("Nov 10 11:00:00 db-01 kernel: [1.0] eth0: link up\n" * 3)
    ingest([SAMPLE, tmp_path / "more"], case.folder, Options(tz="Asia/Kolkata", jobs=1))
    findings = analyse(case)
    assert [change.id for change in findings.set_aside] == [push_of(recording)]
    assert "Called the provider" in [entry["text"] for entry in findings.timeline_json()["entries"]]
    assert findings.unknown == ()


# --- the terminal -------------------------------------------------------------------------------------------


def test_the_commands_of_the_terminal_write_the_file_and_say_so(recording, case):
    done = run("review", case.folder, "edit", outage_of(recording), "--start", "11:14:30", "--because", "a phone call")
    assert done.exit_code == 0 and "review.toml" in done.stdout
    (outage,) = json.loads(run("outages", case.folder, "--json").stdout)["outages"]
    assert outage["start"] == "2022-11-10T05:44:30Z" == outage["start_low"]
    assert outage["review"]["because"] == "a phone call"
    assert "set by a person" in run("outages", case.folder).stdout
    again = run("review", case.folder, "edit", outage_of(recording), "--start", "11:14:30")
    assert "Nothing changed." in again.stderr
    listed = run("review", case.folder, "--list").stdout.splitlines()
    assert listed[0].split() == ["ID", "TIME", "REVIEW", "WHAT"]
    assert "edited" in next(line for line in listed if line.startswith("outage-"))
    assert json.loads(run("review", case.folder, "--json").stdout)["decisions"][0]["id"] == outage_of(recording)


def test_an_unknown_or_ambiguous_id_is_refused_with_what_to_do(case):
    result = run("review", case.folder, "accept", "entry-")
    assert result.exit_code == 1
    assert "findings begin so; see: afterlog review" in str(result.exception)


# --- two people ---------------------------------------------------------------------------------------------

MINE = """# mine
[decisions.change-1]
verdict = "rejected"
because = "staging"

[decisions.entry-2]
note = "see ticket"
"""
THEIRS = """[decisions.change-1]
verdict = "accepted"

[decisions.outage-3]
start = 2022-11-10T11:14:00+05:30

[[entries]]
id = "added-1"
at = 2022-11-10T11:40:00+05:30
text = "Called the provider"
"""


def test_two_reviews_merge_and_where_they_disagree_both_answers_are_shown():
    text, conflicts = merge_reviews(MINE, THEIRS, names=("mine", "theirs"))
    assert [(c.id, c.field, c.ours, c.theirs) for c in conflicts] == [
        ("change-1", "verdict", '"rejected"', '"accepted"')
    ]
    assert text.startswith("# mine\n")
    assert 'verdict = "rejected" # theirs has: "accepted"' in text
    for kept in ('because = "staging"', 'note = "see ticket"', "[decisions.outage-3]", '"Called the provider"'):
        assert kept in text


def test_with_the_file_both_began_with_the_change_of_one_wins_and_removals_hold():
    base = MINE
    theirs = '[decisions.change-1]\nverdict = "accepted"\nbecause = "staging"\n'  # entry-2 taken out, a verdict changed
    text, conflicts = merge_reviews(MINE, theirs, base)
    assert conflicts == ()
    assert 'verdict = "accepted"' in text and "entry-2" not in text
    text, conflicts = merge_reviews(theirs, MINE, base)
    assert conflicts == ()
    assert 'verdict = "accepted"' in text and "entry-2" not in text


def test_an_entry_that_one_of_two_deleted_stays_deleted_unless_the_other_changed_it():
    entry = '[[entries]]\nid = "added-1"\nat = 2022-11-10T11:40:00Z\ntext = "%s"\n'
    base = entry % "Called"
    assert "added-1" not in merge_reviews(base, "", base)[0]
    assert "added-1" not in merge_reviews("", base, base)[0]
    assert "Called twice" in merge_reviews("", entry % "Called twice", base)[0]
    assert "Called twice" in merge_reviews(entry % "Called twice", "", base)[0]


def test_merging_files_from_the_terminal_exits_1_on_a_conflict_and_0_without(tmp_path):
    mine, theirs, out = (tmp_path / name for name in ("mine.toml", "theirs.toml", "out.toml"))
    mine.write_text(MINE)
    theirs.write_text(THEIRS)
    done = run("review", "merge", mine, theirs, "-o", out)
    assert done.exit_code == 1 and "change-1: verdict is" in done.stderr
    assert "outage-3" in out.read_text()
    mine.write_text("")
    done = run("review", "merge", mine, theirs)
    assert done.exit_code == 0 and done.stdout == THEIRS


# --- what is kept of the measuring --------------------------------------------------------------------------


def test_what_was_measured_is_read_back_as_it_was_and_not_measured_again(recording, case, monkeypatch):
    first = analyse(case)
    monkeypatch.setattr("afterlog.analysis.measure", lambda *_: pytest.fail("it was measured again"))
    assert analyse(case).as_json() == first.as_json() == recording.findings.as_json()


def test_a_damaged_or_foreign_memory_is_measured_anew(recording, case):
    for damage in (b"", b"no zstd", (case.folder / ".measured.json.zst").read_bytes()[:-9]):
        (case.folder / ".measured.json.zst").write_bytes(damage)
        assert analyse(case).as_json() == recording.findings.as_json()


def test_what_was_inferred_of_a_clock_can_be_rejected_by_its_id(tmp_path):
    folder = tmp_path / "logs" / "web-01" / "var" / "log"
    folder.mkdir(parents=True)
    (folder / "syslog").write_text("Nov 10 11:00:00 web-01 kernel: [1.0] eth0: link up\n" * 3)
    case = ingest([tmp_path / "logs"], tmp_path / "case", Options(tz=None, jobs=1))
    (ledger,) = case.ledgers()
    assert ledger.zone_basis == "zone-assumed"
    zone = next(name for name, words in known_findings(case.folder).items() if ", zone: " in words)
    ReviewFile(case.folder).act({"action": "reject", "id": zone})
    assert analyse(case).unknown == ()
    assert f"[decisions.{zone}]\n# web-01, zone: " in ReviewFile(case.folder).text()


def test_what_cannot_be_is_refused_and_nothing_written(recording, case, review):
    outage = outage_of(recording)
    for action, told in (
        ({"action": "edit", "id": outage, "start": "2022-11-10T15:00"}, "end before it starts"),
        ({"action": "edit", "id": outage, "start": "2031-01-01", "end": "2031-01-02"}, "nothing of that time"),
        ({"action": "edit", "id": outage, "start": "0001-01-01T00:00:00+14:00"}, "no time that a log"),
        ({"action": "pin", "id": outage}, "not pinned or hidden"),
        ({"action": "edit", "id": entry_of(recording, "Outage begins"), "start": "11:20"}, "edit that one's start"),
        ({"action": "note", "id": outage, "note": "x" * 30_000}, "too long"),
    ):
        with pytest.raises(InputError, match=told):
            review.act(action)
    assert review.text() == ""
    (case.folder / "review.toml").write_text(f"[decisions.{outage}]\nstart = 2022-11-10T15:00:00+05:30\n")
    assert analyse(case).outages == recording.findings.outages  # by hand into what cannot be: as inferred


def test_a_merge_into_something_that_is_not_there_takes_nothing_away_and_is_named(recording, case):
    outage = outage_of(recording)
    for into in ("outage-gone", outage):
        (case.folder / "review.toml").write_text(f"[decisions.{outage}]\ninto = '{into}'\n")
        findings = analyse(case)
        assert [one.id for one in findings.outages] == [outage]
    (case.folder / "review.toml").write_text(f"[decisions.{outage}]\ncause = 'banana'\n")
    assert analyse(case).unknown == (outage,)


def test_lines_of_toml_in_one_are_written_out_and_added_to(case, review):
    (case.folder / "review.toml").write_text("entries = [{at = 2022-11-10T11:00:00, text = 'one'}]\ndecisions = {}\n")
    review.act({"action": "add", "at": "11:40", "text": "two"})
    assert [entry.text for entry in review.read().entries] == ["one", "two"]


def test_many_writers_at_once_lose_nothing(case):
    command = [sys.executable, "-c", "from afterlog.cli import main; main()", "review", str(case.folder), "add"]
    writers = [
        subprocess.Popen([*command, f"entry {n}", "--at", f"11:2{n}"], stdout=subprocess.DEVNULL) for n in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    assert sorted(entry.text for entry in ReviewFile(case.folder).read().entries) == [f"entry {n}" for n in range(4)]
