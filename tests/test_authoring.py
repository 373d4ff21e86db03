"""The commands for authors of formats: show, test, explain, new; and where parsers come from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from afterlog.cli import app
from afterlog.errors import InputError, ParserError
from afterlog.ingestion import Options, ingest
from afterlog.plugins import trusted_folders, user_folder

OWN = '''"""My proxy: what it writes.

Trap: milliseconds.
"""

from afterlog.parser import Kind, Layout, LineParser, Sample

PARSER = LineParser(
    name="my-proxy",
    title="My proxy",
    url="https://example.org/docs/logging",
    kind=Kind.REQUEST,
    layouts=(Layout('PX {time:iso} {client:ip} "{request:request}" {status:d} {duration:ms}'),),
    samples=(
        Sample(
            b'PX 2022-11-10T11:15:00+05:30 192.0.2.7 "GET / HTTP/1.1" 500 17',
            {"time": "2022-11-10T11:15:00+05:30", "client": "192.0.2.7", "path": "/", "status": 500, "duration": 0.017},
            origin="my-proxy 1.2",
        ),
    ),
)
'''
LOG = 'PX 2022-11-10T11:15:{:02d}+05:30 192.0.2.7 "GET /{} HTTP/1.1" {} 17\n'


@pytest.fixture(autouse=True)
def _no_folder_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def afterlog(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def written(folder: Path, text: str = OWN, name: str = "my_proxy.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def logged(folder: Path, count: int = 30) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "px.log").write_text("".join(LOG.format(i % 60, i, 503 if i == 7 else 200) for i in range(count)))
    return folder / "px.log"


# --- a format in one file -----------------------------------------------------------------------------------


def test_adding_a_format_touches_one_file(tmp_path):
    log = logged(tmp_path / "logs")
    before = ingest([log], tmp_path / "before", Options(tz="UTC")).events().to_pylist()
    assert {event["parser"] for event in before} == {"generic"}
    folder = written(tmp_path / "mine").parent
    events = ingest([log], tmp_path / "after", Options(parser_folders=(folder,))).events().to_pylist()
    failed = [event for event in events if event["status"] == 503]
    assert len(events) == 30
    assert [(event["parser"], event["path"], event["duration"]) for event in failed] == [("my-proxy", "/7", 0.017)]


def test_a_folder_of_ones_own_needs_no_option(tmp_path):
    log = logged(tmp_path / "logs")
    written(tmp_path / "config" / "afterlog" / "parsers")
    assert {event["parser"] for event in ingest([log], tmp_path / "case").events().to_pylist()} == {"my-proxy"}
    assert "my-proxy" in afterlog("parsers", "list").stdout


def test_an_installed_package_brings_parsers_by_its_entry_point(tmp_path, monkeypatch):
    package = tmp_path / "site" / "px"
    written(package.parent, name="px_parsers.py")
    info = tmp_path / "site" / "px-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: px\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[afterlog.parsers]\npx = px_parsers\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    from afterlog.plugins import declared_parsers

    origins = {parser.name: home.origin for parser, home in declared_parsers()}
    assert (origins["my-proxy"], origins["access"]) == ("installed", "built in")


def test_parsers_that_came_with_the_logs_are_never_run(tmp_path):
    logs = logged(tmp_path / "logs").parent
    trap = "raise SystemExit('ran')"
    written(logs / "parsers", trap)
    written(logs, trap, "px.py")
    with pytest.raises(ParserError, match="lies in the logs"):
        ingest([logs], tmp_path / "case", Options(parser_folders=(logs / "parsers",)))
    with pytest.raises(ParserError, match="lies in the logs"):
        ingest([logs], tmp_path / "case", Options(parser_folders=(logs,)))
    assert len(ingest([logs], tmp_path / "case", Options(tz="UTC")).events(["time"])) == 30


def test_a_folder_of_ones_own_that_was_collected_is_left_out(tmp_path, monkeypatch):
    logs = logged(tmp_path / "logs").parent
    monkeypatch.setenv("XDG_CONFIG_HOME", str(logs / "home" / ".config"))
    mine = written(logs / "home" / ".config" / "afterlog" / "parsers").parent
    assert user_folder() == mine
    assert trusted_folders((), [logs]) == ()
    assert trusted_folders((), [tmp_path / "elsewhere"]) == (mine,)


def test_a_relative_configuration_home_counts_for_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", ".")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_folder() == tmp_path / ".config" / "afterlog" / "parsers"


@pytest.mark.parametrize(
    ("text", "message"),
    [("PARSER = 1\n", "declares PARSER"), ("import nonsuch_module\n", "ModuleNotFoundError"), ("def (", "SyntaxError")],
)
def test_a_file_that_is_no_parser_is_named_with_what_is_wrong(text, message, tmp_path):
    folder = written(tmp_path / "mine", text).parent
    with pytest.raises(ParserError, match=message) as told:
        afterlog("parsers", "list", "--parsers", folder)
    assert "my_proxy.py" in str(told.value)


# --- show ---------------------------------------------------------------------------------------------------


def test_show_tells_what_the_file_says_and_what_becomes_of_each_field(tmp_path):
    folder = written(tmp_path / "mine").parent
    told = json.loads(afterlog("parsers", "show", "my-proxy", "--parsers", folder, "--json").stdout)
    assert told["documentation"] == "My proxy: what it writes.\n\nTrap: milliseconds."
    assert (told["url"], told["origin"]) == ("https://example.org/docs/logging", "--parsers")
    becomes = {field["name"]: field["becomes"] for field in told["fields"]}
    assert becomes["client"] == "client"
    assert becomes["request"] == "method, path, fields.protocol"
    assert told["samples"][0]["origin"] == "my-proxy 1.2"
    text = afterlog("parsers", "show", "my-proxy", "--parsers", folder).stdout
    assert "PX {time:iso} {client:ip}" in text
    assert "Trap: milliseconds." in text


def test_show_of_a_name_that_is_none_lists_the_names():
    with pytest.raises(InputError, match="no parser is named 'nonsuch'; there are: access"):
        afterlog("parsers", "show", "nonsuch")


# --- test ---------------------------------------------------------------------------------------------------


def test_a_parser_whose_promises_hold_passes(tmp_path):
    done = afterlog("parsers", "test", written(tmp_path / "mine"))
    assert (done.exit_code, "all hold" in done.stdout) == (0, True)


def test_a_mismatch_says_expected_and_got_per_field(tmp_path):
    done = afterlog("parsers", "test", written(tmp_path, OWN.replace('"status": 500', '"status": 501')))
    assert done.exit_code == 1
    assert "sample 1: broken: each sample comes out as stated" in done.stdout
    assert "status: expected 501, got 500" in done.stdout


def test_a_sample_that_does_not_match_says_where_matching_stopped(tmp_path):
    done = afterlog("parsers", "test", written(tmp_path, OWN.replace("HTTP/1.1\" 500 17'", "HTTP/1.1\" five 17'")))
    assert done.exit_code == 1
    # PX, a time of 25 bytes, an address of 9 and a quoted request of 16, with blanks between: 3 + 26 + 10 + 17
    assert "stopped at byte 56: expected {status:d}" in done.stdout
    assert "'five 17' stands there" in done.stdout


@pytest.mark.parametrize(
    ("change", "law"),
    [
        (('"my-proxy 1.2"', '""'), "says what it is"),
        (("https://", "http://"), "says what it is"),
        (("{duration:ms}'),)", "{duration:ms}'), Layout('PY {time:iso} x'))"), "each layout has a sample"),
        (("expect=None", ""), ""),
    ],
)
def test_each_broken_law_is_named(change, law, tmp_path):
    done = afterlog("parsers", "test", written(tmp_path, OWN.replace(*change)), "--json")
    broken = [one["law"] for one in json.loads(done.stdout)["parsers"][0]["broken"]]
    assert broken == ([law] if law else [])
    assert done.exit_code == (1 if law else 0)


def test_a_parser_that_takes_anothers_lines_is_told_whose(tmp_path):
    combined = '{client:ip} - - [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}"'
    greedy = OWN.replace('PX {time:iso} {client:ip} "{request:request}" {status:d} {duration:ms}', combined)
    done = afterlog("parsers", "test", written(tmp_path, greedy))
    assert done.exit_code == 1
    assert "it is access's" in done.stdout


def test_a_built_in_parser_is_tested_by_its_name():
    assert afterlog("parsers", "test", "redis").exit_code == 0


# --- explain ------------------------------------------------------------------------------------------------


def test_explain_says_who_was_asked_who_claimed_and_why_the_winner_won(tmp_path):
    log = tmp_path / "access.log"
    line = '10.0.0.1 - - [10/Nov/2022:10:00:{:02d} +0000] "GET /{} HTTP/1.1" 200 17 "-" "curl"\n'
    log.write_text("".join(line.format(i, i) for i in range(40)) + "noise\n" * 8)
    told = json.loads(afterlog("parsers", "explain", log, "--json").stdout)
    assert told["parser"] == "access"
    assert told["lines_asked"] == 32  # of 48, evenly spread
    assert (told["events"], told["rejects"], told["lines"]) == (40, 8, 48)
    assert told["claims"][0]["parser"] == "access"
    assert told["claims"][0]["lines"] + told["claims"][0]["continued"] < 32
    assert "journald-json" in told["asked"]["other_beginning"]
    assert told["first_records"][0]["path"] == "/0"
    assert told["first_rejects"][0]["line"] == 41
    assert any("stopped at byte" in why for why in told["first_rejects"][0]["stopped"])
    assert "access.log is read by access." in afterlog("parsers", "explain", log).stdout


def test_explain_of_an_unknown_format_says_what_was_learned(tmp_path):
    log = tmp_path / "own.log"
    log.write_text("".join(f"10.11.2022 10:00:{i:02d} hello {i}\n" for i in range(20)))
    told = json.loads(afterlog("parsers", "explain", log, "--json").stdout)
    assert (told["parser"], told["events"]) == ("generic", 20)
    assert "learned" in told["why"]


def test_explain_of_text_without_times_says_that_nobody_reads_it(tmp_path):
    (tmp_path / "prose.txt").write_text("no time anywhere\nnor here\n")
    told = json.loads(afterlog("parsers", "explain", tmp_path / "prose.txt", "--json").stdout)
    assert told["parser"] is None
    assert "no form of time was found" in told["why"]


def test_what_a_log_holds_is_shown_inert(tmp_path):
    (tmp_path / "evil.log").write_bytes(b"2022-11-10 10:00:00 ERROR \x1b]0;owned\x07 \xe2\x80\xae x\n" * 5)
    shown = afterlog("parsers", "explain", tmp_path / "evil.log").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 99), "a PNG image"),
        (lambda path: path.write_bytes(b""), "empty"),
    ],
)
def test_explain_of_what_is_no_log_says_so(make, message, tmp_path):
    make(tmp_path / "x")
    with pytest.raises(InputError, match=message):
        afterlog("parsers", "explain", tmp_path / "x")


# --- new ----------------------------------------------------------------------------------------------------

STAMP = "2022-11-10T10:{:02d}:{:02d}.{:03d}+05:30"
LOGS = {
    "an access log of one's own": (
        [
            f'{STAMP.format(i // 60, i % 60, i)} 192.0.2.{i} "GET /p/{i} HTTP/1.1" {(200, 404, 503)[i % 3]} {i * 7} {i}ms "curl"'
            for i in range(40)
        ],
        '{time:iso} {client:ip} "{request:request}" {status:d} {bytes:d} {duration:ms}ms "{agent}"',
        {"client": "192.0.2.0", "method": "GET", "path": "/p/0", "status": 200, "bytes": 0, "duration": 0.0},
    ),
    "free text behind a date that no layout reads": (
        [
            f"10.11.2022 10:{i // 60:02d}:{i % 60:02d} worker-{i % 3} {('INFO', 'ERROR')[i % 2]} - "
            + (f"order {i} is done", "could not connect", "trying again in 5 seconds")[i % 3]
            for i in range(40)
        ],
        "{date:word}{~}{clock:word} {word1:word} {level:level} - {message:rest}",
        {"time": "2022-11-10T10:00:00", "severity": 9, "message": "order 0 is done"},
    ),
    "brackets, and lines that run on": (
        [
            f"[10/Nov/2022 10:{i // 60:02d}:{i % 60:02d}] [{('error', 'info')[i % 2]}] [{i}] something {'bad ' * (i % 3)}"
            f"happened{chr(10) + '  at Main.run' if i % 9 == 0 else ''}"
            for i in range(40)
        ],
        "[{time}] [{level:level}] [{number:d}] something {message:rest}",
        {"time": "2022-11-10T10:00:00", "severity": 17, "message": "happened\n  at Main.run"},
    ),
    "key=value pairs": (
        [
            f'lvl={("info", "error")[i % 2]} when={STAMP.format(0, i, 0)} code={(200, 500)[i % 2]} path=/p/{i} note="all {i}"'
            for i in range(40)
        ],
        'lvl={level:level} when={time:iso} code={status:d} path={path:word} note="{message}"',
        {"severity": 9, "status": 200, "path": "/p/0", "message": "all 0"},
    ),
    "columns between bars": (
        [f"{STAMP.format(0, i, 0)}|web-{i % 2}|{('WARN', 'INFO')[i % 2]}|said {'so ' * (i % 3)}again" for i in range(40)],
        "{time:iso}|{word1:word}|{level:level}|said {message:rest}",
        {"severity": 13, "message": "again"},
    ),
    "JSON lines with keys of one's own": (
        [
            json.dumps({"n": i, "when_at": STAMP.format(0, i, 0), "lvl": ("info", "error")[i % 2], "msg": f'"{i}"', "bytes": "many"})
            for i in range(40)
        ],
        '{{{_}"when_at":{_:rest}',
        {"severity": 9, "message": '"0"', "n": "0", "bytes_": "many"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LOGS)
def test_a_new_parser_reads_its_log_and_passes_its_own_laws_at_once(what, tmp_path):
    lines, layout, first = LOGS[what]
    log = tmp_path / "own.log"
    log.write_text("\n".join(lines) + "\n")
    file = tmp_path / "mine" / "own_format.py"
    file.parent.mkdir()
    done = afterlog("parsers", "new", "own-format", "--from", log, "-o", file)
    assert f"  {layout}\n" in done.stdout
    assert afterlog("parsers", "test", file).exit_code == 0, done.stdout
    case = ingest([log], tmp_path / "case", Options(tz="UTC", parser_folders=(file.parent,)))
    events = case.events().to_pylist()
    assert {event["parser"] for event in events} == {"own-format"}
    assert (len(events), case.ledgers()[0].rejects) == (40, 0)
    told = events[0] | dict(events[0]["fields"] or ())
    told["time"] = f"{told['time']:%Y-%m-%dT%H:%M:%S}"
    assert {name: told[name] for name in first} == first


def test_a_numeric_column_of_a_new_json_parser_survives_what_is_no_number(tmp_path):
    lines = [json.dumps({"at_time": STAMP.format(0, i, 0), "status": 200, "path": "/", "size": 1}) for i in range(20)]
    log = tmp_path / "own.log"
    log.write_text("\n".join(lines) + "\n")
    file = tmp_path / "mine" / "own.py"
    file.parent.mkdir()
    afterlog("parsers", "new", "own", "--from", log, "-o", file)
    odd = {"at_time": STAMP.format(1, 0, 0), "status": "no", "path": 5, "size": {"x": 1}}
    log.write_text("\n".join([*lines, json.dumps(odd | {"status": 99999999}), json.dumps(odd)]) + "\n")
    ledger = ingest([log], tmp_path / "case", Options(parser_folders=(file.parent,))).ledgers()[0]
    assert (ledger.parser, ledger.events, ledger.rejects) == ("own", 22, 0)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("own", "no time\nanywhere\n", "no time in a form that is known"),
        ("own", '{"a": 1}\n{"a": 2}\n', "none of the keys of its objects holds times"),
        ("access", "2022-11-10T10:00:00Z x\n", "a parser of this name is there already"),
        ("My Own", "2022-11-10T10:00:00Z x\n", "is written with a-z"),
        ("own", "", "empty"),
        (
            "own",
            '10.0.0.1 - - [10/Nov/2022:10:00:00 +0000] "GET / HTTP/1.1" 200 17 "-" "curl"\n' * 9,
            "access reads it already",
        ),
    ],
)
def test_where_no_parser_can_be_proposed_the_reason_is_said(name, text, message, tmp_path):
    (tmp_path / "x.log").write_text(text)
    with pytest.raises(InputError, match=message):
        afterlog("parsers", "new", name, "--from", tmp_path / "x.log", "-o", tmp_path / "x.py")
    assert not (tmp_path / "x.py").exists()


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    log = tmp_path / "own.log"
    log.write_text("\n".join(LOGS["columns between bars"][0]) + "\n")
    file = written(tmp_path)
    with pytest.raises(InputError, match="is there already"):
        afterlog("parsers", "new", "own", "--from", log, "-o", file)
    assert file.read_text() == OWN
    assert afterlog("parsers", "new", "own", "--from", log, "-o", file, "--force").exit_code == 0
    assert file.read_text() != OWN


def test_the_example_of_the_documentation_is_a_parser_that_passes(tmp_path):
    from conftest import ROOT

    page = (ROOT / "docs" / "parsers.md").read_text(encoding="utf-8")
    examples = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    files = [example for example in examples if "PARSER = " in example]
    assert files
    for number, example in enumerate(files):
        done = afterlog("parsers", "test", written(tmp_path, example, f"example_{number}.py"))
        assert done.exit_code == 0, done.stdout
    shutil.rmtree(tmp_path)
