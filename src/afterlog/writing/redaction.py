"""Redaction: secrets never leave a log line; ``--redact`` gives addresses, users, e-mails, tokens stable pseudonyms.

Secrets are masked in every draft. Pseudonyms are numbered in the order of their first use and kept in the case, so
that one address has one name everywhere and in every later run; the mapping never goes into a draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

SECRET: Final = "[secret]"  # noqa: S105  what stands in its place
_PIECE: Final = 4_000  # characters that are looked at in one go: some patterns take the square of it
_LONGEST: Final = 64_000  # characters of one text that are looked at; what is shown of it is shorter by far
_KINDS: Final = ("address", "user", "email", "token")
_SYSTEM: Final = frozenset(
    (
        "root www-data nobody daemon bin sys sync games man lp mail news uucp proxy backup list irc gnats syslog "
        "messagebus sshd systemd nginx apache httpd mysql postgres redis haproxy user users admin anonymous none "
        "unknown invalid from for the via and null true false system cron puppet ansible"
    ).split()
)

_VALUE: Final = r"""(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"'&;,)}\]<>|]+)"""
_NAME: Final = (
    r"(?:passwords?|passwd|passphrase|passcode|pwd|secrets?|api[_-]?keys?|access[_-]?keys?(?:[_-]?id)?|private[_-]?keys?"
    r"|tokens?|session[_-]?(?:id|key)|sess(?:ion)?id|sid|jwt|credentials?|signature|x-amz-[a-z-]+|client[_-]?secret)"
)
_SECRETS: Final = tuple(
    (re.compile(pattern, flags), into)
    for pattern, flags, into in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL, SECRET),
        (r"^[A-Za-z0-9+/]{60,76}={0,2}$", 0, SECRET),  # a line of a key's body
        # the rest of a header; within quotes, to the closing one
        (r"\b((?:proxy-)?authorization|(?:set-)?cookie2?|x-(?:api-key|auth-token))(\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\"'\r\n]+", re.IGNORECASE, rf"\1\2{SECRET}"),  # noqa: E501  one pattern, one line
        (r"\b(bearer|basic|digest|negotiate)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE, rf"\1 {SECRET}"),
        (r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@?#\"'<>]{0,200}):[^\s/@\"'<>]+@", 0, rf"\1:{SECRET}@"),
        (rf"({_NAME}[\w.-]{{0,30}})(\\?[\"']?\s*(?:=>?|:|%3D)\s*)(?!/)(?!\[secret\]){_VALUE}", re.IGNORECASE, rf"\1\2{SECRET}"),  # noqa: E501  one pattern, one line
        (rf"((?<![\w-])--?[\w-]{{0,30}}{_NAME}[\w-]{{0,30}})(\s+)(?!-){_VALUE}", re.IGNORECASE, rf"\1\2{SECRET}"),
        (r"\b((?:mysql(?:dump|admin)?|mariadb|sshpass|redis-cli|psql|ldap\w+|smbclient)\b[^|;]{0,300}?\s-(?:p|a|w))\s?(?!ort\b)[^\s\"']+", 0, rf"\1{SECRET}"),  # noqa: E501  one pattern, one line
        (r"\b((?:curl|wget|http)\b[^|;]{0,300}?\s(?:-u|--user)[\s=]+[^\s:\"']+):[^\s\"']+", 0, rf"\1:{SECRET}"),
        (r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[0-9A-Z]{12,}", 0, SECRET),
        (r"\beyJ[\w-]{6,}(?:\.[\w-]*){1,2}", 0, SECRET),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|xapp-|[sr]k_(?:live|test)_|AIza|ya29\.|npm_|hvs\.|dop_v1_|SG\.)[\w.-]{12,}", 0, SECRET),  # noqa: E501  one pattern, one line
    )
)  # fmt: skip

_EMAIL: Final = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_IPV4: Final = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6: Final = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])"
)
_TOKEN: Final = re.compile(
    r"(?<![\w/.-])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<!commit )[0-9a-f]{32,}"
    r"|(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{24,})(?![\w.-])"
)
_USER: Final = re.compile(
    r"(?:\b(?:user(?:name)?|login|acct|account|ruser|logname|uname)[=:]\s?[\"']?|\bfor (?:invalid user |user )?(?=\S+ from )"  # noqa: E501  one pattern, one line
    r"|/home/|\bsudo:\s+|\bsu: (?:\(to \w+\) )?|\bby user |\bsession (?:opened|closed) for user |\bu=|\bUSER=|://(?=[\w.-]+:\[secret\]@))([A-Za-z_][\w.-]{1,31})"
)
_CLF_USER: Final = re.compile(r"^\S+ \S+ ([A-Za-z_][\w.@-]{1,31}) \[")


