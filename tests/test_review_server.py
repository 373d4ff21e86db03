"""The review page's server: who may speak to it, what it counts, finds and reads; without a browser."""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import tarfile
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.case import Case
from afterlog.clock import zone_of
from afterlog.errors import InputError
from afterlog.evidence import Place
from afterlog.server import serve
from afterlog.server.around import Around
from afterlog.server.counts import Counts, even_edges
from afterlog.server.searching import Events, Wanted
from afterlog.server.telling import offsets
from afterlog.server.tree import tree_of
from afterlog.source import reopen
from afterlog.traffic.signals import SIGNALS_SCHEMA
from afterlog.writing.redaction import without_secrets
from serving import Served

BODY = json.dumps({"action": "add", "at": "2022-11-10 11:00:00", "text": "someone else"}).encode()


@pytest.fixture(scope="module")
def served(recording, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "case"
    shutil.copytree(recording.case.folder, folder)
    server = Served(folder, "--no-browser")
    try:
        server.folder = folder
        server.cookie = server.enter()
        yield server
    finally:
        server.kill()


def ours(served, **more):
    origin = f"http://127.0.0.1:{served.port}"
    return {"Cookie": served.cookie, "Origin": origin, "X_Afterlog": "1", "Content_Type": "application/json", **more}


# --- the guard ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/draft", "/static/main.js", "/?token=", "/?token=guess"])
def test_without_the_session_nothing_is_told(served, path):
    status, _, text = served.ask(path)
    assert status == 403
    assert "afterlog review" in text and "outage" not in text


def test_the_token_works_once(served):
    status, headers, _ = served.ask(f"/?token={served.token}")
    assert status == 403
    assert "set-cookie" not in headers


def test_asking_for_the_head_of_the_page_leaves_the_token_as_it_is(recording, tmp_path):
    """Whoever looks at an address before a person follows it, such as a chat's preview, asks so."""
    shutil.copytree(recording.case.folder, tmp_path / "case")
    server = Served(tmp_path / "case", "--no-browser")
    try:
        status, headers, _ = server.ask(f"/?token={server.token}", method="HEAD")
        assert status == 403
        assert "set-cookie" not in headers
        assert server.enter()
    finally:
        server.kill()


def test_the_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(recording, tmp_path):
    shutil.copytree(recording.case.folder, tmp_path / "case")
    server = Served(tmp_path / "case", "--no-browser")
    try:
        _, headers, _ = server.ask(f"/?token={server.token}")
        kept = {part.strip().lower() for part in headers["set-cookie"].split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= kept
        assert server.token not in headers["set-cookie"]
    finally:
        server.kill()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]:{port}",
        "127.0.0.1.evil.example:{port}",
        "",
    ],
)
def test_a_rebinding_host_gets_nowhere_even_with_the_session(served, host):
    status, _, text = served.ask("/api/state", host=host.format(port=served.port), Cookie=served.cookie)
    assert status in (400, 421)
    assert "outages" not in text


def test_localhost_is_the_same_place(served):
    status, _, text = served.ask("/api/state", host=f"localhost:{served.port}", Cookie=served.cookie)
    assert status == 200 and "outages" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:{port}"},
        {"X_Afterlog": "0"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Cookie": "afterlog=1"},
    ],
    ids=str,
)
def test_only_the_page_itself_writes(served, wrong):
    changed = {name: value.format(port=served.port) for name, value in wrong.items()}
    status, _, _ = served.ask("/api/act", method="POST", body=BODY, **{**ours(served), **changed})
    assert status == 403
    assert not (served.folder / "review.toml").exists()


def test_a_post_without_an_origin_does_not_write(served):
    headers = ours(served)
    del headers["Origin"]
    assert served.ask("/api/act", method="POST", body=BODY, **headers)[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_and_no_preflight_is_granted(served, method):
    status, headers, _ = served.ask("/api/act", method=method, **ours(served))
    assert status == 405
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_reading_from_another_site_is_refused_and_following_a_link_is_not(served):
    assert served.ask("/api/state", Cookie=served.cookie, Sec_Fetch_Site="cross-site")[0] == 403
    assert served.ask("/api/state", Cookie=served.cookie, Origin="http://evil.example")[0] == 403
    followed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert served.ask("/", Cookie=served.cookie, **followed)[0] == 200
    framed = {**followed, "Sec_Fetch_Dest": "iframe"}
    assert served.ask("/", Cookie=served.cookie, **framed)[0] == 403


def test_every_answer_carries_the_policy(served):
    for path in ("/", "/api/state", "/static/main.js", "/nothing"):
        _, headers, _ = served.ask(path, Cookie=served.cookie)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


@pytest.mark.parametrize(
    "name", ["../desk.py", "..%2fdesk.py", "%2e%2e/desk.py", "vendor/../../desk.py", "nothing.js", "/etc/passwd"]
)
def test_only_the_page_s_own_files_are_served(served, name):
    status, _, text = served.ask(f"/static/{name}", Cookie=served.cookie)
    assert status == 404 and "import" not in text


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"{", 400), (b'{"action": "explode"}', 400), (b'{"action": "reject", "id": "nobody"}', 400), (b'{"action": ["add"]}', 400), (b"\xff", 400), (b"[" * 60_000, 400), (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400), (b'{"action": "add", "at": "9999-12-31T23:59:59-12:00", "text": "too late"}', 400), (b"x" * 70_000, 413)],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_nonsense_is_answered_and_changes_nothing(served, body, status):
    assert served.ask("/api/act", method="POST", body=body, **ours(served))[0] == status
    assert not (served.folder / "review.toml").exists()


