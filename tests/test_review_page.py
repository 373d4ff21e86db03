"""The review page in a headless Chromium: a person corrects the findings, and finds it all again everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.ingestion import Options, ingest
from chromium import Page, needs_chromium
from conftest import SAMPLE
from hostile import hostile_logs
from serving import COMMAND, Served

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser():
    opened = Page()
    opened.viewport(1280, 800)
    yield opened
    opened.close()


@pytest.fixture
def case(recording, tmp_path):
    shutil.copytree(recording.case.folder, tmp_path / "case")
    return tmp_path / "case"


@pytest.fixture
def served(case):
    server = Served(case, "--no-browser")
    yield server
    server.kill()


@pytest.fixture
def page(browser, served):
    browser.messages.clear()
    browser.requests.clear()
    enter(browser, served.address)
    yield browser
    said = list(browser.messages)
    browser.viewport(1280, 800)
    browser.scheme("light")
    leave(browser)
    assert said == []


def enter(browser, address):
    browser.visit(address)
    browser.wait("document.documentElement.dataset.ready && !document.querySelector('#status.working')")
    browser.wait("document.querySelector('#bands .edge.start')")


def leave(browser):
    """Go before the server does: a page complains when nobody answers any more."""
    browser.call("Page.navigate", url="about:blank")
    browser.wait("location.protocol === 'about:'")


def review_of(case):
    file = case / "review.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def told(*words):
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout) if "--json" in words else done.stdout


def saved(page, count):
    """Wait until the page says so many decisions are saved, and everything that follows from them is there."""
    words = "1 decision, saved" if count == 1 else f"{count} decisions, saved" if count else ""
    page.wait(f"document.getElementById('status').textContent === {json.dumps(words)}")


def pick(page, words):
    """Click on the entry of the timeline that says so."""
    entry = page.run(
        "[...document.querySelectorAll('#entries .row')].find(row => row.textContent.includes("
        f"{json.dumps(words)})).dataset.id"
    )
    page.click(f"#entries .row[data-id='{entry}'] .pick")


def axis(page):
    return float(page.run("document.getElementById('window').getAttribute('aria-valuenow')"))


# --- the whole way ------------------------------------------------------------------------------------------

RANG = "The on-call engineer was phoned by <a customer>"


@dataclass(frozen=True)
class Story:
    """What the person of the story decides about."""

    outage: str
    trigger: str  # the change that was inferred
    other: str  # the change that the person holds for the cause
    wrong: dict  # the entry of a change that the person rejects


def story_of(recording):
    (outage,) = (o for o in recording.findings.outages if o.level == "outage")
    ranking = recording.findings.rankings[0]
    entries = recording.findings.timeline_json()["entries"]
    wrong = next(entry for entry in entries if "less" in entry["text"] and "web-02" in entry["text"])
    return Story(outage.id, ranking.suspects[0].change.id, ranking.innocent[0].change.id, wrong)


def tell_the_story(page, story):
    grip = page.middle("#bands .edge.start .grip")
    page.drag(grip, (grip[0] - 30, grip[1]))
    saved(page, 1)
    pick(page, story.wrong["text"][:20])
    page.press("r")
    saved(page, 2)
    page.press("i")
    page.wait("document.querySelector('dialog textarea') === document.activeElement")
    page.run("document.querySelector('dialog [name=at]').value = '2022-11-10 11:20:30'")
    page.type(RANG)
    page.press("Control+Enter")
    saved(page, 3)
    page.press("c")
    page.run("document.querySelector('.alibis').open = true")
    page.click(f".alibis input[value='{story.other}']")
    page.wait(f"document.querySelector('.cause.picked input[value=\"{story.other}\"]')")
    saved(page, 3)  # the cause stands with the outage, about which there is a decision already


def found_in_the_file(case, story):
    """Check review.toml; gives the start that was dragged to."""
    review = review_of(case)
    start = review["decisions"][story.outage]["start"]
    # 30 pixels of 713 over 4 hours are about ten minutes before 11:15:00, and a hand gives whole seconds
    assert datetime(2022, 11, 10, 5, 30, tzinfo=UTC) < start < datetime(2022, 11, 10, 5, 40, tzinfo=UTC)
    assert start.microsecond == 0
    assert review["decisions"][story.outage]["cause"] == story.other
    assert review["decisions"][story.wrong["about"]]["verdict"] == "rejected"
    (entry,) = review["entries"]
    assert entry["text"] == RANG
    assert entry["at"] == datetime(2022, 11, 10, 5, 50, 30, tzinfo=UTC)  # 11:20:30 in Kolkata
    return start


def found_everywhere(case, story, start):
    entries = told("timeline", case, "--json")["entries"]
    assert story.wrong["id"] not in {entry["id"] for entry in entries}
    assert [e["time"] for e in entries if e["kind"] == "added"] == ["2022-11-10T05:50:30Z"]
    assert [e["time"] for e in entries if e["kind"] == "onset"] == [
        start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ]
    causes = told("causes", case, "--json")
    assert causes["chosen"] == {story.outage: story.other}
    assert causes["causes"][0]["change"]["id"] == story.other
    assert story.trigger in {one["change"]["id"] for one in causes["causes"] if one["change"]}
    told("draft", case)
    draft = (case / "postmortem.md").read_text(encoding="utf-8")
    assert "The on-call engineer was phoned by \\<a customer\\>" in draft
    assert f"{start + timedelta(hours=5.5) if start.utcoffset() == timedelta(0) else start:%H:%M:%S}" in draft
    assert story.wrong["text"][:20] not in draft


def test_a_person_s_corrections_are_found_everywhere_and_survive_a_re_run(page, served, case, recording, tmp_path):
    story = story_of(recording)
    tell_the_story(page, story)
    start = found_in_the_file(case, story)

    page.visit(f"http://127.0.0.1:{served.port}/")
    saved(page, 3)
    shown = page.run("document.getElementById('timeline').textContent")
    assert RANG in shown and story.wrong["text"][:20] not in shown
    page.press("d")
    page.wait(f"document.getElementById('paper').textContent.includes({json.dumps(RANG)})")
    found_everywhere(case, story, start)

    more = tmp_path / "more" / "web-04" / "var" / "log"
    more.mkdir(parents=True)
    (more / "syslog").write_text("Nov 10 11:16:01 web-04 CRON[77]: (root) CMD (/usr/bin/true)\n", encoding="utf-8")
    told("run", SAMPLE, tmp_path / "more", "--tz", "Asia/Kolkata", "-o", case)
    assert found_in_the_file(case, story) == start
    found_everywhere(case, story, start)
    page.wait("document.getElementById('case-told').textContent.includes('69 sources')")  # the page follows the re-run
    saved(page, 3)


def test_an_edge_snaps_to_the_very_first_failed_request(page, case, recording):
    (outage,) = (o for o in recording.findings.outages if o.level == "outage")
    grip = page.middle("#bands .edge.start .grip")
    page.drag(grip, (grip[0] - 40, grip[1]))
    saved(page, 1)
    page.press("s", "b")
    edge = "document.querySelector('#bands .edge.start').getAttribute('aria-valuetext')"
    before = page.run(edge)
    assert before < "2022-11-10 11:05"
    passed = []
    while not before.startswith("2022-11-10 11:15:00"):
        page.press("ArrowRight")
        page.wait(f"{edge} !== {json.dumps(before)}")
        before = page.run(edge)
        passed.append(before)
    assert "2022-11-10 11:05:02.292" in passed, "marks hold it too: there the play began"
    page.press("Enter")
    page.wait("document.getElementById('toast').textContent.includes('haproxy.log:3159')")
    saved(page, 1)
    start = review_of(case)["decisions"][outage.id]["start"]
    assert start.astimezone(UTC) == datetime(2022, 11, 10, 5, 45, 0, 304_000, tzinfo=UTC)  # line 3159 of haproxy.log


def test_undo_and_redo_go_through_the_file_and_survive_no_edit_by_hand(page, case):
    page.press("j", "j", "a")
    saved(page, 1)
    page.press("j", "p")
    saved(page, 2)
    page.press("u")
    saved(page, 1)
    assert [list(table) for table in review_of(case)["decisions"].values()] == [["verdict"]]
    page.press("U")
    saved(page, 2)
    page.press("Control+z", "Control+z")
    saved(page, 0)
    assert review_of(case).get("decisions", {}) == {}
    page.press("U")
    saved(page, 1)
    file = case / "review.toml"
    file.write_text(
        file.read_text(encoding="utf-8") + '\n[[entries]]\nat = 2022-11-10T11:30:00+05:30\ntext = "By hand"\n',
        encoding="utf-8",
    )
    page.wait("document.getElementById('entries').textContent.includes('By hand')")
    assert page.run("document.getElementById('undo').disabled") is True, "undo would take the hand's edit back"
    assert "outside this page" in page.run("document.getElementById('toast').textContent")
    file.write_text("this is no toml", encoding="utf-8")
    page.wait("!document.getElementById('problem').hidden")
    assert "review.toml" in page.run("document.getElementById('problem').textContent")
    page.press("j", "a")
    page.wait("document.getElementById('toast').className === 'bad'")
    assert file.read_text(encoding="utf-8") == "this is no toml", "nothing is written over what cannot be read"
    file.write_text("", encoding="utf-8")
    page.wait("document.getElementById('problem').hidden")
    assert [message.partition("status of ")[2][:3] for message in page.messages] == ["400"]
    page.messages.clear()


def test_a_decision_survives_a_crash_right_after_it(page, served, case):
    page.press("j", "j", "r")
    saved(page, 1)
    served.kill()
    assert [table["verdict"] for table in review_of(case)["decisions"].values()] == ["rejected"]
    page.wait("!document.getElementById('problem').hidden")
    assert "still running" in page.run("document.getElementById('problem').textContent")
    page.messages.clear()  # the browser itself says that the server is gone


def test_edit_note_hide_merge_and_remove(page, case):
    pick(page, "apache2 restarted on web-02")
    page.press("e")
    page.wait("document.querySelector('dialog')")
    page.run("document.querySelector('dialog [name=text]').value = 'Second restart'")
    page.press("Control+Enter")
    saved(page, 1)
    page.wait("document.getElementById('entries').textContent.includes('Second restart')")
    page.press("n")
    page.wait("document.querySelector('dialog')")
    page.type("by the night shift")
    page.press("Control+Enter")
    page.wait("document.getElementById('entries').textContent.includes('night shift')")
    (decision,) = review_of(case)["decisions"].values()
    assert decision == {"text": "Second restart", "note": "by the night shift"}, (
        "times that nobody changed stay inferred"
    )
    pick(page, "grep -rn phpp")
    page.press("h")
    saved(page, 2)
    assert "grep -rn phpp" not in page.run("document.getElementById('entries').textContent")
    page.click("#aside")
    page.wait("document.getElementById('set-aside').textContent.includes('grep -rn phpp')")
    page.click("#set-aside .quick button")
    saved(page, 1)
    assert "grep -rn phpp" in page.run("document.getElementById('entries').textContent")
    count = page.run("document.querySelectorAll('#entries .row').length")
    pick(page, "apachectl configtest")
    page.press("m")
    page.wait("document.querySelector('dialog select')")
    page.click("dialog .main")
    page.wait(f"document.querySelectorAll('#entries .row').length === {count - 1}")
    page.press("i")
    page.wait("document.querySelector('dialog')")
    page.type("A mistake")
    page.press("Control+Enter")
    page.wait("document.getElementById('entries').textContent.includes('A mistake')")
    page.wait("!document.querySelector('dialog')")
    page.press("x")
    page.wait("!document.getElementById('entries').textContent.includes('A mistake')")
    assert "entries" not in review_of(case)


def refused(page):
    """Forget the browser's own complaint about answers 400 that the test asked for."""
    assert {message.partition("status of ")[2][:3] for message in page.messages} == {"400"}
    page.messages.clear()


