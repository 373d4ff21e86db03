"""The document as HTML: CommonMark with tables, raw HTML off, footnotes as links, UTC beside the timeline's times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import escape

from afterlog.writing.page import Clock

_MONTHS: Final = "January February March April May June July August September October November December".split()
_PIECE: Final = re.compile(
    rf"(?:(?P<day>\d{{1,2}}) (?P<month>{'|'.join(_MONTHS)}) (?P<year>\d{{4}}), )?"
    r"(?<![\d:.])(?P<clock>[012]\d:[0-5]\d(?::[0-5]\d)?)(?![\d:]| UTC|Z\b)"
)
_NOTE: Final = re.compile(r"\[\^([^\]\s]+)\]")
_SHORT: Final = 24
_LINK: Final = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


def document_html(
    markdown: str, labels: set[str], clock: Clock, day_us: int | None
) -> tuple[str, list[tuple[str, str]], str]:
    """Turn a document into HTML; gives its title, its headings with their ids, and the body.

    Args:
        markdown: the document without its footnotes.
        labels: the footnotes there are.
        clock: prints and reads times in the document's zone.
        day_us: the day that times without a date belong to; None for none.

    """
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("link", "note", _note_rule(labels))
    tokens = parser.parse(markdown)
    title = "Postmortem"
    headings: list[tuple[str, str]] = []
    timeline = in_item = False
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.type == "heading_open" and following is not None:
            text = "".join(child.content for child in following.children or ())
            if token.tag == "h1":
                title = text
            elif token.tag == "h2":
                token.attrSet("id", f"s{len(headings) + 1}")
                headings.append((f"s{len(headings) + 1}", text.partition(" (")[0]))
                timeline = "timeline" in text.lower()
        elif token.type == "blockquote_open":
            inside = next((t.content for t in tokens[index:] if t.type == "inline"), "")
            token.attrSet("class", "ask" if inside.startswith("**?**") else "told")
        elif token.type == "list_item_open":
            in_item = True
        elif token.type == "inline":
            _Inline(token, clock, day_us, beside=timeline and in_item).rewrite()
            in_item = False
    html = str(parser.renderer.render(tokens, parser.options, {}))
    html = html.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")
    return title, headings, html


def anchor(label: str) -> str:
    """Give a footnote's id in the page."""
    return "n-" + re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m[0]):x}", label)


def _note_rule(labels: set[str]) -> Callable[[StateInline, bool], bool]:
    """Recognise the mark of a footnote that exists; what the source escapes never reaches a rule of its own."""

    def rule(state: StateInline, silent: bool) -> bool:
        found = _NOTE.match(state.src, state.pos)
        if found is None or found[1] not in labels:
            return False
        if not silent:
            token = state.push("note", "", 0)
            token.content, token.info = found[0], found[1]
        state.pos = found.end()
        return True

    return rule


class _Inline:
    """Rewrites the pieces of one paragraph, cell or entry."""

    def __init__(self, token: Token, clock: Clock, day_us: int | None, *, beside: bool) -> None:
        self._token = token
        self._clock = clock
        self._day = clock.at(day_us) if day_us is not None else None
        self._beside = beside  # UTC is printed beside the entry's own times

    def rewrite(self) -> None:
        """Put links, times and what is left of images in the place of their text."""
        children: list[Token] = []
        for child in self._token.children or ():
            if child.type == "text":
                children.append(_raw(self._text(child.content)))
            elif child.type == "note":
                label = child.info
                children.append(_raw(f'<sup><a class="note" href="#{anchor(label)}">{escape(label)}</a></sup>'))
            elif child.type == "image":
                children.append(
                    _raw(
                        f'<span class="picture">{escape(child.content)}</span>'
                        if "failure-rate" not in str(child.attrGet("src"))
                        else ""
                    )
                )
            elif child.type == "link_open":
                if not _LINK.match(str(child.attrGet("href"))):
                    child.attrSet("href", "#")
                child.attrSet("rel", "noreferrer noopener")
                children.append(child)
            else:
                if child.type == "code_inline" and len(child.content) <= _SHORT:
                    child.attrSet("class", "s")  # a name is not broken at its hyphens
                self._beside = self._beside and child.type not in ("code_inline", "strong_open", "em_open")
                children.append(child)
        self._token.children = children

    def _text(self, text: str) -> str:
        done: list[str] = []
        at = 0
        for found in _PIECE.finditer(text):
            done += [str(escape(text[at : found.start()])), self._piece(found, text[at : found.start()])]
            at = found.end()
        return "".join(done) + str(escape(text[at:]))

    def _piece(self, found: re.Match[str], before: str) -> str:
        moment = self._moment(found)
        if moment is None:
            return str(escape(found[0]))
        stamp = moment.astimezone(UTC)
        self._beside = self._beside and before in ("", " to ")
        beside = f' <span class="utc">{stamp:%H:%M:%S}</span>' if self._beside else ""
        machine, human = f"{stamp:%Y-%m-%dT%H:%M:%SZ}", f"{stamp:%Y-%m-%d %H:%M:%S} UTC"
        return f'<time datetime="{machine}" title="{human}">{escape(found[0])}</time>{beside}'

    def _moment(self, found: re.Match[str]) -> datetime | None:
        """Read a time in the document's zone, on the day named or else on the day of the outage."""
        if found["day"]:
            year, month, day = int(found["year"]), _MONTHS.index(found["month"]) + 1, int(found["day"])
        elif self._day is not None:
            year, month, day = self._day.year, self._day.month, self._day.day
        else:
            return None
        hour, minute, second = (int(part) for part in (found["clock"] + ":00").split(":")[:3])
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=self._clock.zone)
        except ValueError:
            return None


def _raw(html: str) -> Token:
    token = Token("html_inline", "", 0)
    token.content = html
    return token
