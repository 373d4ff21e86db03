"""Lines that begin as a log's records do, and that no layout fits, are records and not the end of the one above."""

from __future__ import annotations

from afterlog.ingestion import Options, ingest

RECORD = "2022-11-10 11:15:{n:02d},304 INFO [main] com.example.App - step {n}\n"
TRACE = (
    "2022-11-10 11:15:30,304 ERROR [main] com.example.App - failed\n"
    "java.lang.IllegalStateException: 2022-11-10 is no day\n"
    "\tat com.example.App.main(App.java:5)\n"
)


def events(tmp_path, text):
    folder = tmp_path / "logs" / "web-01"
    folder.mkdir(parents=True)
    (folder / "app.log").write_text(text)
    case = ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC", jobs=1))
    (ledger,) = case.ledgers()
    assert ledger.lines == text.count("\n") == ledger.events + ledger.continuations + ledger.rejects
    return ledger, case.events(["line", "message", "severity"]).to_pylist()


def test_a_single_odd_line_among_hundreds_is_an_event_of_its_own(tmp_path):
    records = [RECORD.format(n=n % 30) for n in range(300)]
    records[200] = "2022-11-10 11:15:20,304 connection to db-01 refused\n"
    ledger, told = events(tmp_path, "".join(records))
    assert (ledger.events, ledger.continuations, ledger.rejects) == (300, 0, 0)
    (odd,) = [event for event in told if event["line"] == 201]
    assert odd["message"] == "connection to db-01 refused"


def test_the_lines_below_an_odd_one_stay_with_it_and_a_trace_with_its_own_record(tmp_path):
    odd = "2022-11-10 11:15:31,304 nobody knows this form\n\tat a place\n"
    ledger, told = events(tmp_path, RECORD.format(n=1) * 5 + TRACE + odd + RECORD.format(n=40))
    assert (ledger.events, ledger.continuations) == (8, 3)
    messages = [event["message"] for event in told]
    assert "nobody knows this form\n\tat a place" in messages
    assert any(m.endswith("App.java:5)") and "is no day" in m for m in messages)


def test_a_line_of_a_message_that_holds_a_time_further_in_stays_a_continuation(tmp_path):
    ledger, _told = events(tmp_path, (RECORD.format(n=1) + "  seen 2022-11-10 11:15:00,304 before\n") * 20)
    assert (ledger.events, ledger.continuations) == (20, 20)
