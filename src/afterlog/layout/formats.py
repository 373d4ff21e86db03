"""nginx ``log_format`` and Apache ``LogFormat`` strings, as they stand in the configuration, as layouts.

Sources of the variables: nginx.org/en/docs/http/ngx_http_log_module.html and the "Embedded Variables" of
ngx_http_core_module and ngx_http_upstream_module; httpd.apache.org/docs/2.4/mod/mod_log_config.html.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from afterlog.errors import LayoutError
from afterlog.layout.declaration import Layout

_NGINX = {
    "remote_addr": "client:ip",
    "realip_remote_addr": "peer:ip",
    "remote_user": "user",
    "remote_port": "client_port:d",
    "time_local": "time:clf",
    "time_iso8601": "time:iso",
    "msec": "time:epoch",
    "request": "request:request",
    "request_method": "method",
    "request_uri": "path",
    "uri": "path",
    "args": "query",
    "query_string": "query",
    "server_protocol": "protocol",
    "status": "status:d",
    "body_bytes_sent": "bytes:d",
    "bytes_sent": "bytes:d",
    "request_length": "request_length:d",
    "request_time": "duration:s",
    "upstream_addr": "upstream",
    "request_id": "request_id",
    "host": "vhost",
    "http_host": "vhost",
    "server_name": "vhost",
    "server_port": "port:d",
    "connection": "connection:d",
    "connection_requests": "connection_requests:d",
    "pid": "pid:d",
}

_APACHE = {
    "h": "client:ip",
    "a": "client:ip",
    "{c}a": "peer:ip",
    "A": "local_ip:ip",
    "l": "ident",
    "u": "user",
    "r": "request:request",
    "s": "status:d",
    "b": "bytes:d",
    "B": "bytes:d",
    "O": "bytes:d",
    "I": "bytes_in:d",
    "S": "bytes_total:d",
    "D": "duration:us",
    "T": "duration:s",
    "{s}T": "duration:s",
    "{ms}T": "duration:ms",
    "{us}T": "duration:us",
    "v": "vhost",
    "V": "vhost",
    "p": "port:d",
    "{canonical}p": "port:d",
    "{local}p": "local_port:d",
    "{remote}p": "client_port:d",
    "m": "method",
    "U": "path",
    "q": "query",
    "H": "protocol",
    "f": "filename",
    "P": "pid:d",
    "{pid}P": "pid:d",
    "{tid}P": "tid",
    "k": "keepalive:d",
    "L": "log_id",
    "R": "handler",
    "X": "connection_status",
    "{UNIQUE_ID}e": "request_id",
    "{sec}t": "time:epoch",
    "{msec}t": "time:epoch-ms",
}

# strftime formats of %{…}t, spelled out, by the form that reads them.
_STRFTIME = {
    "%d/%b/%Y:%H:%M:%S %z": "clf",
    "%Y-%m-%d %H:%M:%S": "iso",
    "%Y-%m-%dT%H:%M:%S": "iso",
    "%Y-%m-%d %H:%M:%S%z": "iso",
    "%Y-%m-%dT%H:%M:%S%z": "iso",
    "%Y-%m-%dT%H:%M:%SZ": "iso",
    "%Y/%m/%d %H:%M:%S": "nginx-error",
    "%s": "epoch",
}

_HEADERS = {"user_agent": "agent", "host": "vhost", "x_request_id": "request_id", "request_id": "request_id"}
_PRECISION = {"s": 0, "ms": 1, "us": 2}
_SPLIT_TIME = re.compile(r"%\{(?:begin:|end:)?([^}]*)\}t[.,]%\{(?:begin:|end:)?[mu]sec_frac\}t(?:%\{%z\}t)?")
_DIRECTIVE = re.compile(r"%(?:%|[!0-9,]*[<>]?(\{[^}]*\})?[!0-9,]*[<>]?(\^?[A-Za-z]{1,2}))")


@dataclass(frozen=True, slots=True)
class _Variable:
    """A variable of the format: the field it becomes, and its own name should that be taken."""

    field: str
    own: str

    @property
    def name(self) -> str:
        return self.field.partition(":")[0]

    @property
    def type(self) -> str:
        return self.field.partition(":")[2] or "text"


def from_nginx(log_format: str) -> Layout:
    """Make a layout of an nginx ``log_format``: of the string itself, or of the directive with its quotes.

    Fields have the names of event columns where there is one (client, status, bytes, duration, upstream,
    request_id, and method, path, protocol out of ``$request``); ``$http_x`` is ``x``; any other variable
    keeps its own name and is text. ``$upstream_…`` times and statuses are text, because nginx writes lists
    into them.
    """
    text = _directive_text(log_format, "log_format")
    items: list[str | _Variable] = []
    at = 0
    for found in re.finditer(r"\$(?:\{(\w+)\}|(\w+))", text):
        items.append(text[at : found.start()])
        items.append(_nginx_variable(found[1] or found[2]))
        at = found.end()
    return Layout(_pattern([*items, text[at:]]), name="nginx")


def _nginx_variable(name: str) -> _Variable:
    if name in _NGINX:
        return _Variable(_NGINX[name], name)
    header = name.removeprefix("http_")
    return _Variable(_HEADERS.get(header, header) if header != name else name, name)


def from_apache(log_format: str) -> Layout:
    r"""Make a layout of an Apache ``LogFormat``: of the string (also with ``\"``), or of the directive.

    Field names as in from_nginx; ``%{X-Forwarded-For}i`` is x_forwarded_for. Of several durations the finest
    is ``duration``. Raises LayoutError for a ``%{…}t`` in a form that no layout reads.
    """
    text = _directive_text(log_format, "LogFormat")
    text = text.replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\")
    text = _SPLIT_TIME.sub(lambda found: "%{" + found[1] + "}t", text)
    return Layout(_pattern(list(_apache_items(text))), name="apache")


def _apache_items(text: str) -> Iterator[str | _Variable]:
    at = 0
    for found in _DIRECTIVE.finditer(text):
        yield text[at : found.start()]
        at = found.end()
        argument, letter = found[1] or "", found[2]
        if letter is None:
            yield "%"
            continue
        # Two letters belong together only behind a caret (%^FB); otherwise the second is text.
        if not letter.startswith("^") and len(letter) > 1:
            at -= len(letter) - 1
            letter = letter[0]
        if letter == "t" and not argument:
            yield from ("[", _Variable("time:clf", "time_clf"), "]")
        else:
            yield _apache_variable(argument, letter)
    yield text[at:]


def _apache_variable(argument: str, letter: str) -> _Variable:
    known = _APACHE.get(argument + letter)
    own = _identifier(argument.strip("{}") or letter.strip("^"))
    if known:
        return _Variable(known, own if argument else f"{known.partition(':')[0]}_{letter.lower()}")
    if letter == "t":
        return _Variable(f"time:{_strftime(argument.strip('{}'))}", f"time_{own}")
    if letter == "i":
        return _Variable(_HEADERS.get(own, own), own)
    return _Variable(own, f"{own}_{letter.lower()}")


def _strftime(form: str) -> str:
    spelled = form.removeprefix("begin:").removeprefix("end:").replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")
    if spelled not in _STRFTIME:
        known = ", ".join(_STRFTIME)
        raise LayoutError(f"no layout reads the time %{{{form}}}t; those that are read: {known}, sec, msec")
    return _STRFTIME[spelled]


def _directive_text(text: str, keyword: str) -> str:
    """Return the format string out of a directive, its quoted pieces joined; any other text as it is."""
    stripped = text.strip().removesuffix(";").rstrip()
    if stripped.startswith(keyword):
        stripped = stripped.removeprefix(keyword).strip()
        if keyword == "log_format":
            stripped = re.sub(r"\A\S+\s+(?:escape=\w+\s+)?", "", stripped)
    elif not stripped.startswith("'") and not re.match(r'"(?:[^"\\]|\\.)*\\"(?:[^"\\]|\\.)*"(?:\s+\w+)?\Z', stripped):
        return text
    pieces = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", stripped)
    return "".join(single or double for single, double in pieces) if pieces else stripped


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text.lower())
    return name if name.isidentifier() else f"v_{name}"


def _pattern(items: list[str | _Variable]) -> str:
    """Write the pattern; of variables that want one name the first gets it, of durations the finest."""
    joined = _joined([item for item in items if item != ""])
    durations = [v for v in joined if isinstance(v, _Variable) and v.name == "duration"]
    finest = max(durations, key=lambda v: _PRECISION[v.type], default=None)
    taken = {"method", "path", "protocol"} if any(_is_request(item) for item in joined) else set()
    pattern = ""
    for item in joined:
        if isinstance(item, str):
            pattern += item.replace("{", "{{").replace("}", "}}")
            continue
        if item.name == "duration" and item is not finest:
            name = f"duration_{item.type}"
        else:
            name = item.name if item.name not in taken else item.own
        while name in taken:
            name += "_"
        taken.add(name)
        pattern += f"{{{name}:{item.type}}}"
    return pattern


def _is_request(item: str | _Variable) -> bool:
    return isinstance(item, _Variable) and item.type == "request"


def _joined(items: list[str | _Variable]) -> list[str | _Variable]:
    """Text variables that touch, such as ``%U%q``, become one field: where one ends cannot be seen."""
    joined: list[str | _Variable] = []
    for item in items:
        last = joined[-1] if joined else None
        if isinstance(item, _Variable) and isinstance(last, _Variable) and last.type == "text" == item.type:
            name = last.name if last.name == "path" else f"{last.name}_{item.name}"
            joined[-1] = _Variable(name, f"{last.name}_{item.name}")
        else:
            joined.append(item)
    return joined
