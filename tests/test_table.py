"""Rows of the timeline: fields travel as columns of their own and come back as one map."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from afterlog.table import FIXED, gathered_fields, joined, sorted_by_time, with_times


def rows(times, **extra):
    count = len(times)
    columns = {
        field.name: pa.array([f"{field.name}"] * count)
        if pa.types.is_string(field.type)
        else pa.array([1] * count).cast(field.type)
        for field in FIXED
        if field.name not in ("time", "time_basis")
    }
    columns |= {f"field.{name}": pa.array(values) for name, values in extra.items()}
    return with_times(columns, np.array(times, np.int64), np.zeros(count, np.int8))


def test_absent_fields_are_left_out_of_the_map_and_numbers_become_text():
    table = rows([1, 2], agent=["curl", None], pid=[7, 8])
    assert gathered_fields(table).to_pylist() == [[("agent", "curl"), ("pid", "7")], [("pid", "8")]]


def test_tables_with_other_fields_are_joined_with_what_each_has():
    whole = joined([rows([1], agent=["curl"]), rows([2], pid=[7]), rows([3], pid=["x"])])
    assert gathered_fields(whole).to_pylist() == [[("agent", "curl")], [("pid", "7")], [("pid", "x")]]


def test_rows_of_one_time_keep_their_order():
    table = rows([5, 3, 5, 3], n=["a", "b", "c", "d"])
    assert sorted_by_time(table).column("field.n").to_pylist() == ["b", "d", "a", "c"]


def test_every_row_says_how_its_time_is_known():
    assert rows([1, 2], a=["x", "y"]).column("time_basis").to_pylist() == ["exact", "exact"]
