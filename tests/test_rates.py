"""Counting per minute gives what a case would give, without making one."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afterlog.errors import InputError
from afterlog.ingestion import Options, ingest
from afterlog.intake.combined import read_ordinary
from afterlog.intake.rates import rates
from afterlog.layout import Lines

LINE = '10.0.0.{} - - [10/Nov/2022:10:{:02d}:{:02d} +0530] "GET /{} HTTP/1.1" {} 17 "-" "curl"'


def write(folder, lines):
    folder.mkdir(exist_ok=True)
    (folder / "access.log").write_text("\n".join(lines) + "\n")


def test_minutes_and_failures_are_counted_in_utc(tmp_path):
    lines = [LINE.format(i % 200, i // 60, i % 60, i, 503 if i % 10 == 0 else 200) for i in range(150)]
    write(tmp_path / "logs", lines)
    found = rates([tmp_path / "logs"])
    assert list(found.rows()) == [
        ("2022-11-10T04:30Z", 60, 6),
        ("2022-11-10T04:31Z", 60, 6),
        ("2022-11-10T04:32Z", 30, 3),
    ]
    assert (found.lines, found.unread, found.notes) == (150, 0, ())


def test_lines_out_of_order_and_malformed_ones_are_counted_as_an_ingest_counts_them(tmp_path):
    lines = [LINE.format(i % 200, 59 - i // 60, i % 60, i, 500 if i % 7 == 0 else 404) for i in range(600)]
    lines[10:10] = ["garbage", "", LINE.format(1, 1, 1, 'a\\"b', 500)]
    lines[30] = lines[30].replace(" - - ", " - alice ")
    lines[31] = lines[31].replace(" - - ", " - alice smith ")
    lines[32] = lines[32].replace('"curl"', '"say \\"curl\\""')
    lines[33] = lines[33].replace(" 17 ", " - ")
    lines[34] = lines[34].replace("Nov", "Nix")
    lines[35] = lines[35].replace(":54 +0530]", ":60 +0530]")
    lines[36] += " 0.123"
    write(tmp_path / "logs", lines)
    found = rates([tmp_path / "logs"])
    events = ingest([tmp_path / "logs"], tmp_path / "case").events(["time", "status"]).to_pydict()
    minutes: dict[str, list[int]] = {}
    for time, status in zip(events["time"], events["status"], strict=True):
        row = minutes.setdefault(time.strftime("%Y-%m-%dT%H:%MZ"), [0, 0])
        row[0] += 1
        row[1] += status >= 500
    assert {minute: [total, failed] for minute, total, failed in found.rows()} == minutes
    assert found.unread == 3  # garbage, the blank line, and a month that does not exist


def test_any_format_with_times_is_counted(tmp_path):
    folder = tmp_path / "logs"
    write(folder, [LINE.format(1, 0, i, i, 200) for i in range(30)])
    (folder / "old.log.gz").write_bytes(
        gzip.compress(("\n".join(LINE.format(1, 1, i, i, 500) for i in range(40)) + "\n").encode())
    )
    (folder / "syslog").write_text("".join(f"Nov 10 04:30:{i:02d} web-01 app[1]: {i}\n" for i in range(50)))
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    found = rates([folder], Options(tz="UTC", exclude=("*.txt",)))
    assert list(found.rows()) == [("2022-11-10T04:30Z", 80, 0), ("2022-11-10T04:31Z", 40, 40)]
    assert found.notes == (("photo.png", "a PNG image"),)


def test_nothing_to_count_is_a_clear_error(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(InputError, match="nothing here has times"):
        rates([tmp_path])


def test_a_frame_a_table_and_json_say_the_same(tmp_path):
    write(tmp_path / "logs", [LINE.format(1, 0, i, i, 200) for i in range(30)])
    found = rates([tmp_path / "logs"])
    assert found.frame().to_dict("list") == {"total": [30], "failed": [0]}
    assert found.as_json()["rates"] == [{"minute": "2022-11-10T04:30Z", "total": 30, "failed": 0}]
    assert list(found.lines_of_text())[1].split() == ["2022-11-10T04:30Z", "30", "0", "0.00"]


# --- the short way takes nothing that the layout does not take, and nothing otherwise -----------------------

GOOD = b'10.0.0.1 - - [10/Nov/2022:10:00:59 +0530] "GET / HTTP/1.1" 200 17 "-" "curl"'
FRAGMENTS = st.sampled_from([
    b" ", b'"', b"[", b"]", b"-", b"\\", b"\t", b"\r", b"9", b"  ", b'" "', b"60", b"+9999", b"31/Feb/2022", b"\xff", b"\x00",
    b" - - [", b'" 200 17 "', b"alice", b"2001:db8::1", b"300 ", b"1234567890123456789",
])  # fmt: skip


@st.composite
def mangled(draw):
    line = GOOD
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        width = draw(st.integers(0, 4))
        line = line[:at] + draw(FRAGMENTS) + line[at + width :]
    return line


@settings(max_examples=400, deadline=None)
@given(st.lists(mangled(), min_size=1, max_size=6), st.booleans())
def test_ordinary_lines_have_the_times_and_statuses_of_the_layout(lines, ended):
    from afterlog.parsers.apache_access import PARSER

    data = b"\n".join(lines) + b"\n" * ended
    found = read_ordinary(data)
    whole = Lines.of(data)
    match = PARSER.layouts[0].match(whole)
    seconds = match.time().wall_us // 1_000_000 - match.time().offset_s
    by_row = dict(
        zip(
            match.rows.tolist(),
            zip((seconds // 60).tolist(), match.int("status")[0].tolist(), strict=True),
            strict=True,
        )
    )
    odd = set(found.begins.tolist())
    rows = [row for row, begin in enumerate(whole.starts.tolist()) if begin not in odd]
    assert len(rows) == len(found.minutes)
    assert [by_row[row] for row in rows] == list(zip(found.minutes.tolist(), found.status.tolist(), strict=True))
    assert len(found.minutes) + len(found.begins) == len(whole)


def test_an_ordinary_log_takes_the_short_way():
    data = b"\n".join(GOOD.replace(b"200", status) for status in (b"200", b"503", b"404")) + b"\n"
    found = read_ordinary(data)
    assert found.status.tolist() == [200, 503, 404]
    assert not len(found.begins)
    assert np.array_equal(found.minutes, [1_668_054_600 // 60] * 3)  # 2022-11-10T04:30Z
