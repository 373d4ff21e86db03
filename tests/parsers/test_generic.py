"""What is learned from a text that no format knows, and what is left alone."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.layout import Lines
from afterlog.parsers.generic import PARSER
from afterlog.registry import registry
from afterlog.source import Block

FORMS = {
    "10.11.2022 10:29:58": "2022-11-10T10:29:58",
    "2022.11.10 10:29:58,5": "2022-11-10T10:29:58.500000",
    "20221110 10:29:58": "2022-11-10T10:29:58",
    "20221110T102958": "2022-11-10T10:29:58",
    "10 Nov 2022 10:29:58.25": "2022-11-10T10:29:58.250000",
    "Nov 10 2022 10:29:58": "2022-11-10T10:29:58",
    "2022-11-10-10.29.58.123456": "2022-11-10T10:29:58.123456",
    "1668076198.5": "2022-11-10T10:29:58.500000",
    "1668076198500": "2022-11-10T10:29:58.500000",
}


def read(text: str):
    learned = PARSER.learn(text.encode().splitlines())
    assert learned is not None
    parts = list(parse(learned, [Block(text.encode(), 1, 0)], registry()))
    return [part.batch for part in parts if part.batch is not None]


@pytest.mark.parametrize("prefix", ["", "[", "app web-01 ", "app <"])
@pytest.mark.parametrize("form", list(FORMS))
def test_a_time_is_found_in_any_common_form_and_place(form, prefix):
    [batch] = read(f"{prefix}{form}] something happened")
    assert batch.times.wall_us.astype("datetime64[us]").item().isoformat() == FORMS[form]
    assert batch.columns["message"].to_pylist() == ["something happened"]


def test_the_order_of_day_and_month_is_told_by_what_exists():
    american = "\n".join(f"11/{day}/2022 10:29:58 x" for day in (9, 10, 13, 28) if day > 9)
    european = "\n".join(f"{day}/11/2022 10:29:58 x" for day in (10, 13, 28))
    for text in (american, european):
        wall = [
            time
            for batch in read(text)
            for time in batch.times.wall_us.astype("datetime64[us]").astype("datetime64[D]").astype(str)
        ]
        assert wall == ["2022-11-10", "2022-11-13", "2022-11-28"]


def test_lines_without_a_time_belong_to_the_record_above():
    text = "10.11.2022 10:29:58 ERROR x\n\tat y\n10.11.2022 10:29:59 z"
    messages = [message for batch in read(text) for message in batch.columns["message"].to_pylist()]
    assert messages == ["ERROR x\n\tat y", "z"]


@pytest.mark.parametrize("text", ["no time at all", "", "version 1.2.3 of 4.5.6", "call 0049 1668 076 198"])
def test_text_without_times_is_not_claimed(text):
    assert PARSER.learn(text.encode().splitlines()) is None
    assert registry().choose("x", Lines.of(text.encode())) is None


def test_a_known_format_is_never_read_as_generic():
    line = b'127.0.0.1 - - [22/Nov/2026:11:04:43 +0000] "HEAD / HTTP/1.1" 200 - "-" "curl/7.88.1"'
    assert registry().choose("x", Lines.of(line)).name == "access"


def test_the_words_of_a_severity_are_taken_near_the_beginning():
    text = "\n".join(
        f"10.11.2022 10:29:58 {word} x"
        for word in ("[warn]", "ERROR:", "level=info", "errors were", "x" * 90 + " FATAL")
    )
    severities = [value for batch in read(text) for value in batch.columns["severity"].to_pylist()]
    assert severities == [13, 17, 9, None, None]


LOOSE = {
    "1/2/2022 3:04:05 PM": "2022-01-02T15:04:05",
    "1/13/2022 12:04:05 AM": "2022-01-13T00:04:05",
    "2.1.2022 3:04:05": "2022-01-02T03:04:05",
    "2022-1-2 3:04:05,25": "2022-01-02T03:04:05.250000",
    "20220102-3:4:5:67": "2022-01-02T03:04:05.067000",
    "220102  3:04:05": "2022-01-02T03:04:05",
    "22/01/02 03:04:05": "2022-01-02T03:04:05",
    "22/01/02-03:04:05.5": "2022-01-02T03:04:05.500000",
    "12/28/2021-12:55:38.765402": "2021-12-28T12:55:38.765402",
}


@pytest.mark.parametrize("form", list(LOOSE))
def test_a_time_whose_numbers_are_not_padded_is_read_too(form):
    batches = read(f"{form} something happened\n{form} again")
    walls = [wall for batch in batches for wall in batch.times.wall_us.astype("datetime64[us]").tolist()]
    assert [wall.isoformat() for wall in walls] == [LOOSE[form]] * 2


def test_an_epoch_beside_a_local_time_makes_it_exact():
    [batch] = read("- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO corrected")
    utc = batch.times.wall_us[0] - int(batch.times.offset_s[0]) * 1_000_000
    assert utc == 1_117_838_570_675_872