def test_a_verdict_that_is_taken_back_leaves_everything_else_that_was_decided(page, case, recording):
    (outage,) = (o for o in recording.findings.outages if o.level == "outage")
    ways = (
        {"action": "note", "id": outage.id, "note": "as the ticket has it"},
        {"action": "choose", "id": outage.id, "cause": "none"},
    )
    for way in ways:
        page.run(
            "import('/static/app.js').then(app => app.act(JSON.parse(" + json.dumps(json.dumps(way)) + "), 'prepared'))"
        )
        page.wait("document.getElementById('toast').textContent.startsWith('prepared')")
        page.run("document.getElementById('toast').textContent = ''")
    kept = {"note": "as the ticket has it", "cause": "none"}
    saved(page, 1)
    assert review_of(case)["decisions"] == {outage.id: kept}
    row = f"#outages li[data-id='{outage.id}']"
    page.click(f"{row} .pick")
    page.press("a")
    page.wait(f"document.querySelector({json.dumps(row + ' .badge.ok')})")
    assert review_of(case)["decisions"] == {outage.id: {**kept, "verdict": "accepted"}}
    page.press("a")
    page.wait(f"!document.querySelector({json.dumps(row + ' .badge.ok')})")
    assert review_of(case)["decisions"] == {outage.id: kept}
    page.press("r")
    page.wait(f"!document.querySelector({json.dumps(row)})")
    words = "A person rejected the only outage"
    page.wait(f"document.getElementById('none').textContent.startsWith({json.dumps(words)})")
    assert "from 2022-11-10 11:15:00.304 to 2022-11-10 " in page.run("document.getElementById('none').textContent")
    page.click("#aside")
    page.run(f"document.querySelector(\"#set-aside li[data-id='{outage.id}'] .quick button\").click()")
    page.wait(f"document.querySelector({json.dumps(row)})")
    assert review_of(case)["decisions"] == {outage.id: kept}


