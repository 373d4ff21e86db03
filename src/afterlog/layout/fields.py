"""The types a field can have, times aside, and the bytes each may contain."""

import string

from afterlog.layout.scan import ByteClass

FIELD_TYPES: dict[str, str] = {
    "text": "anything, as short as what follows allows; in double quotes a backslash escapes the next byte",
    "word": "one or more bytes without a blank or tab",
    "rest": "everything to the end of the line, possibly nothing",
    "d": "a whole number of up to 18 digits, with or without sign; '-' is absent",
    "hex": "hexadecimal digits, also with dashes as in a UUID; '-' is absent",
    "ip": "an IPv4 or IPv6 address or a host name; '-' is absent",
    "host": "a word naming a host; '-' is absent",
    "s": "a duration in seconds, whole or decimal; '-' and negative ones are absent",
    "ms": "a duration in milliseconds, whole or decimal; '-' and negative ones are absent",
    "us": "a duration in microseconds, whole or decimal; '-' and negative ones are absent",
    "request": "an HTTP request line, 'GET /x HTTP/1.1', giving also method, path and protocol; "
    "of a malformed one the path is the whole text and the others are absent",
    "tag": "who wrote a line of syslog, 'sshd[4756]' or 'kernel': a word, giving also program and pid",
    "level": "a severity word: ASCII letters and digits",
}

ALNUM = (string.ascii_letters + string.digits).encode()
ANY = ByteClass(bytes(range(256)))
BLANKS = ByteClass(b" \t")
NOT_BLANK = ByteClass(bytes(set(range(256)) - set(b" \t")))

CLASSES: dict[str, ByteClass] = {
    "word": NOT_BLANK,
    "host": NOT_BLANK,
    "tag": NOT_BLANK,
    "hex": ByteClass(string.hexdigits.encode() + b"-"),
    "ip": ByteClass(ALNUM + b"._:%-"),
    "level": ByteClass(ALNUM),
}

# The fields that a field of one of these types gives beside itself, and their types.
PARTS: dict[str, dict[str, str]] = {
    "request": {"method": "text", "path": "text", "protocol": "text"},
    "tag": {"program": "text", "pid": "d"},
}

# Types of which a lone '-' says that there is no value.
DASH_IS_ABSENT = frozenset({"d", "hex", "ip", "host", "s", "ms", "us"})

# What one unit of a duration is in powers of ten of a second.
DURATION_EXPONENT = {"s": 0, "ms": 3, "us": 6}

INTEGER = rb"(?>[-+]?[0-9]{1,18}(?![0-9])|-(?![0-9]))"
DECIMAL = rb"(?>[-+]?[0-9]{1,18}(?![0-9])(?:\.[0-9]{1,9}+(?![0-9]))?|-(?![0-9]))"
