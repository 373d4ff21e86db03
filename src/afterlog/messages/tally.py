"""Counting: each mask's messages by host and bin, and where each was first said, batch after batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from afterlog.evidence import Place
from afterlog.messages.masking import coded
from afterlog.messages.model import BIN_US, SECOND, Window

COLUMNS: Final = ("time", "source", "line", "offset", "host", "service", "severity", "message")
MOST_MASKS: Final = 200_000
"""Distinct masks kept; what comes after them is told by its first three words."""
LEAD_US: Final = 3 * 3600 * SECOND
"""How long before an outage a message counts as said near it."""
_COARSE: Final = 360  # bins in an hour: far from outages an hour is fine enough
_LAST_BIN: Final = 0xFFFFFFF  # 28 bits of a key
_COMPACT: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was said first: when, where, and its words."""

    time_us: int
    place: Place
    text: str
    service: str


@dataclass(slots=True)
class Tally:
    """The counts of all masks, as they grow."""

    windows: tuple[Window, ...]
    masks: dict[str, int] = field(default_factory=dict)
    hosts: dict[str, int] = field(default_factory=dict)
    begin_of_host: dict[int, int] = field(default_factory=dict)
    severity: dict[int, int] = field(default_factory=dict)
    last_us: dict[int, int] = field(default_factory=dict)
    first: dict[tuple[int, int], Said] = field(default_factory=dict)  # (mask, window), window -1 for the whole case
    end_us: int = 0
    _keys: list[NDArray[np.int64]] = field(default_factory=list)
    _counts: list[NDArray[np.int64]] = field(default_factory=list)
    _held: int = 0

    def add(self, batch: Any) -> None:
        """Count one batch of events with the columns `COLUMNS`; times as microseconds or timestamps."""
        batch = batch.filter(batch.column("message").is_valid())
        if not len(batch):
            return
        column = {name: batch.column(name) for name in batch.schema.names}
        time = np.asarray(column["time"].cast(pa.int64()))
        self.end_us = max(self.end_us, int(time.max()))
        mask = self._mask_codes(column["message"])
        host = self._host_codes(column["host"])
        for code in np.unique(host).tolist():
            begin = int(time[host == code].min())
            self.begin_of_host[code] = min(self.begin_of_host.get(code, begin), begin)
        self._count(mask, host, self._bins(time))
        self._severities(mask, column["severity"])
        self._firsts(mask, time, column)

    def table(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Give mask, host, bin and count of every cell with messages; bins from the first one counted."""
        self._compact()
        if not self._keys:
            empty = np.empty(0, np.int64)
            return empty, empty, empty, empty
        keys = self._keys[0]
        return keys >> 40, (keys >> 28) & 0xFFF, keys & _LAST_BIN, self._counts[0]

    def _mask_codes(self, messages: Any) -> NDArray[np.int64]:
        masks, indices = coded(messages)
        known = np.array([self._mask(mask) for mask in masks], np.int64)
        return known[np.asarray(indices)]

    def _mask(self, mask: str) -> int:
        if mask not in self.masks and len(self.masks) >= MOST_MASKS:
            mask = " ".join([*mask.split()[:3], "…"])
        return self.masks.setdefault(mask, len(self.masks))

    def _host_codes(self, hosts: Any) -> NDArray[np.int64]:
        encoded = pc.fill_null(hosts, "").dictionary_encode()
        names = encoded.dictionary.to_pylist()
        known = np.array([min(self.hosts.setdefault(name, len(self.hosts)), 0xFFF) for name in names], np.int64)
        return known[np.asarray(encoded.indices)]

    def _bins(self, time: NDArray[np.int64]) -> NDArray[np.int64]:
        near = np.zeros(len(time), bool)
        for window in self.windows:
            near |= (time >= window.low_us - LEAD_US) & (time <= window.end_us + LEAD_US)
        fine = np.clip(time // BIN_US, 0, _LAST_BIN)  # a stamp before 1970 or beyond 2055 is nobody's outage
        return np.where(near, fine, fine // _COARSE * _COARSE)

    def _count(self, mask: NDArray[np.int64], host: NDArray[np.int64], bins: NDArray[np.int64]) -> None:
        keys, counts = np.unique((mask << 40) | (host << 28) | bins, return_counts=True)
        self._keys.append(keys)
        self._counts.append(counts.astype(np.int64))
        self._held += len(keys)
        if self._held > _COMPACT:
            self._compact()

    def _compact(self) -> None:
        if len(self._keys) > 1:
            keys, inverse = np.unique(np.concatenate(self._keys), return_inverse=True)
            counts = np.bincount(inverse, np.concatenate(self._counts)).astype(np.int64)
            self._keys, self._counts = [keys], [counts]
            self._held = 0

    def _severities(self, mask: NDArray[np.int64], severities: Any) -> None:
        values = np.asarray(pc.fill_null(severities, 0)).astype(np.int64)
        for pair in np.unique(mask * 32 + values).tolist():
            number, severity = divmod(pair, 32)
            self.severity[number] = max(self.severity.get(number, 0), severity)

    def _firsts(self, mask: NDArray[np.int64], time: NDArray[np.int64], column: dict[str, Any]) -> None:
        order = np.lexsort((time, mask))
        numbers, starts = np.unique(mask[order], return_index=True)
        ends = np.append(starts[1:], len(order)) - 1
        for number, first, last in zip(numbers.tolist(), order[starts].tolist(), order[ends].tolist(), strict=True):
            self.last_us[number] = max(self.last_us.get(number, 0), int(time[last]))
            self._remember((number, -1), first, int(time[first]), column)
        for which, window in enumerate(self.windows):
            inside = order[(time[order] >= window.low_us - LEAD_US) & (time[order] <= window.end_us)]
            numbers, starts = np.unique(mask[inside], return_index=True)
            for number, row in zip(numbers.tolist(), inside[starts].tolist(), strict=True):
                self._remember((number, which), row, int(time[row]), column)

    def _remember(self, key: tuple[int, int], row: int, time_us: int, column: dict[str, Any]) -> None:
        known = self.first.get(key)
        if known is not None and known.time_us <= time_us:
            return
        place = Place(column["source"][row].as_py(), column["line"][row].as_py(), column["offset"][row].as_py())
        said = (column["message"][row].as_py() or "")[:1000]
        self.first[key] = Said(time_us, place, said, column["service"][row].as_py() or "")


def tally(batches: Iterable[Any], windows: Sequence[Window]) -> Tally:
    """Count all messages of some batches."""
    counted = Tally(tuple(windows))
    for batch in batches:
        counted.add(batch)
    return counted
