"""Output without times: placed by its file, and marked as placed."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import numpy as np
import pytest

from afterlog import ingest
from afterlog.clock import Clock, Stated, Survey, resolve_clocks, to_us
from afterlog.clock.placing import named_moment
from afterlog.layout import OFFSET_PLACED, Times

END = datetime(2022, 11, 10, 11, 30, tzinfo=UTC)


def survey(path: str, packed_us: int | None = None) -> Survey:
    return Survey(path, "ops-01", {}, None, None, False, to_us(END), packed_us, placed=True)


def utc(path: str, *before_s: int, tz: str | None = None, packed_us: int | None = None) -> list[str]:
    """Give the clock times at which records so many seconds before the end come out."""
    clock = resolve_clocks([survey(path, packed_us)], Stated(tz), "UTC")[path]
    wall = -np.array(before_s, np.int64) * 1_000_000
    told = Clock(clock).resolve(Times(wall, np.full(len(wall), OFFSET_PLACED, np.int32), True, 1))
    assert set(told.basis.tolist()) == {6}  # placed
    return [datetime.fromtimestamp(us / 1e6, UTC).strftime("%H:%M:%S") for us in told.utc_us.tolist()]


def test_output_without_times_ends_when_its_file_was_written():
    assert utc("ops-01/apply.log", 12, 2, 0) == ["11:29:48", "11:29:58", "11:30:00"]


def test_the_gzip_header_is_surer_than_the_modification_time():
    assert utc("ops-01/apply.log.gz", 5, 0, packed_us=to_us(END) - 60_000_000) == ["11:28:55", "11:29:00"]


def test_the_time_in_the_name_is_the_beginning_in_the_zone_of_the_source():
    assert utc("ops-01/apply-2022-11-10T164500.log", 12, 0, tz="Asia/Kolkata") == ["11:15:00", "11:15:12"]
    assert utc("ops-01/apply-20221110-104500Z.log", 12, 0, tz="Asia/Kolkata") == ["10:45:00", "10:45:12"]


def test_a_moment_that_was_told_in_the_text_stays_where_it_is():
    clock = resolve_clocks([survey("ops-01/x.log")], Stated(), "UTC")["ops-01/x.log"]
    wall = np.array([to_us(END) - 3_600_000_000, -1_000_000], np.int64)
    told = Clock(clock).resolve(Times(wall, np.full(2, OFFSET_PLACED, np.int32), True, 1))
    assert (told.utc_us - to_us(END)).tolist() == [-3_600_000_000, -1_000_000]


@pytest.mark.parametrize("name", ["a.log", "a-20220231-101112.log", "a-2022-11-10.log", "build-1234567890123456.log"])
def test_a_name_without_a_moment_tells_none(name):
    assert named_moment(f"x/{name}") is None


def test_the_account_of_such_a_source_says_how_it_was_placed(tmp_path):
    logs = tmp_path / "logs" / "ops-01"
    logs.mkdir(parents=True)
    file = logs / "terraform.log"
    file.write_text(
        "terraform_data.web: Creating...\nterraform_data.web: Creation complete after 12s [id=1]\n\n"
        "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.\n"
    )
    os.utime(file, (END.timestamp(), END.timestamp()))
    case = ingest([tmp_path / "logs"], tmp_path / "case")
    [ledger] = case.ledgers()
    assert (ledger.zone_basis, ledger.zone) == ("placed", None)
    assert "last written" in ledger.zone_why
    rows = case.events().to_pylist()
    assert {row["time_basis"] for row in rows} == {"placed"}
    assert max(row["time"] for row in rows) == END