@pytest.mark.parametrize(
    "query",
    ["rates?service=a", "rates?from=2&to=1", "rates?from=nan&to=1", "rates?from=0&to=1e300", "events?after=x", "events?after=[Infinity,%22a%22,1]", "events?after=" + "[" * 2_000, "events?q=/(/", "events?since=yesterday", "context?source=../../etc/passwd&line=1&offset=0", "context?source=a&line=x&offset=1"],
)  # fmt: skip
def test_nonsense_in_a_question_is_an_error_with_words(served, query):
    status, _, text = served.ask(f"/api/{query}", Cookie=served.cookie)
    assert status == 400
    assert json.loads(text)["error"]


def test_without_a_display_it_says_what_to_do_and_ends_with_ctrl_c(recording, tmp_path):
    shutil.copytree(recording.case.folder, tmp_path / "case")
    server = Served(tmp_path / "case")
    rest = ""
    while "review --help" not in rest:
        rest += server.process.stdout.readline()
    assert f"ssh -N -L {server.port}:127.0.0.1:{server.port} " in rest
    assert "review.toml" in server.stop()
    assert server.process.returncode == 0


def test_the_browser_is_sent_by_way_of_a_file_that_only_its_owner_reads(recording, tmp_path):
    """Any user can list the processes and what they were started with; so the token is not among that."""
    shutil.copytree(recording.case.folder, tmp_path / "case")
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\ncp "${1#file://}" "$TOLD.page"; echo "$1" > "$TOLD"\n', encoding="utf-8")
    browser.chmod(0o700)
    told = tmp_path / "told"
    server = Served(tmp_path / "case", DISPLAY=":0", BROWSER=f"{browser} %s", TOLD=str(told))
    try:
        for _ in range(600):
            if told.exists() and told.read_text(encoding="utf-8").endswith("\n"):
                break
            time.sleep(0.05)
        door = tmp_path / "case" / "open-review.html"
        assert told.read_text(encoding="utf-8").strip() == door.as_uri()
        assert server.token in (tmp_path / "told.page").read_text(encoding="utf-8")
        assert door.stat().st_mode & 0o777 == 0o600
    finally:
        server.stop()
    assert not door.exists()


def test_a_port_that_is_taken_is_told(served, recording):
    with pytest.raises(InputError, match=f"--port {served.port}: .*take another"):
        serve(recording.case.folder, port=served.port, open_browser=False)


def test_a_browser_that_goes_away_in_the_middle_does_not_end_the_server(served):
    """Writing to a closed connection raises SIGPIPE, which the command line takes as its end."""
    served.process.send_signal(signal.SIGPIPE)
    assert served.ask("/api/state", Cookie=served.cookie)[0] == 200
    assert served.process.poll() is None


# --- counts -------------------------------------------------------------------------------------------------


def table_of(rows):
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, SIGNALS_SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SIGNALS_SCHEMA)