def test_what_the_server_refuses_can_be_mended_where_it_was_typed(page, case):
    page.press("i")
    page.wait("document.querySelector('dialog textarea') === document.activeElement")
    page.run("document.querySelector('dialog [name=at]').value = 'about noon'")
    page.type("A long story")
    page.press("Control+Enter")
    page.wait("document.querySelector('dialog [role=alert]:not([hidden])')")
    assert "about noon" in page.run("document.querySelector('dialog [role=alert]').textContent")
    assert page.run("document.querySelector('dialog textarea').value") == "A long story"
    page.run("document.querySelector('dialog [name=at]').value = '2022-11-10 12:00:00'")
    page.press("Control+Enter")
    page.wait("!document.querySelector('dialog')")
    saved(page, 1)
    (entry,) = review_of(case)["entries"]
    assert entry["text"] == "A long story"
    refused(page)


def test_an_edge_stays_on_its_side_of_the_other_and_within_the_case(page, case, recording):
    (outage,) = (o for o in recording.findings.outages if o.level == "outage")
    edge = "document.querySelector('#bands .edge.{}').getAttribute('aria-valuenow')"
    start, end = (int(page.run(edge.format(which))) for which in ("start", "end"))
    grip = page.middle("#bands .edge.start .grip")
    page.drag(grip, (1200, grip[1]))
    saved(page, 1)
    moved = review_of(case)["decisions"][outage.id]["start"].timestamp()
    assert start < moved < end + 1
    assert end + 0.5 - moved == pytest.approx(1, abs=1), "a second before the end, which is shown to the second"
    page.press("u")
    saved(page, 0)
    page.run(
        "import('/static/app.js').then(({ app }) => { window.span = [app.state.case.begin, app.state.case.end]; })"
    )
    begin, last = page.wait("window.span")
    assert int(page.run(edge.format("start").replace("valuenow", "valuemin"))) == round(begin / 1e6)
    assert int(page.run(edge.format("end").replace("valuenow", "valuemax"))) == round(last / 1e6)


