"""Reading the events of a case: whole, in slices, by column, all the same events."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from afterlog import stored
from afterlog.case import Case
from afterlog.errors import CaseError


def test_slices_of_time_are_the_same_events_in_the_same_order(recording, monkeypatch):
    monkeypatch.setattr(stored, "_SLICE", 3_000)
    whole = recording.case.events()
    slices = list(recording.case.events_in_slices())
    assert len(slices) > 3
    assert pa.concat_tables(slices).equals(whole)
    failed = pc.field("status") >= 500
    some = pa.concat_tables(recording.case.events_in_slices(["time", "status"], failed))
    assert some.equals(recording.case.events(["time", "status"], failed))


def test_different_values_are_given_once_in_alphabetical_order(recording):
    events = recording.case.events(["host"]).column("host").to_pylist()
    assert recording.case.distinct("host") == sorted({host for host in events if host})


def test_an_unknown_column_is_named_with_those_that_there_are(recording, tmp_path):
    with pytest.raises(CaseError, match=r"no such event column: hosts; there are: time, "):
        recording.case.events(["hosts"])
    assert list(Case(tmp_path).events_in_slices()) == []