def without_secrets(raw: str) -> str:
    """Mask passwords, keys, cookies and bearer tokens; the name of the field stays."""
    if len(raw) <= _PIECE:
        return _masked(raw)
    return "".join(map(_masked, _pieces(raw[:_LONGEST]))) + raw[_LONGEST:]


def _masked(shown: str) -> str:
    for pattern, into in _SECRETS:
        shown = pattern.sub(into, shown)
    return shown


def _pieces(text: str) -> Iterator[str]:
    """Cut long text where a line ends, else between two words, else anywhere."""
    at = 0
    while at < len(text):
        end = at + _PIECE
        if end < len(text):
            end = max(text.rfind("\n", at, end), 0) or max(text.rfind(" ", at + _PIECE // 2, end), 0) or end - 1
            end += 1
        yield text[at:end]
        at = end


class Redactor:
    """Makes text from logs fit to be shown: secrets always masked, the rest by pseudonym where asked for.

    Args:
        redact: whether pseudonyms are given.
        known: pseudonym by original, by kind, as an earlier run kept them.
        users: names of users that are known, replaced wherever they stand as a word.

    """

    def __init__(
        self,
        *,
        redact: bool = False,
        known: Mapping[str, Mapping[str, str]] | None = None,
        users: Iterable[str] = (),
    ) -> None:
        self.redact = redact
        self._names: dict[str, dict[str, str]] = {kind: dict((known or {}).get(kind, {})) for kind in _KINDS}
        if redact:
            for name in sorted(set(users)):
                self._user(name)

    def text(self, raw: str) -> str:
        """Give text from a log as a draft may show it."""
        shown = without_secrets(raw)
        if not self.redact:
            return shown
        for found in (*_USER.findall(shown), *_CLF_USER.findall(shown)):
            self._user(found)
        shown = _EMAIL.sub(lambda m: self._name("email", m[0]), shown)
        shown = _TOKEN.sub(lambda m: self._name("token", m[0]), shown)
        shown = _IPV6.sub(self._address, shown)
        shown = _IPV4.sub(self._address, shown)
        users = self._names["user"]
        if users:
            longest_first = sorted(users, key=lambda name: (-len(name), name))
            pattern = rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])"
            shown = re.sub(pattern, lambda m: users[m[0]], shown)
        return shown

    def restore(self, shown: str) -> str:
        """Put the originals back for the pseudonyms; masked secrets stay masked."""
        originals = {name: original for names in self._names.values() for original, name in names.items()}
        return re.sub(rf"(?<![\w-])(?:{'|'.join(_KINDS)})-\d+(?![\w-])", lambda m: originals.get(m[0], m[0]), shown)

    def mapping(self) -> dict[str, dict[str, str]]:
        """Give the pseudonyms by original, to be kept in the case."""
        return {kind: dict(names) for kind, names in self._names.items()}

    def _name(self, kind: str, original: str) -> str:
        names = self._names[kind]
        return names.setdefault(original, f"{kind}-{len(names) + 1}")

    def _user(self, name: str) -> None:
        if (
            len(name) > 2
            and name.lower() not in _SYSTEM
            and not re.fullmatch(rf"(?:{'|'.join(_KINDS)})-\d+|[\d.:]+", name)
        ):
            self._name("user", name)

    def _address(self, found: re.Match[str]) -> str:
        return self._name("address", found[0]) if _tells_somebody(found[0]) else found[0]


@lru_cache(maxsize=4_096)
def _tells_somebody(text: str) -> bool:
    """Tell whether text is an address of somebody: neither of any machine itself nor of none."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
