"""Re-runs: what a person wrote in a draft survives; what nobody touched is replaced; nothing is lost silently."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.ingestion import Options, ingest
from afterlog.session import Choices, write_draft
from afterlog.verify import all_hold, verify
from afterlog.writing.footnotes import read_footnotes
from afterlog.writing.merging import CONFLICT, merge
from afterlog.writing.moved import what_moved
from conftest import SAMPLE

BASE = """# Title

It began at 14:02.[^1]
It ended at 15:00.[^2]

## Timeline

* 14:02:00 Outage begins[^1]
* 15:00:00 Outage ends[^2]

| a | b |
|---|---|
| Duration | 58 min[^1] |
| Failed | 7[^2] |

## Lessons

> **?** What went well?

[^1]: `web/a.log:10` `begins`
[^2]: `web/a.log:90` `ends`
"""


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_nothing_changed_gives_the_same_bytes():
    assert merge(BASE, BASE, BASE).text == BASE


def test_an_untouched_sentence_is_replaced():
    new = changed(BASE, ("14:02", "13:58"))
    done = merge(BASE, BASE, new)
    assert done.text == new and done.kept == 0 and done.updated == 2


def test_an_edited_sentence_stays_and_its_neighbours_are_replaced():
    mine = changed(BASE, ("It ended at 15:00.", "It ended, to our relief, at 15:00."))
    new = changed(BASE, ("It began at 14:02.", "It began at 13:58."))
    text = merge(BASE, mine, new).text
    assert "to our relief" in text and "It began at 13:58.[^1]" in text and "It began at 14:02" not in text


def test_a_conflict_shows_both():
    mine = changed(BASE, ("It began at 14:02.", "It began for us at 14:02."))
    new = changed(BASE, ("It began at 14:02.", "It began at 13:58."))
    done = merge(BASE, mine, new)
    assert "It began for us at 14:02.[^1]" in done.text
    assert f"> {CONFLICT} It began at 13:58.[^1]" in done.text
    assert len(done.conflicts) == 1


def test_a_conflict_in_a_table_stays_within_the_table():
    mine = changed(BASE, ("58 min", "about an hour"))
    new = changed(BASE, ("58 min", "62 min"))
    lines = merge(BASE, mine, new).text.split("\n")
    at = lines.index("| Duration | about an hour[^1] |")
    assert lines[at + 1] == f"| {CONFLICT} Duration | 62 min[^1] |" and lines[at + 2].startswith("| Failed")


def test_a_later_run_replaces_an_older_conflict_note_instead_of_adding_one():
    mine = changed(BASE, ("It began at 14:02.", "It began for us at 14:02."))
    second, third = (
        changed(BASE, ("began at 14:02", "began at 13:58")),
        changed(BASE, ("began at 14:02", "began at 13:55")),
    )
    once = merge(BASE, mine, second).text
    assert merge(second, once, second).text == once, "the same run again changes nothing"
    twice = merge(second, once, third).text
    assert twice.count(CONFLICT) == 1 and "13:55" in twice and "13:58" not in twice


def test_a_deleted_sentence_stays_deleted_though_the_tool_would_now_word_it_differently():
    mine = changed(BASE, ("It ended at 15:00.[^2]\n", ""))
    new = changed(BASE, ("It ended at 15:00.", "It ended at 15:01."))
    assert "It ended" not in merge(BASE, mine, new).text


def test_a_deleted_section_stays_deleted_with_all_that_is_new_in_it():
    mine = BASE[: BASE.index("## Lessons")] + BASE[BASE.index("[^1]: ") :]
    new = changed(BASE, ("> **?** What went well?", "* Somebody looked soon.[^1]\n\n> **?** What went well?"))
    text = merge(BASE, mine, new).text
    assert "Lessons" not in text and "looked soon" not in text


def test_an_added_row_stays_in_its_place_and_the_table_whole():
    mine = changed(BASE, ("| Failed | 7[^2] |", "| Tickets | 12 |\n| Failed | 7[^2] |"))
    new = changed(BASE, ("| Failed | 7[^2] |", "| Failed | 8[^2] |\n| Clients | 3[^1] |"))
    text = merge(BASE, mine, new).text
    assert "| Duration | 58 min[^1] |\n| Tickets | 12 |\n| Failed | 8[^2] |\n| Clients | 3[^1] |\n\n## Lessons" in text


def test_added_entries_of_both_are_put_in_the_order_of_their_clocks():
    mine = changed(BASE, ("* 15:00:00", "* 14:30:00 We called the vendor\n* 15:00:00"))
    new = changed(BASE, ("* 15:00:00", "* 14:10:00 A new event[^3]\n* 15:00:00")) + "[^3]: `web/a.log:20` `new`\n"
    entries = re.findall(r"^\* (.*)$", merge(BASE, mine, new).text, re.MULTILINE)
    assert [entry[:5] for entry in entries] == ["14:02", "14:10", "14:30", "15:00"]


def test_footnotes_are_numbered_anew_and_follow_their_lines():
    new = changed(BASE, ("[^2]", "[^3]"), ("It began at 14:02.[^1]\n", "It began at 14:02.[^1]\nIt hurt.[^2]\n"))
    new = new.replace("[^3]: `web/a.log:90` `ends`\n", "[^2]: `web/b.log:5` `hurts`\n[^3]: `web/a.log:90` `ends`\n")
    mine = changed(BASE, ("It ended at 15:00.", "At last it ended at 15:00."))
    lines, notes = read_footnotes(merge(BASE, mine, new).text)
    ended = next(line for line in lines if "At last" in line)
    label = re.search(r"\[\^(\d+)\]", ended)[1]
    assert (notes[label].source, notes[label].line) == ("web/a.log", 90)
    assert list(notes) == ["1", "2", "3"]


def test_a_person_s_own_footnotes_stay():
    mine = changed(BASE, ("It ended at 15:00.[^2]", "It ended at 15:00.[^2][^ticket]")) + "[^ticket]: OPS-17\n"
    text = merge(BASE, mine, changed(BASE, ("58 min", "59 min"))).text
    assert "[^2][^ticket]" in text and "\n[^ticket]: OPS-17\n" in text and "59 min" in text


def test_what_stands_in_code_is_no_citation():
    document = "A `[^1]` in code.[^1]\n\n[^1]: `a.log:1` `[^9]: x`\n"
    assert merge(document, document, document).text == document


# --- with real drafts ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory) -> tuple[Path, str, str, Path]:
    """One case, first without web-02, then with it: the case, both drafts, and the logs."""
    folder = tmp_path_factory.mktemp("runs")
    logs = folder / "logs"
    shutil.copytree(SAMPLE, logs, ignore=shutil.ignore_patterns("web-02"))
    case = ingest([logs], folder / "case", Options(tz="Asia/Kolkata", jobs=1))
    first = write_draft(case, analyse(case), report=False).draft.read_text(encoding="utf-8")
    shutil.copytree(SAMPLE / "web-02", logs / "web-02")
    case = ingest([logs], folder / "case", Options(tz="Asia/Kolkata", jobs=1))
    second = write_draft(case, analyse(case), report=False).draft.read_text(encoding="utf-8")
    assert first != second
    return folder / "case", first, second, logs


def test_an_untouched_draft_becomes_the_new_one(two_runs, tmp_path):
    _case, _first, second, logs = two_runs
    fresh = ingest([logs], tmp_path / "case", Options(tz="Asia/Kolkata", jobs=1))
    assert write_draft(fresh, analyse(fresh), report=False).draft.read_text(encoding="utf-8") == second


def test_any_line_that_a_person_edits_survives_a_run_with_one_more_source(two_runs):
    _case, first, second, _logs = two_runs
    lines = first.split("\n")
    editable = [i for i, line in enumerate(lines) if line.strip() and not line.startswith(("[^", "|---"))]
    for index in editable[::4]:
        mark = " (edited by a person)" if not lines[index].startswith("|") else " edited by a person |"
        edited = [*lines[:index], lines[index].rstrip(" |") + mark, *lines[index + 1 :]]
        assert "edited by a person" in merge(first, "\n".join(edited), second).text, lines[index]


def test_any_section_that_a_person_deletes_stays_deleted(two_runs):
    _case, first, second, _logs = two_runs
    lines, _notes = read_footnotes(first)
    heads = [i for i, line in enumerate(lines) if line.startswith("## ")]
    for number, start in enumerate(heads):
        end = heads[number + 1] if number + 1 < len(heads) else len(lines)
        merged = merge(
            first, "\n".join([*lines[:start], *lines[end:]]) + "\n" + first[first.index("[^1]: ") :], second
        ).text
        assert lines[start] not in merged.split("\n")
        assert [line for line in merged.split("\n") if line.startswith("## ")] == [
            lines[i] for i in heads if i != start
        ]


def test_edits_survive_in_the_case_and_every_footnote_still_holds(two_runs, tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE, logs, ignore=shutil.ignore_patterns("web-02"))
    case = ingest([logs], tmp_path / "case", Options(tz="Asia/Kolkata", jobs=1))
    written = write_draft(case, analyse(case), report=False)
    text = written.draft.read_text(encoding="utf-8")
    mine = changed(
        text,
        ("> **?** Was data lost or delayed?", "No data was lost."),
        ("| Answers |", "| Tickets | 31 | help desk |\n| Answers |"),
    )
    mine = mine[: mine.index("## Lessons")] + mine[mine.index("## Evidence") :]
    written.draft.write_text(mine, encoding="utf-8")
    shutil.copytree(SAMPLE / "web-02", logs / "web-02")
    case = ingest([logs], tmp_path / "case", Options(tz="Asia/Kolkata", jobs=1))
    again = write_draft(case, analyse(case), report=False)
    merged = again.draft.read_text(encoding="utf-8")
    assert "No data was lost." in merged and "| Tickets | 31 | help desk |" in merged and "## Lessons" not in merged
    assert "Was data lost" not in merged
    assert any("new event" in line for line in again.told) and any(
        "postmortem.md was edited" in line for line in again.told
    )
    assert all_hold(verify(again.draft, case))
    third = write_draft(case, analyse(case), report=False)
    assert third.draft.read_text(encoding="utf-8") == merged and third.told[0].startswith("postmortem.md was edited")


def test_a_document_that_afterlog_did_not_write_is_kept_and_the_draft_stands_beside_it(two_runs, tmp_path):
    shutil.copytree(two_runs[0], tmp_path / "case")
    case = Case.open(tmp_path / "case")
    shutil.rmtree(case.folder / ".draft")
    (case.folder / "postmortem.md").write_text("# Ours\n", encoding="utf-8")
    written = write_draft(case, analyse(case), report=False)
    assert written.draft.read_text(encoding="utf-8") == "# Ours\n"
    assert "postmortem.new.md" in written.told[0] and (case.folder / "postmortem.new.md").is_file()


def test_another_template_gets_its_own_file(two_runs, tmp_path):
    shutil.copytree(two_runs[0], tmp_path / "case")
    case = Case.open(tmp_path / "case")
    before = (case.folder / "postmortem.md").read_bytes()
    written = write_draft(case, analyse(case), Choices(template="status-page"), report=False)
    assert written.draft.name == "status-page.md"
    assert (case.folder / "postmortem.md").read_bytes() == before
    assert write_draft(case, analyse(case), report=False).draft.name == "postmortem.md"


def test_what_moved_is_said_in_a_sentence():
    def facts(start: int, entries: list[str], cause: str = "push") -> dict:
        outage = {
            "id": f"o{start}",
            "service": "web",
            "start": start * 60_000_000,
            "end": 4_000 * 60_000_000,
            "failed": 7,
            "requests": 9,
            "cause": cause,
        }
        return {
            "outages": [{**outage, "from": outage["start"], "until": outage["end"]}],
            "entries": entries,
            "sources": 3,
        }

    before, now = facts(14 * 60 + 2, ["a"]), facts(13 * 60 + 58, ["a", "b", "c", "d"])
    assert what_moved(before, now, "UTC") == ["start 14:02:00 → 13:58:00, three new events."]
    assert what_moved(before, before, "UTC") == []
    assert what_moved({}, now, "UTC") == []
    assert what_moved(before, {**before, "outages": []}, "UTC")[0].endswith("is no longer one.")
