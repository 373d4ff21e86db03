"""Identifiers: a request carries one id through proxy, web server and application, and each of them logs it.

Short ids (a counter that every program begins anew) tell nothing and are left out. Of very many ids a share is kept,
the same in every source. Of one host the first line with an id counts.

https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-request-id
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.anchors.numbers import numbers_of
from afterlog.anchors.rows import source_of, taken
from afterlog.clock.judging import Pair, moved
from afterlog.clock.skew import Times, measure_matched, step_s

_LEAST_LENGTH: Final = 8
_SLACK_S: Final = 1.0  # one host writes when a request begins, the other when it ends
_LAG: Final = 3.0  # what lags behind by different times, as a worker that polls a queue, has no wrong clock for that
_BUDGET: Final = 400_000  # about so many lines with an id are kept


class _Seen(NamedTuple):
    """When a host logged which ids: microseconds and numbers of the ids, shape (n,); whether as a proxy."""

    time: Times
    key: Times
    source: str
    outer: bool


def pairs_by_request_id(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> list[Pair]:
    """Measure all hosts that logged the same ids against each other."""
    seen = _seen(parts, hosts)
    pairs = []
    for one, other in combinations(sorted(seen), 2):
        host, reference = (other, one) if seen[one].outer >= seen[other].outer else (one, other)
        own, theirs = seen[host], seen[reference]
        skew = measure_matched(own.time, own.key, theirs.time, theirs.key)
        if skew is not None:
            skew = moved(skew, (step_s(own.time) - step_s(theirs.time)) / 2)
            skew = replace(skew, slack_s=max(_SLACK_S, _LAG * skew.mad_s))
            pairs.append(Pair(host, reference, own.source, theirs.source, skew, "request ids"))
    return pairs


def _seen(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> dict[str, _Seen]:
    with_ids = [part for part in parts if hosts.get(source_of(part)) and _has_ids(pq.ParquetFile(part))]
    thin = max(1, -(-sum(pq.ParquetFile(part).metadata.num_rows for part in with_ids) // _BUDGET))
    pieces: dict[str, list[tuple[Times, Times, str, bool]]] = {}
    for part in with_ids:
        file, path = pq.ParquetFile(part), source_of(part)
        for index in range(file.num_row_groups):
            ids = file.read_row_group(index, columns=["request_id"]).column("request_id")
            chosen = pc.fill_null(pc.greater_equal(pc.utf8_length(ids), _LEAST_LENGTH), False)
            if thin > 1:
                ends = numbers_of(pc.utf8_slice_codeunits(pc.fill_null(ids, ""), -3))
                chosen = pc.and_(chosen, pa.chunked_array([pa.array(ends % thin == 0)]))
            table = taken(file, index, ("time", "request_id", "upstream"), chosen)
            if len(table):
                outer = table.column("upstream").null_count < len(table)
                times, keys = table.column("time").to_numpy(), numbers_of(table.column("request_id"))
                pieces.setdefault(hosts[path] or "", []).append((times, keys, path, outer))
    return {
        host: _Seen(
            np.concatenate([times for times, *_ in mine]),
            np.concatenate([keys for _, keys, *_ in mine]),
            max(mine, key=lambda piece: (len(piece[0]), piece[2]))[2],
            any(outer for *_, outer in mine),
        )
        for host, mine in pieces.items()
    }


def _has_ids(file: pq.ParquetFile) -> bool:
    """Tell whether the first events of a part have an id."""
    if not file.num_row_groups:
        return False
    first = file.read_row_group(0, columns=["request_id"]).column("request_id")
    return bool(first.null_count < len(first))
