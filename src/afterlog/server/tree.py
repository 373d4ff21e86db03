"""A document as a tree of elements: the page builds it node by node and never parses HTML.

Only the elements and attributes that a draft is made of get through; anything else is left out with its marks, its
text stays.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, Final

_ELEMENTS: Final = frozenset(
    (
        "h1 h2 h3 h4 h5 h6 p ul ol li blockquote pre code strong em s del a sup span time table thead tbody tr th td "
        "hr br div"
    ).split()
)
_EMPTY: Final = frozenset(("hr", "br"))
_ATTRIBUTES: Final = frozenset(("class", "id", "title", "datetime"))

Node = str | list[Any]
"""Text, or ``[name, attributes, children]``."""


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: list[Node] = []
        self._open: list[tuple[str, list[Node]]] = [("", self.root)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            return
        kept = {name: value or "" for name, value in attrs if name in _ATTRIBUTES}
        href = next((value or "" for name, value in attrs if name == "href"), "")
        if href.startswith(("#", "https://", "http://", "mailto:")):
            kept["href"] = href
        children: list[Node] = []
        self._open[-1][1].append([tag, kept, children])
        if tag not in _EMPTY:
            self._open.append((tag, children))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open[1:]):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip("\n"):
            self._open[-1][1].append(data)


def tree_of(html: str) -> list[Node]:
    """Give the elements and texts of a piece of HTML."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
