"""Layouts: one declaration of a log line's format with two executions that give the same answer.

A layout is written as the line looks::

    {client} {ident} {user} [{time:clf}] "{request:request}" {status:d} {bytes:d} "{referer}" "{agent}"

- Text stands for itself, blanks included; ``{{`` and ``}}`` are braces; ``{~}`` is one or more blanks or
tabs. - ``{name}`` or ``{name:type}`` is a field, of type ``text`` if none is said; the types are in
``FIELD_TYPES``, the forms of times in ``TIME_FORMS``. ``{_}`` and ``{_:type}`` match without being kept. - A
layout describes the whole line. Optional parts are several layouts.

How a line is read, by the vectorised kernel and by the regex alike:

- Fields are taken from left to right. Numbers, times, words before a blank, and quoted text find their own
end. - Any other field, a *free* one, ends at the first place from which everything up to the next free field
(or the end of the line) fits. A later free field never makes an earlier one longer, and no more than 32
places are looked at: so a line written by an attacker is decided in time proportional to its length. - A text
between double quotes ends at the first quote that no backslash escapes. - A line that fits but prints a time
that does not exist (30 February, 25:00) does not match.
"""

from afterlog.layout.declaration import Layout
from afterlog.layout.fields import FIELD_TYPES
from afterlog.layout.formats import from_apache, from_nginx
from afterlog.layout.lines import Lines
from afterlog.layout.match import Match
from afterlog.layout.pattern import Field
from afterlog.layout.times import TIME_FORMS, Times
from afterlog.layout.zones import OFFSET_OF_ENVELOPE, OFFSET_PLACED, OFFSET_UNKNOWN

__all__ = [
    "FIELD_TYPES",
    "OFFSET_OF_ENVELOPE",
    "OFFSET_PLACED",
    "OFFSET_UNKNOWN",
    "TIME_FORMS",
    "Field",
    "Layout",
    "Lines",
    "Match",
    "Times",
    "from_apache",
    "from_nginx",
]
