"""Anchors: what two hosts tell of the same happening, other than requests by their path; measured as skews of clocks.

A request id in the logs of several hosts; a syslog message in a host's own file and in a log server's; an Ansible
task in the controller's log and its modules in the machine's; an ssh command on one host and the login on another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from afterlog.clock import Survey

if TYPE_CHECKING:
    from afterlog.clock.judging import Pair

__all__ = ["anchored_pairs", "with_owners"]

_ELSEWHERE: Final[frozenset[str | None]] = frozenset(
    {"git-log", "github-actions", "azure-pipelines", "gitlab-ci", "cloudtrail", "gcp-audit", "azure-activity"}
)


def with_owners(parts: Sequence[Path], surveys: Sequence[Survey], parsers: Mapping[str, str | None]) -> list[Survey]:
    """Give the surveys with the host whose clock stamped each source, where that is not the host it was found on.

    A log server's copy may keep the sender's stamps. Commits, runs of a CI server and calls of a cloud are stamped
    elsewhere, wherever their log was collected; their host is None.

    Args:
        parts: files of events as they were read.
        surveys: what the sources tell.
        parsers: who read each source, by path.

    """
    from afterlog.anchors.received import stamped_by_sender  # noqa: PLC0415  loads numpy

    owners = {s.path: None if parsers.get(s.path) in _ELSEWHERE else s.host for s in surveys}
    owners |= stamped_by_sender(parts, owners)
    return [replace(survey, host=owners[survey.path]) for survey in surveys]


def anchored_pairs(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> list[Pair]:
    """Measure the clocks of hosts against each other by every kind of anchor.

    Args:
        parts: files of events as they were read, in the columns of `afterlog.table.FIXED`.
        hosts: the host whose clock stamped each source, by path; None where it is not known.

    """
    from afterlog.anchors.identifiers import pairs_by_request_id  # noqa: PLC0415  loads numpy
    from afterlog.anchors.logins import pairs_by_login  # noqa: PLC0415
    from afterlog.anchors.received import pairs_by_message  # noqa: PLC0415
    from afterlog.anchors.tasks import pairs_by_task  # noqa: PLC0415

    return [
        *pairs_by_request_id(parts, hosts),
        *pairs_by_message(parts, hosts),
        *pairs_by_task(parts, hosts),
        *pairs_by_login(parts, hosts),
    ]
