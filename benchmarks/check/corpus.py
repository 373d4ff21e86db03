"""The collection of written postmortems and what is wrong in each, by hand."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "tests" / "check_corpus"


@dataclass(frozen=True, slots=True)
class Planted:
    """One contradiction: its line, and the rules under which it may be found."""

    line: int
    rules: frozenset[str]
    at: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document with its truth; clean where nothing is planted."""

    name: str
    text: str
    planted: tuple[Planted, ...]


def load(folder: Path = FOLDER) -> list[Document]:
    """Read the collection.

    Raises:
        ValueError: a document without truth, a truth without document, or a quotation that stands nowhere.

    """
    entries = tomllib.loads((folder / "truth.toml").read_text(encoding="utf-8"))["document"]
    names = {file.stem for file in folder.glob("*.md")}
    if names != {entry["name"] for entry in entries}:
        raise ValueError(
            f"{folder}: documents and truth.toml differ: {sorted(names ^ {entry['name'] for entry in entries})}"
        )
    documents = []
    for entry in entries:
        text = (folder / f"{entry['name']}.md").read_text(encoding="utf-8")
        planted = tuple(
            Planted(_line(entry["name"], text, one["at"]), frozenset(one["rules"]), one["at"])
            for one in entry.get("contradiction", ())
        )
        documents.append(Document(entry["name"], text, planted))
    return documents


def _line(name: str, text: str, at: str) -> int:
    for number, line in enumerate(text.split("\n"), 1):
        if at in line:
            return number
    raise ValueError(f"{name}: “{at}” stands in no line")