# --- looking ------------------------------------------------------------------------------------------------


def test_evidence_opens_in_its_context_from_the_log_itself(page):
    pick(page, "Outage begins")
    page.press("Enter")
    page.wait("document.querySelectorAll('#finding pre .near').length === 6")
    lines = (SAMPLE / "lb-01" / "var" / "log" / "haproxy.log").read_text(encoding="utf-8").splitlines()
    shown = page.run("[...document.querySelectorAll('#finding pre > span')].map(n => n.lastElementChild.textContent)")
    assert shown == lines[3155:3162]  # line 3159 and three to either side
    page.click("#finding .more")
    page.wait("document.querySelectorAll('#finding pre .near').length === 18")
    assert page.run("document.querySelector('#finding pre .cited').textContent").startswith("3159")


def test_events_are_searched_and_taken_into_the_timeline(page, case):
    page.press("/")
    page.wait("document.activeElement.id === 'q'")
    page.type('"grep -rn" phpp')
    page.wait("document.getElementById('searched').textContent.startsWith('1 event ')")
    assert page.run("[...document.querySelectorAll('#hits mark')].map(n => n.textContent).join('|')").endswith("phpp")
    page.click("#hits summary")
    page.wait("document.querySelector('#hits pre .cited')")
    page.click("#hits .meta .link")
    page.wait("document.querySelector('dialog')")
    page.press("Control+Enter")
    saved(page, 1)
    (entry,) = review_of(case)["entries"]
    assert entry["at"] == datetime(2022, 11, 10, 8, 1, 18, tzinfo=UTC)
    assert entry["note"].startswith("web-01/var/log/auth.log:")


