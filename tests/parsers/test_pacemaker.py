"""What Pacemaker says becomes."""

import pytest
from reading_back import Read

from afterlog.registry import registry


def syslog(said: str) -> Read:
    return Read(registry()["syslog"], f"Nov 22 14:20:13 n1 pacemaker-controld[4047]: {said}".encode(), registry())


@pytest.mark.parametrize(
    ("said", "action", "target", "outcome", "severity"),
    [
        (" notice: Result of start operation for vip on n1: ok", "start", "vip", "changed", 10),
        (" notice: Result of start operation for vip on n1: 0 (ok)", "start", "vip", "changed", 10),
        (" notice: Result of stop operation for db on n1: Timed Out", "stop", "db", "failed", 17),
        (" notice: Result of probe operation for db on n1: 7 (not running)", None, None, None, 10),
        (" notice: Initiating promote operation db_promote_0 on n2", "promote", "db", "started", 10),
        (" notice: Initiating monitor operation db_monitor_10000 on n2", None, None, None, 10),
        (
            " notice: Peer n2 was terminated (reboot) by n1 on behalf of pacemaker-controld.1234",
            "fence",
            "n2",
            "changed",
            10,
        ),
        ("warning: Node n3 is now lost", "node-lost", "n3", "failed", 13),
    ],
)
def test_what_the_cluster_does_is_a_change_and_what_it_watches_is_none(said, action, target, outcome, severity):
    got = syslog(said)
    assert [got[name] for name in ("action", "target", "outcome", "severity")] == [
        [action],
        [target],
        [outcome],
        [severity],
    ]


def test_its_own_file_has_milliseconds_and_no_year():
    line = b"Nov 06 18:24:18.015 v01 pacemaker-controld  [895] (te_rsc_command) \tnotice: Initiating start operation web_start_0 locally on v01\n"
    got = Read(registry()["pacemaker"], line, registry())
    assert (got["target"], got["host"], got["function"]) == (["web"], ["v01"], ["te_rsc_command"])
    assert int(got.batches[0].times.wall_us[0]) % 1_000_000 == 15_000
