"""Choosing: who reads a source, two formats in one, envelopes in envelopes, and what the account says of it."""

from __future__ import annotations

import json

import pytest

from afterlog.case import Case
from afterlog.claiming import Asked, claim, may_begin
from afterlog.ingestion import Options, ingest
from afterlog.intake.looking import asked_lines
from afterlog.intake.matching import match_parts
from afterlog.layout import Lines
from afterlog.parser import LineParser, Parser, RecordParser
from afterlog.registry import registry
from afterlog.source import read_head, walk

ACCESS = '10.0.0.{} - - [10/Nov/2022:10:{:02d}:{:02d} +0000] "GET /{} HTTP/1.1" 200 17 "-" "curl"\n'
JSON = '{{"time":"2022-11-10T10:{:02d}:{:02d}Z","level":"error","msg":"boom {}"}}\n'
JAVA = "2022-11-10 10:{:02d}:{:02d},123 ERROR [main] com.foo.Bar - boom\njava.lang.Exception: x\n\tat com.foo.Bar.baz(Bar.java:1)\n"


def access(i: int) -> str:
    return ACCESS.format(i % 250, i // 60 % 60, i % 60, i)


def json_line(i: int) -> str:
    return JSON.format(i // 60 % 60, i % 60, i)


def java(i: int) -> str:
    return JAVA.format(i // 60 % 60, i % 60)


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def read(logs, text: str, **options) -> Case:
    (logs / "some.log").write_text(text)
    case = ingest([logs], logs.parent / "case", Options(tz="UTC", **options))
    ledger = case.ledgers()[0]
    assert ledger.lines == ledger.events + ledger.continuations + ledger.rejects == text.count("\n")
    return case


def counts(case: Case) -> dict[str, int]:
    ledger = case.ledgers()[0]
    return {ledger.parser: ledger.events - sum(ledger.inside.values())} | ledger.inside


# --- two formats in one source ------------------------------------------------------------------------------


def test_a_file_that_two_programs_write_is_read_by_both(logs):
    case = read(logs, "".join(access(i) + (json_line(i) if i % 3 == 0 else "") for i in range(300)))
    assert counts(case) == {"access": 300, "json-lines": 100}
    assert case.ledgers()[0].reason == "holds 100 records of json-lines too, the first at line 2"
    assert {event["severity"] for event in case.events().to_pylist() if event["kind"] == "log"} == {17}


def test_two_formats_and_noise_in_equal_parts_are_still_understood(logs):
    case = read(logs, "".join(access(i) + json_line(i) + "??? noise\n" for i in range(200)))
    assert counts(case) == {"access": 200, "json-lines": 200}


def test_a_continuation_belongs_to_the_record_above_whoever_reads_that(logs):
    text = "".join(access(2 * i) + access(2 * i + 1) + (java(i) if i % 5 == 0 else "") for i in range(100))
    case = read(logs, text)
    assert counts(case) == {"access": 200, "java": 20}
    ledger = case.ledgers()[0]
    assert (ledger.continuations, ledger.rejects) == (40, 0)
    said = {event["message"] for event in case.events().to_pylist() if event["parser"] == "java"}
    assert said == {"boom\njava.lang.Exception: x\n\tat com.foo.Bar.baz(Bar.java:1)"}


def test_stack_traces_stay_whole_where_another_format_stands_between(logs):
    case = read(logs, "".join(java(i) + (access(i) if i % 2 else "") for i in range(100)))
    assert counts(case) == {"java": 100, "access": 50}


def test_a_source_whose_format_changes_in_the_middle_is_read_to_its_end_and_says_so(logs):
    case = read(logs, "".join(access(i) for i in range(2000)) + "".join(json_line(i) for i in range(1000)))
    assert counts(case) == {"access": 2000, "json-lines": 1000}
    assert case.ledgers()[0].reason == "from line 2,001 on its format is json-lines"


def test_noise_is_not_taken_for_a_format(logs):
    case = read(logs, "".join(access(i) + f"noise of all kinds {i}\n" for i in range(100)))
    assert (counts(case), case.ledgers()[0].rejects) == ({"access": 100}, 100)


def test_a_trace_that_names_times_is_no_other_format(logs):
    text = "".join(java(i).replace("\tat", "Full thread dump 2022-11-10 10:00:00\n\tat") for i in range(50))
    case = read(logs, text)
    assert counts(case) == {"java": 50}


def test_a_learned_format_says_how_sure_it_is(logs):
    text = "".join(f"10.11.2022 10:00:{i:02d} hello {i}\n" + ("  more\n" if i % 4 == 0 else "") for i in range(40))
    ledger = read(logs, text).ledgers()[0]
    assert (ledger.parser, ledger.status) == ("generic", "read")
    assert ledger.reason == (
        "no known format: a time was learned (dd.mm.YYYY HH:MM:SSF at the beginning) and stands in 80% of the lines"
    )


# --- the rule -----------------------------------------------------------------------------------------------


def test_one_line_in_many_with_continuations_is_beaten_by_who_reads_the_lines():
    text = java(0).splitlines()[0] + "\n" + "".join(access(i) for i in range(30))
    claims = registry().claims("x.log", Lines.of(text.encode()))
    assert [one.parser.name for one in claims[:2]] == ["access", "java"]
    assert claims[1].share == 1.0  # all else could be its stack trace


def test_spot_checks_tell_a_source_whose_beginning_is_another_format():
    text = "".join(json_line(i) for i in range(200)) + "".join(access(i) for i in range(500))
    asked = Asked("x", Lines.of(text.encode()))
    claims = {one.parser.name: one for one in (claim(parser, asked) for parser in registry()) if one.own}
    assert (claims["json-lines"].own, claims["access"].own) == (32, 16)


def test_a_large_file_is_looked_at_further_in_than_its_beginning(logs):
    begin, rest = "".join(json_line(i) for i in range(2_000)), "".join(access(i) for i in range(20_000))
    (logs / "x.log").write_text(begin + rest)
    source = next(iter(walk([logs])))
    shown = asked_lines(source, read_head(source), frozenset())
    spots = [shown.bytes(row) for row in range(len(shown)) if shown.bytes(row).startswith(b"10.0.0.")]
    # three places, the last of them at the end: each holds some 8 KB of whole lines of about 80 bytes
    assert 200 < len(spots) < 330
    assert spots[-1] == access(19_999).encode().rstrip()


@pytest.mark.parametrize("parser", list(registry()), ids=lambda parser: parser.name)
def test_what_is_asked_cheaply_is_never_less_than_what_is_true(parser):
    if not isinstance(parser, LineParser) or parser.inside:
        return
    for sample in parser.samples:
        if sample.expect is not None and 0 < len(sample.text) < 100_000:
            asked = Asked("x", Lines.of(sample.text))
            exact, bound = claim(parser, asked), claim(parser, asked, exact=False)
            assert may_begin(parser, asked)
            assert (bound.own, bound.literal) >= (exact.own, exact.literal)
            assert bound.share >= exact.share


def stands_alone(parser: Parser) -> bool:
    return isinstance(parser, RecordParser) or (isinstance(parser, LineParser) and not parser.inside)


@pytest.mark.parametrize("parser", [p for p in registry() if stands_alone(p)], ids=lambda parser: parser.name)
def test_the_quick_choice_is_the_first_of_all_claims(parser):
    for sample in parser.samples:
        if sample.expect is not None and len(sample.text) < 100_000:
            lines = Lines.of(sample.text)
            chosen = registry().choose("unknown.log", lines)
            assert chosen is not None
            assert chosen.name == registry().claims("unknown.log", lines)[0].parser.name


# --- envelopes in envelopes ---------------------------------------------------------------------------------

NGINX = '127.0.0.1 - - [22/Nov/2026:11:05:49 +0000] "GET /dead HTTP/1.1" 502 157 "-" "curl/7.88.1"'


def docker(line: str) -> str:
    return json.dumps({"log": line + "\n", "stream": "stdout", "time": "2026-11-22T11:05:50Z"}, separators=(",", ":"))


WRAPS = {
    "docker": docker,
    "cri": lambda line: f"2026-11-22T11:05:50.5Z stdout F {line}",
    "syslog": lambda line: f"Nov 22 11:05:51 web-01 dockerd[7]: {line}",
    "syslog5424": lambda line: f"<14>1 2026-11-22T11:05:51Z web-01 dockerd 7 - - {line}",
    "journald": lambda line: json.dumps(
        {"__REALTIME_TIMESTAMP": "1795345551000000", "_HOSTNAME": "web-01", "SYSLOG_IDENTIFIER": "x", "MESSAGE": line},
        separators=(",", ":"),
    ),
    "compose": lambda line: f"web-1  | {line}",
}


# compose prints a time of its own before the line, which none can tell from CRI's; and it wraps no compose
PAIRS = [
    (outer, middle) for outer in WRAPS for middle in WRAPS if outer != "compose" or middle not in ("cri", "compose")
]


@pytest.mark.parametrize(("outer", "middle"), PAIRS)
def test_a_line_is_found_in_an_envelope_in_an_envelope(outer, middle, logs):
    case = read(logs, (WRAPS[outer](WRAPS[middle](NGINX)) + "\n") * 5)
    events = case.events().to_pylist()
    assert {(event["parser"], event["kind"], event["path"], event["status"]) for event in events} == {
        ("access", "request", "/dead", 502)
    }
    assert {f"{event['time']:%FT%T}" for event in events} == {"2026-11-22T11:05:49"}


def test_a_line_that_nests_without_end_is_opened_so_far_and_no_further():
    line = "x"
    for _ in range(4_000):
        line = f"Nov 10 10:00:00 h p: 2022-11-10T10:00:00Z stdout F {line}"
    [part] = match_parts(registry()["syslog"], Lines.of(line.encode()), {}, registry())
    assert part.rows.tolist() == [0]


# --- messages said to be repeated ---------------------------------------------------------------------------

FAILED = "Failed password for root from 10.0.0.9 port 22 ssh2"


@pytest.mark.parametrize(
    "again",
    [
        f"Nov 10 10:30:58 web-01 sshd[7]: message repeated 5 times: [ {FAILED}]",
        "Nov 10 10:30:58 web-01 last message repeated 5 times",
    ],
)
def test_a_repetition_is_the_message_that_it_repeats_with_its_count(again, logs):
    events = read(logs, f"Nov 10 10:29:58 web-01 sshd[7]: {FAILED}\n{again}\n").events().to_pylist()
    assert [(event["service"], event["client"], event["message"]) for event in events] == [
        ("sshd", "10.0.0.9", FAILED)
    ] * 2
    assert [dict(event["fields"]).get("repeated") for event in events] == [None, "5"]


def test_a_repetition_of_another_hosts_message_is_not_made_up(logs):
    text = f"Nov 10 10:29:58 web-02 sshd[7]: {FAILED}\nNov 10 10:30:58 web-01 last message repeated 5 times\n"
    events = read(logs, text).events().to_pylist()
    assert [event["message"] for event in events] == [FAILED, "last message repeated 5 times"]
    assert dict(events[1]["fields"])["repeated"] == "5"
