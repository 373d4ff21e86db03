"""Signs: messages by which a cause that nobody's change brought tells itself.

Each pattern is the program's own wording (Linux' errno texts, the kernel's OOM killer, OpenSSL, PostgreSQL, MySQL,
nginx, HAProxy, Apache, chrony, ntpd, systemd-timesyncd, glibc's resolver, Java, Kubernetes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sign:
    """A kind of non-change cause: its title, the same as a noun, its words.

    ``prior`` is how often it is the origin rather than a symptom, in nats.
    """

    name: str
    title: str
    noun: str
    prior: float
    pattern: re.Pattern[str]


def _sign(name: str, title: str, noun: str, prior: float, *words: str) -> Sign:
    return Sign(name, title, noun, prior, re.compile("|".join(words), re.IGNORECASE))


SIGNS: Final[tuple[Sign, ...]] = (
    _sign(
        "disk-full", "A disk was full", "a full disk", 1.5,
        r"no space left on device", r"\bENOSPC\b", r"disk (?:is )?full", r"disk quota exceeded", r"\bEDQUOT\b",
        r"read-only file ?system", r"flood stage disk watermark", r"filesystem (?:is )?full", r"DiskPressure",
    ),
    _sign(
        "out-of-memory", "Memory ran out", "a lack of memory", 1.2,
        r"out of memory", r"\boom[-_ ]?kill", r"invoked oom-killer", r"OutOfMemoryError", r"cannot allocate memory",
        r"\bENOMEM\b", r"memory cgroup out of memory", r"std::bad_alloc", r"allowed memory size of .{0,20} exhausted",
        r"OOMKilled", r"MemoryError\b", r"OOM command not allowed",
    ),
    _sign(
        "certificate", "A certificate had expired", "an expired certificate", 1.5,
        r"certificate (?:has |is )?expired", r"certificate_expired", r"expired certificate",
        r"CERT_HAS_EXPIRED", r"NotAfter", r"certificate is not yet valid",
        r"certificate verify failed",
    ),
    _sign(
        "connection-limit", "Connections ran out", "a lack of free connections", 0.5,
        r"too many connections", r"worker_connections (?:are )?not enough", r"remaining connection slots are reserved",
        r"too many clients already", r"max_connections", r"connection pool (?:exhausted|timeout)",
        r"reached MaxRequestWorkers", r"reached max_children", r"server reached pm\.max_children",
        r"max number of clients reached", r"connection is not available, request timed out", r"QueuePool limit",
        r"nf_conntrack: table full", r"possible SYN flooding",
    ),
    _sign(
        "open-files", "File handles ran out", "a lack of file handles", 0.8,
        r"too many open files", r"\bEMFILE\b", r"\bENFILE\b", r"file-max limit .{0,10} reached",
    ),
    _sign(
        "dns", "Names could not be resolved", "names that could not be resolved", 1.0,
        r"could not resolve", r"temporary failure in name resolution", r"name or service not known", r"\bSERVFAIL\b",
        r"host not found in upstream", r"no such host", r"getaddrinfo(?: \w+)? (?:ENOTFOUND|EAI_AGAIN)",
        r"UnknownHostException", r"could not be resolved", r"nodename nor servname", r"Name does not resolve",
    ),
    _sign(
        "clock", "A clock was stepped", "a stepped clock", 0.5,
        r"system clock (?:was stepped|wrong by)", r"step(?:ping)? (?:the )?(?:system )?(?:clock|time)",
        r"time (?:has been )?(?:changed|stepped)", r"clock step", r"time reset [-+]?\d", r"clock jump(?:ed)?",
        r"clock skew",
    ),
    _sign(
        "hardware", "The machine or its disk failed", "a failing machine or disk", 1.0,
        r"\bI/O error\b", r"input/output error", r"\bEIO\b", r"machine check", r"hardware error", r"mce: \[",
        r"soft lockup", r"hung_task|blocked for more than .{0,6} seconds", r"kernel panic", r"EXT4-fs error",
        r"XFS .{0,40}(?:corruption|shutdown)",
        r"uncorrectable", r"\bECC\b", r"link is down", r"NIC link", r"SMART .*fail",
    ),
    _sign(
        "lock", "Statements waited for a lock in the database", "a lock in the database", 0.0,
        r"still waiting for \w+Lock on", r"lock wait timeout exceeded", r"deadlock (?:detected|found)",
        r"due to lock timeout", r"could not obtain lock", r"database (?:table )?is locked",
        r"waiting for table metadata lock",
        r"ORA-00054", r"Lock request time out period exceeded",
    ),
    _sign(
        "crash", "A process crashed", "a crashed process", 0.0,
        r"exited on signal", r"segfault at", r"core dumped", r"Main process exited, code=(?:killed|dumped)",
        r"exited with fatal code", r"\bpanic:", r"Back-off restarting failed container", r"CrashLoopBackOff",
        r"[Cc]rashed by signal", r"got signal \d+ ?;", r"Failed with result '(?:signal|core-dump|watchdog)'",
    ),
    _sign(
        "dependency", "Another service did not answer", "another service that did not answer", -1.0,
        r"connection refused", r"\bECONNREFUSED\b", r"no route to host", r"network is unreachable",
        r"host is unreachable", r"\bEHOSTUNREACH\b", r"upstream timed out",
        r"connect\(\) failed", r"connect\(\) to .{0,120}failed",
        r"connection timed out", r"\bETIMEDOUT\b", r"read timed out", r"SocketTimeoutException", r"\bi/o timeout\b",
        r"context deadline exceeded", r"max retries exceeded", r"upstream request timeout",
        r"can'?t connect to", r"could not connect to (?:server|\S+:\d)",
        r"connection reset by peer", r"no live upstreams", r"has no server available", r"lost connection to",
        r"server has gone away", r"connection to .{0,120}failed", r"failed to connect", r"unable to connect",
        r"the database system is (?:starting up|shutting down|in recovery)",
    ),
)  # fmt: skip
BY_NAME: Final = {sign.name: sign for sign in SIGNS}


def sign_of(said: str) -> str:
    """Name the non-change cause of which a message is a sign, "" where it is of none; the first that fits counts."""
    return next((sign.name for sign in SIGNS if sign.pattern.search(said)), "")
