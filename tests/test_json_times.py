"""A JSON object without a time is an event where its neighbours place it, and is refused where nothing does."""

from __future__ import annotations

from afterlog.errors import InputError
from afterlog.ingestion import Options, ingest


def case_of(tmp_path, *lines):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "app.json").write_text("".join(line + "\n" for line in lines))
    return ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC"))


def timed(second, message):
    return f'{{"time":"2022-11-10T10:00:{second:02d}Z","msg":"{message}"}}'


def test_it_has_the_time_of_the_line_above_and_says_so(tmp_path):
    case = case_of(tmp_path, timed(1, "a"), '{"msg":"no time","n":1}', '{"msg":"none either"}', timed(2, "b"))
    rows = case.events(["time", "message", "fields", "line"]).to_pylist()
    assert [(row["time"].second, row["message"], row["line"]) for row in rows] == [
        (1, "a", 1),
        (1, "no time", 2),
        (1, "none either", 3),
        (2, "b", 4),
    ]
    assert [dict(row["fields"]).get("time_of") for row in rows] == [None, *["the line beside it"] * 2, None]


def test_the_first_one_has_that_of_the_line_below(tmp_path):
    case = case_of(tmp_path, '{"msg":"clock not read yet"}', timed(5, "a"), timed(6, "b"))
    assert [row["time"].second for row in case.events(["time"]).to_pylist()] == [5, 5, 6]


def test_a_line_that_is_no_object_still_belongs_to_the_record_above(tmp_path):
    case = case_of(tmp_path, timed(1, "a"), "Traceback: x", "  at y", timed(2, "b"))
    assert case.events(["message"]).column("message").to_pylist() == ["a\nTraceback: x\n  at y", "b"]
    (ledger,) = case.ledgers()
    assert (ledger.lines, ledger.events, ledger.continuations, ledger.rejects) == (4, 2, 2, 0)


def test_where_hardly_any_object_has_a_time_nothing_is_placed(tmp_path):
    try:
        case = case_of(tmp_path, timed(1, "a"), *[f'{{"n":{i}}}' for i in range(20)])
    except InputError:
        return  # no parser took it for a log
    assert not [row for row in case.events(["fields"]).to_pylist() if "time_of" in dict(row["fields"] or ())]