def test_the_chart_zooms_with_wheel_brush_buttons_and_keys(page):
    def shown():
        return page.run("document.getElementById('window').getAttribute('aria-valuetext')")

    def seconds():
        begin, end = (datetime.fromisoformat(text) for text in shown().split(" to "))
        return (end - begin).total_seconds()

    middle = page.middle("#over")
    middle = (middle[0] + 40, middle[1] + 30)
    before = seconds()
    page.wheel(middle, -200)
    page.wait(f"document.getElementById('window').getAttribute('aria-valuetext') !== {json.dumps(shown())} || true")
    assert seconds() < before
    page.press("0")
    whole = seconds()
    assert whole > 4.5 * 3600  # the recording lasts from 10:29:58 to 15:00:01
    box = page.run("(b => [b.x, b.width])(document.getElementById('over').getBoundingClientRect())")
    page.drag((box[0] + box[1] * 0.5, middle[1]), (box[0] + box[1] * 0.75, middle[1]))
    assert seconds() == pytest.approx(whole / 4, rel=0.02)
    page.click("button[title^='Zoom in']")
    assert seconds() == pytest.approx(whole / 8, rel=0.03)
    at = axis(page)
    page.press("]")
    assert axis(page) > at
    page.press("-", "o")
    assert seconds() == pytest.approx(before, rel=0.01)
    strip = page.middle("#window")
    at = axis(page)
    page.drag(strip, (strip[0] - 20, strip[1]))
    assert axis(page) < at
    assert page.run("document.querySelectorAll('#lanes .lane').length") == 5  # two services, three hosts of bk_blog


def test_filters_narrow_the_timeline(page):
    every = page.run("document.querySelectorAll('#entries .row').length")
    page.click(".chip.k-attempt")
    assert page.run("document.querySelectorAll('#entries .row').length") == 1
    page.click(".chip.k-attempt")
    page.press("f")
    page.type("apache2 restarted")
    page.wait("document.querySelectorAll('#entries .row').length === 3")
    page.press("Escape")
    page.run("(n => { n.value = ''; n.dispatchEvent(new Event('input')); })(document.getElementById('entry-words'))")
    page.wait(f"document.querySelectorAll('#entries .row').length === {every}")


