"""Of many requests a share is taken for the comparison of clocks, and both sides of each are in it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from afterlog.case import write_parquet
from afterlog.intake import sampling
from afterlog.intake.sampling import requests_of

BEGUN_US = int(datetime(2022, 11, 10, 10, tzinfo=UTC).timestamp()) * 1_000_000


def part(folder, name, source, paths, *, upstream=None, kind="request", client="10.0.0.1"):
    """Write one file of events as an ingest does."""
    count = len(paths)
    table = pa.table(
        {
            "time": pa.array(BEGUN_US + np.arange(count) * 1_000_000).cast(pa.timestamp("us", "UTC")),
            "source": [source] * count,
            "host": [source] * count,
            "method": ["GET"] * count,
            "path": paths,
            "client": client if isinstance(client, list) else [client] * count,
            "upstream": pa.array([upstream] * count, pa.string()),
            "kind": [kind] * count,
        }
    )
    write_parquet(table, folder / f"{name}.0-00000.parquet")
    return folder / f"{name}.0-00000.parquet"


@pytest.fixture
def few(monkeypatch):
    """Let 10,000 rows be many."""
    monkeypatch.setattr(sampling, "_BUDGET", 10_000)
    monkeypatch.setattr(sampling, "_SMALL", 1_000)
    monkeypatch.setattr(sampling, "_MOST_OF_A_PATH", 50)


def test_without_a_proxy_nothing_is_read(tmp_path):
    assert requests_of([part(tmp_path, "a", "web", ["/"] * 10)]) is None


def test_few_requests_are_all_taken_and_other_events_are_not(tmp_path):
    parts = [
        part(tmp_path, "a", "proxy", [f"/{i}" for i in range(100)], upstream="web"),
        part(tmp_path, "b", "web", [f"/{i}" for i in range(80)]),
        part(tmp_path, "c", "log", [None] * 70, kind="log"),
    ]
    frame = requests_of(parts)
    assert frame.groupby("source", observed=True).size().to_dict() == {"proxy": 100, "web": 80}
    assert frame["time"].min() == BEGUN_US


def test_of_many_a_share_is_taken_and_what_one_side_keeps_the_other_keeps(tmp_path, few):
    paths = [f"/orders/{i}" for i in range(40_000)]
    parts = [part(tmp_path, "a", "proxy", paths, upstream="web"), part(tmp_path, "b", "web", paths[::-1])]
    frame = requests_of(parts)
    taken = {source: set(rows["path"]) for source, rows in frame.groupby("source", observed=True)}
    assert taken["proxy"] == taken["web"]
    assert 7_000 < len(frame) < 13_000  # about the budget of 10,000


def test_a_small_source_is_taken_whole_with_what_the_large_ones_hold_of_it(tmp_path, few):
    paths = [f"/orders/{i}" for i in range(60_000)]
    parts = [part(tmp_path, "a", "proxy", paths, upstream="web"), part(tmp_path, "b", "small", paths[500:1_000])]
    frame = requests_of(parts)
    by_source = {source: set(rows["path"]) for source, rows in frame.groupby("source", observed=True)}
    assert by_source["small"] == set(paths[500:1_000])
    assert by_source["small"] <= by_source["proxy"]


def test_a_path_that_everybody_asks_for_does_not_fill_the_memory(tmp_path, few):
    wanted = part(tmp_path, "b", "small", ["/"] * 100)
    proxy = part(tmp_path, "a", "proxy", ["/"] * 60_000, upstream="small", client=[str(i) for i in range(60_000)])
    frame = requests_of([wanted, proxy])
    mine = frame[frame["source"] == "proxy"]
    assert mine["client"].nunique() == len(mine)
    assert len(mine) < 50 + 2 * 10_000 * 60_000 / 60_100 / 2 * 1.5  # the first 50, and a share told apart by client


def test_the_key_of_a_text_is_that_of_any_equal_text_wherever_it_stands():
    texts = ["/", "/a", "/abcdefgh", None, "", "/abcdefghijklm", "/a" * 40]
    one = sampling._keys(pa.chunked_array([pa.array(texts)]))
    again = sampling._keys(pa.chunked_array([pa.array(["x/", *texts[::-1]]), pa.array(["tail"])]).slice(1, 7))
    assert one.tolist() == again[::-1].tolist()
    assert len(set(one.tolist())) == 6  # a missing text counts as an empty one