def test_all_failures_of_the_sample_lie_between_the_first_and_the_last(recording):
    counts = Counts.of(recording.case)
    told = counts.window("bk_blog", 1_668_059_100, 1_668_070_345, 2_000)  # 05:45:00 to 08:52:25 UTC
    assert sum(told["failed"]) == 7_413  # tests/truth: failed
    assert [one.service for one in counts.services] == ["bk_blog", "bk_static"]
    lanes = counts.lanes("bk_blog", 1_668_059_100, 1_668_070_345, 100)["lanes"]
    assert [lane["host"] for lane in lanes] == [None, None, "web-01", "web-02", "web-03"]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5_000), st.sampled_from("ab"), st.sampled_from(["x", "y", None]), st.integers(1, 9)),
        min_size=1,
        max_size=60,
    ),
    begin=st.integers(-100, 5_000),
    length=st.integers(1, 6_000),
    bins=st.integers(1, 300),
)
def test_bins_hold_what_counting_by_hand_gives(rows, begin, length, bins, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counts")
    Case(folder).write_table("signals", table_of([(t, s, h, n, n // 2, n // 3) for t, s, h, n in rows]))
    counts = Counts.of(Case(folder))
    told = counts.window("a", begin, begin + length, bins)
    assert len(told["requests"]) <= bins + 1
    assert told["start"] <= begin and told["start"] + told["step"] * len(told["requests"]) >= begin + length
    for number, (requests, failed) in enumerate(zip(told["requests"], told["failed"], strict=True)):
        low, high = told["start"] + number * told["step"], told["start"] + (number + 1) * told["step"]
        inside = [n for t, s, _h, n in rows if s == "a" and low <= t < high]
        assert (requests, failed) == (sum(inside), sum(n // 2 for n in inside))
    bad = {t for t, s, _h, n in rows if s == "a" and n // 2 and begin <= t < begin + length}
    assert set(counts.failing_seconds("a", begin, begin + length)) == bad


def test_edges_are_multiples_of_a_round_width_so_that_bins_stand_still_while_the_window_moves():
    edges, step = even_edges(1_000, 1_000 + 3_600, 100)
    assert step == 60  # 3,600 s in at most 99 whole bins and the cut ones: 37 s rounded up
    moved, _ = even_edges(1_007, 1_007 + 3_600, 100)
    assert set(moved[:-2]) <= {*edges, edges[-1] + step}
    assert len(even_edges(0, 10 * 365 * 86_400, 2_000)[0]) <= 2_002
    assert even_edges(0, 400 * 365 * 86_400, 10)[1] % 604_800 == 0


def test_a_case_without_requests_has_no_counts(tmp_path):
    counts = Counts.of(Case(tmp_path))
    assert counts.span() is None and counts.services == []
    assert sum(counts.window("a", 0, 100, 10)["requests"]) == 0


# --- search -------------------------------------------------------------------------------------------------


def every(events, wanted, most=100, patience_s=60.0):
    found, after = [], None
    while True:
        page = events.search(wanted, after, most, patience_s)
        found += page.rows
        after = page.after
        if after is None:
            return found
        assert len(page.rows) <= most


def keys(rows):
    return [(row["time"], row["source"], row["line"]) for row in rows]


@pytest.fixture(scope="module")
def all_events(recording):
    rows = recording.case.events().to_pylist()
    for row in rows:
        row["time"] = int(row["time"].timestamp()) * 1_000_000 + row["time"].microsecond
    return rows


TEXTS = ("message", "path", "method", "client", "target", "actor", "action", "request_id", "upstream")


@pytest.mark.parametrize(("most", "patience_s"), [(1, 60.0), (7, 60.0), (100, 60.0), (100, 0.0)])
def test_pages_give_each_hit_once_and_in_order(recording, all_events, most, patience_s):
    wanted = Wanted("locale")
    expected = [r for r in all_events if any("locale" in str(r[name] or "").lower() for name in TEXTS)]
    assert len(expected) > 20
    found = every(Events(recording.case), wanted, most, patience_s)
    assert keys(found) == keys(expected)


def test_words_phrases_absence_and_patterns(recording, all_events):
    def by_hand(test):
        return keys(r for r in all_events if test(" ".join(f"\n{r[name]}" for name in TEXTS if r[name])))

    events = Events(recording.case)
    assert keys(every(events, Wanted('"GREP -rn" phpp'))) == by_hand(lambda t: "grep -rn" in t and "phpp" in t) != []
    assert (
        keys(every(events, Wanted("apachectl -configtest")))
        == by_hand(lambda t: "apachectl" in t and "configtest" not in t)
        != []
    )
    assert keys(every(events, Wanted(r"/php[p]\b/"))) == by_hand(lambda t: "phpp" in t and "phppp" not in t) != []
    with pytest.raises(InputError, match=r"/\(/"):
        events.search(Wanted("/(/"))


def test_filters_by_time_host_kind_and_failure(recording, all_events):
    begin, end = 1_668_059_100_000_000, 1_668_059_400_000_000  # 05:45 to 05:50 UTC
    wanted = Wanted("", begin, end, hosts=("lb-01",), kinds=("request",), failed=True)
    expected = [
        r for r in all_events
        if begin <= r["time"] < end and r["host"] == "lb-01" and r["kind"] == "request" and (r["status"] or 0) >= 500
    ]  # fmt: skip
    assert keys(every(Events(recording.case), wanted)) == keys(expected) != []


def test_a_page_whose_time_is_up_says_how_far_it_came_and_always_gets_on(recording):
    events = Events(recording.case)
    first = events.search(Wanted("no such words anywhere"), patience_s=0.0)
    assert first.rows == [] and first.after is not None and first.reached_us == first.after[0]
    assert 0 < first.looked_at < events.count()
    second = events.search(Wanted("no such words anywhere"), first.after, patience_s=0.0)
    assert second.after is None or second.after[0] > first.after[0]


# --- lines around a place -----------------------------------------------------------------------------------


def logs_of(folder: Path) -> Path:
    """One log, plain, in a gzip file, in an archive, and rotated: 2,000 lines with their number."""
    lines = [
        f"2022-11-10T11:{n // 60 % 60:02d}:{n % 60:02d}Z app worker[{n}]: line {n} of it\n".encode()
        for n in range(2_000)
    ]
    (folder / "plain").mkdir(parents=True)
    (folder / "plain" / "app.log").write_bytes(b"".join(lines))
    with gzip.open(folder / "plain" / "zipped.log.gz", "wb") as file:
        file.write(b"".join(lines))
    with tarfile.open(folder / "packed.tar.gz", "w:gz") as archive:
        archive.add(folder / "plain" / "app.log", "web/app.log")
    (folder / "turned").mkdir()
    (folder / "turned" / "svc.log.1").write_bytes(b"".join(lines[:1_200]))
    (folder / "turned" / "svc.log").write_bytes(b"".join(lines[1_200:]))
    return folder


def test_lines_around_are_the_same_in_files_archives_and_rotated_sets(tmp_path):
    root = logs_of(tmp_path / "logs")
    sources = reopen([str(root)])
    assert len(sources) == 4
    around = Around(lambda: sources, str)
    lines = (root / "plain" / "app.log").read_bytes().split(b"\n")
    for number in (1, 2, 777, 1_200, 1_201, 1_999, 2_000):
        offset = sum(len(line) + 1 for line in lines[: number - 1])
        for source in sources:
            told = around.lines(Place(source.path, number, offset), 3, 3)
            first, last = max(number - 3, 1), min(number + 3, 2_000)
            assert [line["number"] for line in told["lines"]] == list(range(first, last + 1)), source.path
            assert [line["text"] for line in told["lines"]] == [line.decode() for line in lines[first - 1 : last]]
            assert [line["number"] for line in told["lines"] if line["cited"]] == [number]
            assert told["more_above"] == (first > 1) and told["more_below"] == (last < 2_000)


def test_a_line_that_changed_is_told_and_one_that_is_gone_is_an_error(tmp_path):
    root = logs_of(tmp_path / "logs")
    around = Around(lambda: reopen([str(root)]), str)
    told = around.lines(Place("plain/app.log", 1, 0), 0, 0, "0" * 64)
    assert told["unchanged"] is False
    with pytest.raises(InputError, match="not there any more"):
        around.lines(Place("plain/app.log", 9_999, 9_999_999), 3, 3)
    with pytest.raises(InputError, match="not there any more"):
        around.lines(Place("elsewhere.log", 1, 0), 3, 3)


def test_secrets_and_escapes_are_masked_and_long_lines_are_cut(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_bytes(
        b"password=hunter2 \x1b[31mred\x1b[0m \xff\n" + b"x" * 3_000_000 + b"\nlast\n"
    )
    around = Around(lambda: reopen([str(tmp_path / "logs")]), without_secrets)
    first = around.lines(Place("a.log", 1, 0), 0, 0)["lines"][0]["text"]
    assert "hunter2" not in first and "\x1b" not in first and "red" in first
    told = around.lines(Place("a.log", 2, len(b"password=hunter2 \x1b[31mred\x1b[0m \xff\n")), 1, 1)
    assert len(told["lines"][1]["text"]) <= 4_001 and told["lines"][1]["text"].endswith("…")


# --- what the page is told ----------------------------------------------------------------------------------


def test_a_tree_holds_only_what_a_draft_is_made_of():
    html = '<p onclick="x()">a <b>b</b><script>alert(1)</script><img src=x onerror=y><a href="javascript:z">c</a></p>'
    assert tree_of(html) == [["p", {}, ["a ", "b", "alert(1)", ["a", {}, ["c"]]]]]
    assert tree_of('<a href="#n-1" class="note">1</a><br>x') == [
        ["a", {"class": "note", "href": "#n-1"}, ["1"]],
        ["br", {}, []],
        "x",
    ]


def test_a_zone_s_offset_changes_where_its_clocks_do():
    begin, end = (
        1_667_000_000,
        1_668_000_000,
    )  # 28 October to 9 November 2022; Berlin left summer time on 30 October, 01:00 UTC
    assert offsets(zone_of("Europe/Berlin"), begin, end) == [[begin, 7_200], [1_667_091_600, 3_600]]
    assert offsets(zone_of("Asia/Kolkata"), begin, end) == [[begin, 19_800]]
