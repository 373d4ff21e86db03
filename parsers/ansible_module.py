"""Ansible's modules, as they announce themselves to syslog on the machine they work on.

``ansible-<module>: Invoked with name=value …``: one line when a module starts, with its arguments as they were given
and then the defaults. The program's name carries the module, ``ansible-ansible.legacy.copy`` or ``ansible-apt``.

Traps: the line says that a module began, not what it did, so the outcome is unknown (those that only read leave
everything as it was); nothing is quoted, so a value ends where the next ``name=`` begins, and the text of a command
ends at ``_uses_shell=``; ``None`` and ``NOT_LOGGING_PARAMETER`` stand for no value; a file or template task shows as
``stat`` and then ``copy``; check mode is not told; tasks that run on the controller (debug, set_fact) leave no line.

https://docs.ansible.com/ansible/latest/reference_appendices/logging.html
https://github.com/ansible/ansible/blob/devel/lib/ansible/module_utils/basic.py (_log_invocation)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample

_INVOKED: Final = "Invoked with"
_ARGUMENT: Final = re.compile(r"(?:\A| )(?P<name>[a-z_][a-z0-9_]{0,60})=")
_COMMAND: Final = re.compile(r"(?:\A| )_raw_params=(?P<command>.*?) _uses_shell=", re.DOTALL)
_LIST: Final = re.compile(r"\['(?P<items>.*)'\]", re.DOTALL)
_NO_VALUE: Final = frozenset({"", "None", "NOT_LOGGING_PARAMETER", "[]"})
_TARGETS: Final = ("dest", "path", "name", "_raw_params", "url")
_READS: Final = frozenset({
    "assert", "debug", "find", "gather_facts", "getent", "package_facts", "ping", "service_facts", "setup", "slurp",
    "stat", "wait_for", "wait_for_connection",
})  # fmt: skip
_FETCHES: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOLD: Final = {
    "kind": pa.string(), "action": pa.string(), "target": pa.string(), "outcome": pa.string(), "actor": pa.string(),
    "module": pa.string(), "src": pa.string(), "checksum": pa.string(), "state": pa.string(),
}  # fmt: skip


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Column]:
    said = match.text("message")
    programs = outer.get("program", pa.nulls(len(match), pa.string()))
    pairs = pa.StructArray.from_arrays([programs, said], ["program", "message"]).to_pylist()
    told = [_told(_module(pair["program"] or ""), pair["message"]) for pair in pairs]
    columns = {name: pa.array([one.get(name) for one in told], kind) for name, kind in _TOLD.items()}
    return {name: pc.coalesce(column, outer[name]) if name in outer else column for name, column in columns.items()}


def _module(program: str) -> str | None:
    return program.removeprefix("ansible-").removesuffix(".py").rpartition(".")[2] or None


def _told(module: str | None, text: str) -> dict[str, Any]:
    if not text.startswith(_INVOKED):
        return {"kind": Kind.LOG, "module": module}
    given = _arguments(text.removeprefix(_INVOKED).removeprefix(" "))
    reads = module in _READS or (module == "uri" and given.get("method", "GET") in _FETCHES and "dest" not in given)
    target = next((given[name] for name in _TARGETS if name in given), None)
    listed = _LIST.fullmatch(target) if target else None
    return {
        "kind": Kind.CHANGE,
        "action": "module",
        "target": listed["items"].replace("', '", ", ") if listed else target,
        "outcome": Outcome.UNCHANGED if reads else Outcome.UNKNOWN,
        "actor": "ansible",
        "module": module,
        "src": given.get("src"),
        "checksum": given.get("checksum"),
        "state": given.get("state"),
    }


def _arguments(text: str) -> dict[str, str]:
    """Take the arguments apart; of a name that comes twice the first value counts."""
    given: dict[str, str] = {}
    if command := _COMMAND.search(text):  # nothing in a command is an argument of the module
        given["_raw_params"] = command["command"]
        text = text[: command.start()] + text[command.end("command") :]
    found = list(_ARGUMENT.finditer(text))
    ends = [*(following.start() for following in found[1:]), len(text)]
    for name, end in zip(found, ends, strict=False):  # no name at all leaves one end over
        given.setdefault(name["name"], text[name.end() : end])
    return {name: value for name, value in given.items() if value not in _NO_VALUE}


_RECORDING: Final = "recording misspelt-file-name, web-01/var/log/user.log"
_RUN: Final = "ansible-core 2.14 on loopback"


def _sample(module: str, text: bytes, expect: dict[str, object] | None, origin: str) -> Sample:
    return Sample(text, expect, origin, program=f"ansible-{module}")


SAMPLES: Final = (
    _sample(
        "ansible.legacy.copy",
        b"Invoked with src=/home/deploy/.ansible/tmp/ansible-tmp-1668058505.045111-9963-11641883384599/source dest=/var/www/blog/settings.php owner=root group=root mode=0644 _original_basename=settings.php follow=False checksum=96e413c490a19375c6a8860e0e6b6f4799fc0009 backup=False force=True unsafe_writes=False content=NOT_LOGGING_PARAMETER validate=None directory_mode=None remote_src=None local_follow=None seuser=None serole=None selevel=None setype=None attributes=None",
        {
            "kind": "change",
            "action": "module",
            "target": "/var/www/blog/settings.php",
            "outcome": "unknown",
            "actor": "ansible",
            "module": "copy",
            "src": "/home/deploy/.ansible/tmp/ansible-tmp-1668058505.045111-9963-11641883384599/source",
            "checksum": "96e413c490a19375c6a8860e0e6b6f4799fc0009",
            "state": None,
        },
        _RECORDING,
    ),
    _sample(
        "ansible.legacy.copy",
        b"Invoked with remote_src=True src=/var/backups/blog/settings.php.last-good dest=/var/www/blog/settings.php backup=False force=True follow=False unsafe_writes=False _original_basename=None content=NOT_LOGGING_PARAMETER validate=None directory_mode=None local_follow=None checksum=None mode=None owner=None group=None seuser=None serole=None selevel=None setype=None attributes=None",
        {
            "target": "/var/www/blog/settings.php",
            "src": "/var/backups/blog/settings.php.last-good",
            "checksum": None,
        },
        _RECORDING,
    ),
    _sample(
        "ansible.legacy.stat",
        b"Invoked with path=/etc/motd follow=False get_checksum=True checksum_algorithm=sha1 get_md5=False get_mime=True get_attributes=True",
        {"action": "module", "module": "stat", "target": "/etc/motd", "outcome": "unchanged"},
        _RECORDING,
    ),
    _sample(
        "ansible.legacy.command",
        b"Invoked with _raw_params=/usr/sbin/apachectl graceful _uses_shell=False stdin_add_newline=True strip_empty_ends=True argv=None chdir=None executable=None creates=None removes=None stdin=None",
        {"module": "command", "target": "/usr/sbin/apachectl graceful", "outcome": "unknown"},
        _RECORDING,
    ),
    _sample(
        "ansible.legacy.uri",
        b"Invoked with url=http://10.20.0.11/health.html force=False http_agent=ansible-httpget use_proxy=True validate_certs=True force_basic_auth=False use_gssapi=False body_format=raw method=GET return_content=False follow_redirects=safe status_code=[200] timeout=30 headers={} remote_src=False unredirected_headers=[] decompress=True use_netrc=True unsafe_writes=False url_username=None url_password=NOT_LOGGING_PARAMETER client_cert=None client_key=None dest=None body=None src=None creates=None removes=None unix_socket=None ca_path=None ciphers=None mode=None owner=None group=None seuser=None serole=None selevel=None setype=None attributes=None",
        {"module": "uri", "target": "http://10.20.0.11/health.html", "outcome": "unchanged"},
        _RECORDING,
    ),
    _sample(
        "ansible.legacy.uri",
        b"Invoked with url=http://127.0.0.1:1/ method=POST force=False http_agent=ansible-httpget use_proxy=True",
        {"module": "uri", "target": "http://127.0.0.1:1/", "outcome": "unknown"},
        _RUN + ", shortened and with other paths",
    ),
    _sample(
        "file",
        b"Invoked with path=/srv/play/ansd state=directory recurse=False force=False follow=True modification_time_format=%Y%m%d%H%M.%S access_time_format=%Y%m%d%H%M.%S unsafe_writes=False _original_basename=None _diff_peek=None src=None modification_time=None access_time=None mode=None owner=None group=None",
        {
            "module": "file",
            "target": "/srv/play/ansd",
            "state": "directory",
            "src": None,
            "outcome": "unknown",
        },
        _RUN + ", shortened and with other paths",
    ),
    _sample(
        "ansible.legacy.service",
        b"Invoked with name=nosuch state=restarted runlevel=default arguments= sleep=None pattern=None enabled=None",
        {"module": "service", "target": "nosuch", "state": "restarted"},
        _RUN,
    ),
    _sample(
        "apt",
        b"Invoked with name=['curl'] state=present package=['curl'] update_cache_retries=5 update_cache_retry_max_delay=12 cache_valid_time=0 purge=False force=False upgrade=no",
        {"module": "apt", "target": "curl", "state": "present"},
        _RUN + ", shortened and with other paths",
    ),
    _sample(
        "lineinfile",
        b"Invoked with path=/srv/play/ans line=a=b c regexp=^a state=present backrefs=False create=False backup=False firstmatch=False",
        {"module": "lineinfile", "target": "/srv/play/ans", "state": "present"},
        _RUN + ", shortened and with other paths",
    ),
    _sample(
        "ansible.legacy.setup",
        b"Invoked with gather_subset=['all'] gather_timeout=10 filter=[] fact_path=/etc/ansible/facts.d",
        {"module": "setup", "target": None, "outcome": "unchanged"},
        _RUN,
    ),
    _sample("ping", b"Invoked with data=pong", {"module": "ping", "target": None, "outcome": "unchanged"}, _RUN),
    _sample(
        "service_facts",
        b"Invoked with ",
        {"kind": "change", "module": "service_facts", "target": None, "outcome": "unchanged"},
        "a module without arguments, module_utils/basic.py",
    ),
    _sample(
        "ansible.legacy.command",
        b"Invoked with _raw_params=env name=x dest=/y \x00\xff\x1b[31m Nov 10 10:29:58 sh _uses_shell=True stdin=None",
        {"target": "env name=x dest=/y \x00\\xff\x1b[31m Nov 10 10:29:58 sh", "outcome": "unknown"},
        "hostile: arguments, NUL, a byte that is no UTF-8, an escape and a date inside a command; nothing is quoted",
    ),
    _sample(
        "ansible.legacy.command",
        b"Invoked with _raw_params=" + b"x" * 1_000_000 + b" _uses_shell=True",
        {"target": "x" * 1_000_000},
        "hostile: a line of 1 MB",
    ),
    _sample(
        "copy",
        b"[WARNING]: Module did not set no_log",
        {"kind": "log", "action": None, "module": "copy"},
        "hostile: no call",
    ),
)

PARSER = LineParser(
    name="ansible-module",
    title="Ansible modules in syslog",
    url="https://docs.ansible.com/ansible/latest/reference_appendices/logging.html",
    samples=SAMPLES,
    layouts=(Layout("{message:rest}"),),
    inside=("ansible-*",),
    meaning=_meaning,
)
