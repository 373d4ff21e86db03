"""cloud-init's own log (cloud-init.log): what a new machine, or one that starts again, did to itself at boot.

The first stage, ``init-local``, runs once per boot: it is told as a boot, which is how instances that an autoscaler added,
or that came back, show in the logs. A stage or module that fails is a warning or an error.

Traps: no zone; the first stage runs before the clock is set, so that its times may be off by any amount; older versions, and those that
log through syslog, write ``[CLOUDINIT]`` behind a syslog stamp; what scripts printed stands in cloud-init-output.log, without times.

https://cloudinit.readthedocs.io/en/latest/reference/base_config_reference.html#logging
https://github.com/canonical/cloud-init/blob/main/cloudinit/analyze/dump.py
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample, each_unique

_BANNER: Final = re.compile(r"Cloud-init v\. (?P<version>\S+) running '(?P<stage>[\w:-]+)' at .*", re.DOTALL)
_ENDED: Final = re.compile(r"finish: (?P<stage>\S+): (?P<result>FAIL|WARN): .*", re.DOTALL)


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    message = match.text("message")
    telling = pc.match_substring_regex(message, "^(?:Cloud-init v|finish: .*: (?:FAIL|WARN): )")
    return {**each_unique(pc.if_else(telling, message, ""), _told), "service": ["cloud-init"] * len(match)}


def _told(text: str) -> dict[str, Any]:
    if banner := _BANNER.fullmatch(text):
        if banner["stage"] != "init-local":
            return {"kind": str(Kind.LOG)} | banner.groupdict()
        started = {
            "kind": str(Kind.CHANGE),
            "action": "boot",
            "target": "the machine",
            "outcome": str(Outcome.CHANGED),
        }
        return started | banner.groupdict()
    if ended := _ENDED.fullmatch(text):
        return {"kind": str(Kind.LOG)} | ended.groupdict()
    return {"kind": str(Kind.LOG)}


_TESTS: Final = "canonical/cloud-init, "

SAMPLES: Final = (
    Sample(
        b"2017-05-22 18:02:01,088 - util.py[DEBUG]: Cloud-init v. 0.7.9 running 'init-local' at Mon, 22 May 2017 18:02:01 +0000. Up 2.0 seconds.",
        {"time": "2017-05-22T18:02:01.088", "kind": "change", "action": "boot", "target": "the machine", "outcome": "changed", "version": "0.7.9", "stage": "init-local",
         "severity": 5, "logger": "util.py", "service": "cloud-init"},
        _TESTS + "cloudinit/analyze/dump.py",
    ),
    Sample(
        b"2017-10-18 09:57:56,036 - util.py[DEBUG]: Cloud-init v. 0.7.9 running 'init' at Wed, 18 Oct 2017 01:57:56 +0000. Up 15.03 seconds.",
        {"kind": "log", "stage": "init", "action": None},
        "a cloud-init.log in a public article",
    ),
    Sample(
        b"2019-07-08 17:40:49,601 - util.py[DEBUG]: Cloud-init v. 19.1-1-gbaa47854-0ubuntu1~18.04.1 running 'init-local' at Mon, 08 Jul 2019 17:40:49 +0000. Up 18.84 seconds.",
        {"action": "boot", "version": "19.1-1-gbaa47854-0ubuntu1~18.04.1"},
        _TESTS + "tests of analyze boot",
    ),
    Sample(
        b"2017-05-22 18:02:01,088 - x.py[WARNING]: \x00\xff\x1b[31m Cloud-init v. 1 running 'init-local' at x",
        {"kind": "log", "severity": 13},
        "hostile: NUL, bad UTF-8, an escape and a banner inside a message",
    ),
    Sample(b"2017-05-32 18:02:01,088 - util.py[DEBUG]: x", None, "hostile: no such day"),
)  # fmt: skip

PARSER = LineParser(
    name="cloud-init",
    title="cloud-init (cloud-init.log)",
    url="https://cloudinit.readthedocs.io/en/latest/reference/base_config_reference.html#logging",
    samples=SAMPLES,
    layouts=(Layout("{time:python} - {logger:word}[{level:level}]: {message:rest}"),),
    continues=True,
    meaning=_meaning,
)
