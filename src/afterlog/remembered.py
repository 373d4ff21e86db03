"""What was measured, kept in the case: later commands and the review page need not read all events again.

It is kept under a key made of everything it depends on: the events, the choices, a person's corrections of outages, and
the program itself. Whatever differs, it is measured anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import zstandard

import afterlog
from afterlog.case import Case
from afterlog.changes import Change
from afterlog.evidence import Evidence, Place
from afterlog.measured import Measured
from afterlog.review import Review
from afterlog.review.model import REJECTED
from afterlog.statement import Code, Part, Said, Time
from afterlog.traffic.requests import Rules

if TYPE_CHECKING:
    from cattrs import Converter

NAME: Final = ".measured.json.zst"
_TELLING: Final = frozenset({"check", "cli", "draft", "report", "review", "server"})  # they measure nothing
_MOST_BYTES: Final = 4 << 30  # decompressed: a case may come from somebody else


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was measured, and the lines that were quoted for it."""

    measured: Measured
    evidence: tuple[Evidence, ...]


def key_of(case: Case, stated: Sequence[str], rules: Rules, review: Review) -> str:
    """Name everything that a measurement depends on."""
    digest = hashlib.sha256(_program().encode())
    for name in ("sources.parquet", "case.toml"):
        file = case.folder / name
        digest.update(file.read_bytes() if file.is_file() else b"")
    for file in sorted((case.folder / "events").glob("*.parquet")):
        digest.update(f"{file.name} {file.stat().st_size}\n".encode())
    outages = [
        [d.id, d.verdict == REJECTED, d.into, d.start_us, d.end_us]
        for d in sorted(review.decisions.values(), key=lambda d: d.id)
        if d.id.startswith(("outage-", "blip-"))
    ]
    digest.update(json.dumps([list(stated), asdict(rules), outages]).encode())
    return digest.hexdigest()


def keep_measured(case: Case, key: str, remembered: Remembered) -> None:
    """Write what was measured into the case."""
    changes: dict[str, Any] = {}
    told = _converter(changes).unstructure(remembered)
    document = {"key": key, "changes": changes, "remembered": told}
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    with case.replacing(NAME) as file:
        file.write_bytes(zstandard.ZstdCompressor(level=3).compress(data))


def recall_measured(case: Case, key: str) -> Remembered | None:
    """Give what was measured under this key; None where something differs, or the file is damaged."""
    file = case.folder / NAME
    try:
        data = zstandard.ZstdDecompressor().decompress(file.read_bytes(), max_output_size=_MOST_BYTES)
        document = json.loads(data.decode("utf-8", "surrogatepass"))
        if document["key"] != key:
            return None
        return _converter(document["changes"]).structure(document["remembered"], Remembered)
    except OSError:
        return None
    except Exception:  # noqa: BLE001  damaged, or from another program: measure anew
        return None


@cache
def _program() -> str:
    """Name the program: another version, or another state of its sources, may measure otherwise."""
    root = Path(afterlog.__file__).parent
    files = [file for file in sorted(root.rglob("*.py")) if file.relative_to(root).parts[0] not in _TELLING]
    return afterlog.__version__ + "".join(f"{f.name}{f.stat().st_size}{f.stat().st_mtime_ns}" for f in files)


def _converter(changes: dict[str, Any]) -> Converter:
    """Make the converter between these types and JSON; a change is written once, into ``changes``, and then named.

    Findings name the same change many times; equal changes have one number.
    """
    from cattrs import Converter  # noqa: PLC0415  a tenth of a second that ``--help`` need not wait for
    from cattrs.gen import make_dict_structure_fn  # noqa: PLC0415

    converter = Converter(prefer_attrib_converters=False)
    plain = Converter()
    for one in (converter, plain):
        one.register_unstructure_hook(Place, tuple)
        one.register_structure_hook(Place, lambda value, _: Place(*value))
        one.register_unstructure_hook_func(lambda kind: kind == Part, _part_out)
        one.register_structure_hook_func(lambda kind: kind == Part, lambda value, _: _part_in(value))
    numbers: dict[Change, str] = {}
    known: dict[str, Change] = {}
    read = make_dict_structure_fn(Change, plain)

    def out(change: Change) -> str:
        if change not in numbers:
            numbers[change] = str(len(numbers))
            changes[numbers[change]] = plain.unstructure(change)
        return numbers[change]

    def into(number: str, _kind: Any) -> Change:
        if number not in known:
            known[number] = read(changes[number], Change)
        return known[number]

    converter.register_unstructure_hook(Change, out)
    converter.register_structure_hook(Change, into)
    return converter


def _part_out(part: Part) -> Any:
    if isinstance(part, Code):
        return {"code": part.text}
    if isinstance(part, Said):
        return {"said": part.text}
    return {"time": part.us, "precision": part.precision} if isinstance(part, Time) else part


def _part_in(value: Any) -> Part:
    if isinstance(value, dict):
        if "time" in value:
            return Time(value["time"], value["precision"])
        return Code(value["code"]) if "code" in value else Said(value["said"])
    return str(value)