def test_everything_is_within_reach_of_the_keyboard_and_has_a_name(page):
    page.press("?")
    page.wait("document.querySelector('dialog[open]')")
    assert "snap edges" in page.run("document.querySelector('dialog').textContent")
    page.press("Escape")
    page.wait("!document.querySelector('dialog')")
    page.press("c")
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    controls = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "slider", "tab", "img"}
    nameless = [
        (node["role"]["value"], node.get("properties"))
        for node in tree
        if not node.get("ignored") and node["role"]["value"] in controls and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    seen = set()
    page.run("document.activeElement.blur()")
    for _ in range(60):
        page.press("Tab")
        seen.add(page.run("(n => n.id || n.className || n.tagName)(document.activeElement)"))
    assert {"undo", "help", "service", "snap", "over", "window", "entry-words", "pick", "tab-causes"} - seen <= {"undo"}
    assert any(name.startswith("edge start") for name in seen)


def test_it_is_usable_on_a_phone_and_in_the_dark(page):
    page.scheme("dark")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    page.viewport(390, 844, phone=True)
    for tab in ("timeline", "finding", "causes", "events", "draft"):
        page.click(f"#tab-{tab}")
        shown = page.run(
            "['timeline', 'finding', 'causes', 'events', 'draft'].filter(id => document.getElementById(id).offsetParent).join()"
        )
        assert shown == tab
        if tab == "draft":
            page.wait("document.querySelector('#paper h1')")
        assert page.run("document.documentElement.scrollWidth") <= 390, tab
    page.click("#tab-timeline")
    page.wait("(w => w > 300 && w <= 390)(document.querySelector('#rate canvas').getBoundingClientRect().width)")
    pick(page, "Outage begins")
    page.wait("document.body.dataset.tab === 'finding'")
    page.click("#finding .deciding button")
    saved(page, 1)


def test_on_a_phone_the_timeline_comes_back_where_it_was_and_lanes_are_told_apart(page):
    page.viewport(390, 844, phone=True)
    page.wait("document.querySelector('#lanes .lane.host bdi')")
    sides = (
        "[...document.querySelectorAll('#lanes .lane.host bdi')].map(n => [n, n.parentElement]"
        ".map(e => e.getBoundingClientRect())).map(([a, b]) => [a.left - b.left, a.right - b.right])"
    )
    page.wait(f"{sides}.every(([left]) => left < 0)")  # too long for a phone
    assert all(abs(right) < 1 for _, right in page.run(sides)), "what is cut off is the beginning"
    page.run("[...document.querySelectorAll('#entries .pick')].at(-1).click()")
    page.wait("document.body.dataset.tab === 'finding'")
    page.run("window.scrollTo(0, 0)")
    page.click("#tab-timeline")
    top, bottom = page.run(
        "(b => [b.top, b.bottom])(document.querySelector('#entries [aria-current]').getBoundingClientRect())"
    )
    assert 0 <= top < bottom <= 844


def test_a_file_leads_to_the_page_as_a_browser_that_is_started_with_it_does(browser, served, tmp_path):
    (tmp_path / "door.html").write_text(
        f'<!doctype html><meta http-equiv="refresh" content="0;url={served.address}">', encoding="utf-8"
    )
    browser.call("Page.navigate", url=(tmp_path / "door.html").as_uri())
    browser.wait("document.documentElement.dataset.ready")
    assert browser.run("location.href") == f"http://127.0.0.1:{served.port}/"
    leave(browser)


def test_the_page_asks_for_nothing_from_elsewhere(page, served):
    page.press("d")
    page.wait("document.querySelector('#paper h1')")
    assert page.requests
    assert [url for url in page.requests if not url.startswith(f"http://127.0.0.1:{served.port}/")] == []
    assert not [url for url in page.requests[1:] if "token" in url], "the token is in no address but the first"
    assert page.run("location.search") == ""


def test_a_case_without_any_request_opens_too(browser, tmp_path):
    logs = tmp_path / "logs" / "ops-01" / "var" / "log"
    logs.mkdir(parents=True)
    shutil.copy(SAMPLE / "ops-01" / "var" / "log" / "ansible" / "ansible.log", logs / "ansible.log")
    told(
        "run",
        tmp_path / "logs",
        "--tz",
        "Asia/Kolkata",
        "-o",
        tmp_path / "case",
        "--outage",
        "2022-11-10T13:00..2022-11-10T14:00",
    )
    served = Served(tmp_path / "case", "--no-browser")
    browser.messages.clear()
    try:
        enter(browser, served.address)
        assert browser.run("document.querySelectorAll('#marks .mark').length") > 0
        grip = browser.middle("#bands .edge.end .grip")
        browser.drag(grip, (grip[0] - 30, grip[1]))  # not to the right: the logs end before
        saved(browser, 1)
        (decision,) = review_of(tmp_path / "case")["decisions"].values()
        begin, end = datetime(2022, 11, 10, 7, 30, tzinfo=UTC), datetime(2022, 11, 10, 8, 30, tzinfo=UTC)
        assert begin < decision["end"] < end  # 13:00 and 14:00 in Kolkata
        assert browser.messages == []
    finally:
        leave(browser)
        served.kill()


def test_the_key_for_an_edge_takes_that_of_the_selected_outage(browser, tmp_path):
    logs = tmp_path / "logs" / "ops-01" / "var" / "log"
    logs.mkdir(parents=True)
    shutil.copy(SAMPLE / "ops-01" / "var" / "log" / "ansible" / "ansible.log", logs / "ansible.log")
    two = ("2022-11-10T11:15..2022-11-10T12:00", "2022-11-10T13:00..2022-11-10T14:00")
    told(
        "run",
        tmp_path / "logs",
        "--tz",
        "Asia/Kolkata",
        "-o",
        tmp_path / "case",
        *(w for t in two for w in ("--outage", t)),
    )
    served = Served(tmp_path / "case", "--no-browser")
    browser.messages.clear()
    try:
        enter(browser, served.address)
        held = "document.activeElement.getAttribute('aria-valuetext')"
        for row, start, end in ((2, "13:00:00", "14:00:00"), (1, "11:15:00", "12:00:00")):
            browser.click(f"#outages li:nth-child({row}) .pick")
            browser.press("b")
            assert browser.run(held) == f"2022-11-10 {start}"
            browser.press("B")
            assert browser.run(held) == f"2022-11-10 {end}"
        assert browser.messages == []
    finally:
        leave(browser)
        served.kill()


# --- hostile logs -------------------------------------------------------------------------------------------


def test_what_logs_hold_stays_text_on_the_page(browser, tmp_path):
    made = ingest([hostile_logs(tmp_path / "logs")], tmp_path / "case", Options(tz="UTC", jobs=1))
    analyse(Case.open(made.folder))
    served = Served(made.folder, "--no-browser")
    browser.messages.clear()
    browser.requests.clear()
    try:
        enter(browser, served.address)
        for words in ("<script>", "onerror", "{{"):
            browser.press("/")
            browser.run(
                f"(n => {{ n.value = {json.dumps(words)}; n.dispatchEvent(new Event('input')); }})(document.getElementById('q'))"
            )
            browser.wait(f"document.querySelector('#hits mark')?.textContent === {json.dumps(words)}")
            browser.run("document.querySelector('#hits details').open = true")
            browser.wait("document.querySelector('#hits pre .cited')")
            browser.press("Escape")
        browser.press("d")
        browser.wait("document.querySelector('#paper h1')")
        browser.run("document.querySelectorAll('#paper a.note').forEach((a, n) => { if (n < 12) a.click(); })")
        browser.press("c", "t")
        for _ in range(12):
            browser.press("j")
        assert [m for m in browser.messages if "favicon" not in m] == []
        assert [url for url in browser.requests if not url.startswith(f"http://127.0.0.1:{served.port}/")] == []
        assert browser.run("document.title") == "case: afterlog review"
        assert browser.run("document.scripts.length") == 1
        assert browser.run("document.querySelectorAll('img, iframe, object, embed, base, svg, style').length") == 0
        links = browser.run("[...document.querySelectorAll('#paper a')].map(a => a.getAttribute('href') ?? '')")
        assert [href for href in links if href and not href.startswith("#")] == []
        assert (
            browser.run(
                "[...document.querySelectorAll('*')].some(e => [...e.attributes].some(a => a.name.startsWith('on')))"
            )
            is False
        )
        text = browser.run("document.body.textContent")
        assert "<script>" in text and "{{ 7 * 7 }}" in text
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", text)
        for secret in ("hunter2", "abcdef123456", "AKIAIOSFODNN7EXAMPLE", "s3cr3t-pw", "c2VjcmV0OnNlY3JldA"):
            assert secret not in text
    finally:
        leave(browser)
        served.kill()


def test_a_page_of_another_origin_gets_nowhere(browser, served, case, tmp_path):
    """It knows the port, and the browser holds the session: it can neither read, write, nor frame the page."""
    import http.server
    import threading

    enter(browser, served.address)
    target = f"http://127.0.0.1:{served.port}"
    attack = """<!doctype html><title>attack</title><iframe src="TARGET/"></iframe><script>
      const body = JSON.stringify({action: 'add', at: '2022-11-10 11:00', text: 'pwned'});
      const tries = [
        () => fetch('TARGET/api/state', {credentials: 'include'}).then(r => r.text()),
        () => fetch('TARGET/api/act', {method: 'POST', body, credentials: 'include', mode: 'no-cors'}).then(r => r.text()),
        () => fetch('TARGET/api/act', {method: 'POST', body, credentials: 'include', headers: {'Content-Type': 'application/json', 'X-Afterlog': '1'}}).then(r => r.text()),
        () => import('TARGET/static/main.js').then(() => 'ran'),
      ];
      Promise.all(tries.map(t => t().catch(() => ''))).then(all => {
        const form = document.createElement('form'); form.method = 'POST'; form.action = 'TARGET/api/act'; form.target = 'sink';
        form.enctype = 'text/plain'; form.innerHTML = '<input name=a>'; document.body.append(form); form.submit();
        document.title = 'done ' + JSON.stringify(all);
      });
    </script><iframe name=sink></iframe>""".replace("TARGET", target)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text(attack, encoding="utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(tmp_path / "web"))

        def log_message(self, *given):
            pass

    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        for name in ("127.0.0.1", "localhost"):  # of the same site as the page, and not
            browser.visit(f"http://{name}:{other.server_port}/")
            browser.wait("document.title.startsWith('done')")
            answers = json.loads(browser.run("document.title").removeprefix("done "))
            assert answers == ["", "", "", ""]
            assert browser.run("document.querySelector('iframe').contentDocument") is None, (
                "the browser shows an error page"
            )
        assert review_of(case) == {}
    finally:
        other.shutdown()
        other.server_close()
        browser.messages.clear()
        leave(browser)
