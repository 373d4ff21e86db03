"""What Capistrano's log, its output and its list of revisions become."""

from afterlog.event import Outcome
from afterlog.parser import Line, Record, Reject
from afterlog.parsers.capistrano import PARSER

LOG, OUTPUT, REVISIONS = PARSER
DEPLOY = b"""\
  INFO START 2026-11-22 14:02:04 +0100 cap production deploy
  INFO ---------------------------------------------------------------------------
  INFO [cf32eb2d] Running /usr/bin/env mkdir -p /srv/www on web-01
  INFO [cf32eb2d] Finished in 1.500 seconds with exit status 0 (successful).
 DEBUG [ffe73a01] Running [ -f /srv/www/current/REVISION ] on web-01
 DEBUG [ffe73a01] Finished in 0.500 seconds with exit status 256 (failed).
  INFO [65ee345f] Running /usr/bin/env echo "Branch main (at fcc2600) deployed as release 20261122130206 by deploy" >> /srv/www/revisions.log on web-01
  INFO [65ee345f] Finished in 0.001 seconds with exit status 0 (successful).
"""


def told(data: bytes, parser=LOG) -> list[Record | Reject]:
    lines = data.removesuffix(b"\n").split(b"\n")
    return list(parser.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def test_commands_are_placed_by_adding_up_what_they_took():
    start = told(DEPLOY)[0].time
    utc = start.wall_us - 3600 * 1_000_000
    assert start.offset_s == 3600
    assert [(r.line.number, (r.time.wall_us - utc) / 1e6) for r in told(DEPLOY)[1:]] == [
        (3, 0), (4, 1.5), (5, 1.5), (6, 2.0), (7, 2.0), (8, 2.001),
    ]  # fmt: skip


def test_a_recorded_revision_is_the_deploy_and_a_test_that_came_out_false_is_no_failure():
    changes = [r.columns for r in told(DEPLOY) if r.columns["kind"] == "change"]
    assert [(c["action"], c["target"], c["outcome"]) for c in changes] == [
        ("deploy", "production", Outcome.STARTED),
        ("deploy", "release 20261122130206", Outcome.CHANGED),
    ]
    assert (changes[1]["version"], changes[1]["actor"], changes[1]["target_host"]) == ("fcc2600", "deploy", "web-01")


def test_a_deploy_that_never_records_a_revision_broke_off():
    broken = b"\n".join(DEPLOY.split(b"\n")[:4]) + b"\n"
    last = told(broken)[-1].columns
    assert (last["action"], last["outcome"], last["target"]) == ("deploy", Outcome.FAILED, "production")


def test_a_release_id_is_a_time_in_utc_and_a_rollback_lies_between_its_neighbours():
    lines = (
        b"Branch main (at fcc2600) deployed as release 20261122140204 by deploy\n"
        b"Branch main (at 0123abc) deployed as release 20261122140207 by deploy\n"
        b"deploy rolled back to release 20261122140204\n"
        b"Branch main (at 4567def) deployed as release 20261122150000 by deploy\n"
        b"deploy rolled back to release 20261122140207\n"
    )
    records = told(lines, REVISIONS)
    base = records[0].time.wall_us
    assert [(r.columns["action"], r.time.wall_us - base if r.time.wall_us > 0 else r.time.wall_us) for r in records] == [
        ("deploy", 0), ("deploy", 3_000_000), ("rollback", 3_000_000), ("deploy", 3476_000_000), ("rollback", 0),
    ]  # fmt: skip
    assert records[0].time.offset_s == 0


def test_the_outputs_minutes_count_from_the_beginning_and_are_placed_from_the_end():
    text = "00:00 git:check\n      01 git ls-remote x HEAD\n    ✔ 01 web-01 0.010s\n01:05 deploy:symlink:release\n      01 ln -s a b\n"
    records = told(text.encode(), OUTPUT)
    assert [-r.time.wall_us / 1e6 for r in records] == [65, 65, 65, 0, 0]
    assert records[3].columns["action"] == "deploy"
