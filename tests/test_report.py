"""The report, in a headless Chromium: no request, no error, hostile content inert, footnotes and zoom at work."""

from __future__ import annotations

import json
import re

import pytest

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.ingestion import Options, ingest
from afterlog.report.document import document_html
from afterlog.session import write_draft
from afterlog.writing.page import Clock
from chromium import Page, needs_chromium
from hostile import hostile_logs


@pytest.fixture(scope="module")
def report(recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "case"
    folder.mkdir()
    for file in recording.case.folder.iterdir():
        if file.is_file() or file.name == "events":
            (folder / file.name).symlink_to(file)
    written = write_draft(Case.open(folder), recording.findings)
    return written.report


@pytest.fixture(scope="module")
def page(report):
    opened = Page()
    opened.open(report)
    yield opened
    opened.close()


def test_the_sample_s_report_is_under_two_megabytes_and_names_no_address_to_load_from(report):
    text = report.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert "Content-Security-Policy" in text and "default-src 'none'" in text
    loaded = re.findall(r"""<[a-z][^<>]*\s(?:src|href)=["']?([^"'>\s]+)""", text)
    assert len(loaded) > 60
    assert [address for address in loaded if not address.startswith(("#", "data:image/svg+xml;base64,"))] == []
    assert " style=" not in text.split("<body>")[1].split("<script")[0]


@needs_chromium
def test_it_opens_from_a_file_without_an_error_or_a_request(page, report):
    assert [message for message in page.messages if "favicon" not in message] == []
    assert [url for url in page.requests if url not in ("about:blank", report.as_uri())] == []


@needs_chromium
def test_the_chart_shows_rate_traffic_outage_and_changes(page):
    assert page.run("document.querySelectorAll('#plot .band').length") == 1
    assert page.run("document.querySelectorAll('#plot .mark.attempt').length") == 1
    assert page.run("document.querySelectorAll('#plot .mark.change').length") >= 8
    assert len(page.run("document.querySelector('#plot .bad').getAttribute('d')")) > 1000


@needs_chromium
def test_zooming_shows_less_time_and_all_of_it_again(page):
    axis = "[...document.querySelectorAll('#plot text')].map(t => t.textContent).filter(t => /^\\d\\d:\\d\\d/.test(t)).join(' ')"
    before = page.run(axis)
    for _ in range(4):
        page.run("document.querySelector('[data-do=in]').click()")
    near = page.run(axis)
    assert near != before and len({clock[:2] for clock in near.split()}) <= 2
    page.run("document.querySelector('[data-do=all]').click()")
    assert page.run(axis) == before


@needs_chromium
def test_a_footnote_opens_the_line_in_its_context(page):
    page.run("document.querySelector('a.note').click()")
    assert page.run("document.getElementById('panel').hidden") is False
    shown = page.run("document.getElementById('panel').innerText")
    assert "lb-01/var/log/haproxy.log:3159" in shown
    for number in range(3156, 3163):  # three lines on either side
        assert str(number) in shown
    assert page.run("document.querySelectorAll('#panel .cited').length") == 1
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    assert page.run("document.getElementById('panel').hidden") is True


@needs_chromium
def test_utc_stands_beside_local_time(page):
    # 11:15:00 in Kolkata is 05:45:00 in UTC
    assert page.run("document.querySelector('#e7 .utc').textContent") == "2022-11-10 05:45:00"
    told = page.run(
        "[...document.querySelectorAll('article li')].find(li => li.innerText.includes('Outage begins')).innerText"
    )
    assert told.startswith("11:15:00 05:45:00")


@needs_chromium
def test_it_is_readable_in_dark_and_narrow(page):
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
    assert page.run("document.documentElement.scrollWidth") <= 400
    page.call("Emulation.clearDeviceMetricsOverride")


@needs_chromium
def test_what_logs_hold_stays_text_in_the_report(tmp_path):
    written = write_draft(
        case := ingest([hostile_logs(tmp_path / "logs")], tmp_path / "case", Options(tz="UTC", jobs=1)), analyse(case)
    )
    text = written.report.read_text(encoding="utf-8")
    assert len(text) < 2_000_000, "a URL of a megabyte is cut"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", text)
    opened = Page()
    try:
        opened.open(written.report)
        assert opened.messages == []
        assert [url for url in opened.requests if url not in ("about:blank", written.report.as_uri())] == []
        assert opened.run("document.title").startswith("Postmortem")
        assert (
            opened.run("document.querySelectorAll('img, iframe, object, embed, form, base, link, svg script').length")
            == 0
        )
        assert opened.run("document.scripts.length") == 2
        assert (
            opened.run(
                "[...document.querySelectorAll('a')].filter(a => !a.getAttribute('href').startsWith('#')).length"
            )
            == 0
        )
        assert (
            opened.run(
                "[...document.querySelectorAll('*')].some(e => [...e.attributes].some(a => a.name.startsWith('on')))"
            )
            is False
        )
        assert opened.run("document.body.innerText.includes('<script>')"), "the hostile line is quoted, as text"
        assert opened.run("document.body.innerText.includes('{{ 7 * 7 }}')")
        assert not opened.run("document.body.innerText.includes('49 templates')")
    finally:
        opened.close()


def test_two_reports_of_the_same_logs_are_equal_bytes(report, recording, tmp_path, monkeypatch):
    import shutil
    import time

    shutil.copytree(recording.case.folder, tmp_path / "case")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    written = write_draft(Case.open(tmp_path / "case"), recording.findings)
    monkeypatch.undo()
    time.tzset()
    assert written.report.read_bytes() == report.read_bytes()


def test_the_report_shows_what_a_person_wrote(recording, tmp_path):
    import shutil

    shutil.copytree(recording.case.folder, tmp_path / "case")
    case = Case.open(tmp_path / "case")
    draft = write_draft(case, recording.findings).draft
    draft.write_text(
        draft.read_text(encoding="utf-8").replace(
            "> **?** Was data lost or delayed?", "No data was lost, we **checked**."
        ),
        encoding="utf-8",
    )
    assert "No data was lost, we <strong>checked</strong>." in write_draft(case, recording.findings).report.read_text(
        encoding="utf-8"
    )


def test_html_in_a_person_s_text_and_links_with_scripts_are_text():
    hostile = '# T\n\n<img src=x onerror="alert(1)"> [a](javascript:alert(1)) [b](https://example.org) ![c](http://example.org/x.png) [^9]\n'
    _title, _headings, html = document_html(hostile, {"1"}, Clock("UTC"), None)
    assert "<img" not in html and "&lt;img" in html
    assert "javascript:" not in re.sub(r">[^<]*<", "><", html)
    assert 'href="https://example.org"' in html
    assert "[^9]" in html, "a footnote that does not exist is no link"


def test_a_time_is_read_on_its_own_day_and_zone():
    day = 1_668_059_100_000_000  # 2022-11-10 05:45:00 UTC
    _title, _headings, html = document_html(
        "At 11:15:00, and 11 November 2022, 00:10; 14:00 UTC stays.\n", set(), Clock("Asia/Kolkata"), day
    )
    assert 'datetime="2022-11-10T05:45:00Z"' in html
    assert 'datetime="2022-11-10T18:40:00Z"' in html  # 00:10 on the 11th, less 5 h 30 min
    assert html.count("<time") == 2


def test_data_for_the_chart_cannot_end_its_script(report):
    raw = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', report.read_text(encoding="utf-8"), re.DOTALL
    )[1]
    assert "<" not in raw and ">" not in raw and "&" not in raw
    data = json.loads(raw)
    blog = next(service for service in data["services"] if service["name"] == "bk_blog")
    assert sum(blog["bad"]) == 7413  # every failure of the service lies in the outage
    assert len(blog["all"]) == len(blog["bad"]) <= 4_001
