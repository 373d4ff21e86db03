"""What a path tells: the host that wrote a log, and the service."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

_ROOT_DIRS: Final = frozenset("var srv etc home opt usr root tmp log logs run mnt data proc sys AWSLogs".split())
_SERVICE_DIRS: Final = frozenset(
    "apache apache2 httpd nginx haproxy mysql mariadb postgresql redis rabbitmq puppet puppetlabs ansible apt "
    "journal syslog tomcat caddy traefik envoy kafka mongodb docker containers pods php git salt chef".split()
)
_PLAIN_WORDS: Final = frozenset({"access", "error", "log", "other", "vhosts", "ssl"})
ARCHIVE_SUFFIX: Final = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz|zip)$", re.IGNORECASE)


class Place(NamedTuple):
    """What a path tells about where a log was written."""

    host: str | None
    service: str | None


def place_of(path: str, root: Path) -> Place:
    """Tell host and service from a path such as ``web-01/var/log/apache2/access.log``."""
    parts = tuple(ARCHIVE_SUFFIX.sub("", part) for part in PurePosixPath(path).parts)
    folders = parts[:-1]
    marker = next((i for i, part in enumerate(folders) if part in _ROOT_DIRS), len(folders))
    before = [part for part in folders[:marker] if part not in _SERVICE_DIRS and not part.isdecimal()]
    host = before[-1] if before else None
    of_host = folders[:1] != ("AWSLogs",)  # CloudTrail's tree is of an account
    if host is None and folders and marker == 0 and of_host and root.is_dir() and root.name not in _ROOT_DIRS:
        host = root.resolve().name or None
    stem = PurePosixPath(parts[-1]).name.split(".")[0] if parts else ""
    words = [word for word in stem.replace("_", "-").split("-") if word not in _PLAIN_WORDS]
    folder = folders[-1] if folders and folders[-1] not in _ROOT_DIRS and folders[-1] != host else None
    return Place(host, "-".join(words) or folder)
