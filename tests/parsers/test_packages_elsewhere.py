"""What zypper's history, pacman's log and unattended upgrades become: events, and changes with their start and end."""

from pathlib import Path

from reading_back import Read

from afterlog.changes import find_changes
from afterlog.ingestion import Options, ingest
from afterlog.registry import registry

# zypper 1.14.42 on Debian 12 with --root, run for the purpose; the checksums cut
ZYPPER = b"""\
2026-12-01 11:59:45|command|root@vm|'zypper' '--non-interactive' 'up' 'blog-theme'|
# 2026-12-01 11:59:45 blog-theme-1.1-1.noarch.rpm installed ok
# Additional rpm output:
# rpm: However assuming you know what you are doing...
# 
2026-12-01 11:59:45|install|blog-theme|1.1-1|noarch|root@vm|local|648fda45|
# 2026-12-01 12:02:46 blog-bad-1.0-1.noarch.rpm install failed
# rpm output:
# error: blog-bad-1.0-1.noarch: install failed
"""  # noqa: W291
# pacman 6.0.2 on Debian 12 with --root, run for the purpose
PACMAN = b"""\
[2026-12-01T11:59:45+0000] [PACMAN] Running 'pacman -U blog-theme-1.1-1-any.pkg.tar.gz'
[2026-12-01T11:59:45+0000] [ALPM] transaction started
[2026-12-01T11:59:45+0000] [ALPM] upgraded blog-theme (1.0-1 -> 1.1-1)
[2026-12-01T11:59:46+0000] [ALPM] removed blog-cache (1.0-1)
[2026-12-01T11:59:46+0000] [ALPM] transaction completed
"""
# konklone/oversight.garden pull request 154, and apt's history of such a run
UNATTENDED = b"""\
2016-10-23 16:42:00,216 INFO Starting unattended upgrades script
2016-10-23 16:42:02,632 INFO Packages that will be upgraded: tzdata openssl
2016-10-23 16:42:05,515 INFO All upgrades installed
"""
HISTORY = b"""
Start-Date: 2016-10-23  16:42:03
Commandline: /usr/bin/unattended-upgrade
Upgrade: tzdata:amd64 (2016f, 2016g), openssl:amd64 (1.0.2g-1, 1.0.2g-2)
End-Date: 2016-10-23  16:42:05
"""


def told(tmp_path: Path, files: dict[str, bytes]):
    for name, content in files.items():
        at = tmp_path / "logs" / "web-01" / "var" / "log" / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content)
    return find_changes(ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="UTC", jobs=1))).changes


def test_zyppers_comments_belong_to_no_package_but_a_failure_in_one_is_a_failed_change():
    got = Read(registry()["zypper"], ZYPPER, registry())
    assert got["action"] == [None, None, "install", "install"]
    assert got["outcome"] == [None, None, "changed", "failed"]
    assert got["target"] == [None, None, "blog-theme", "blog-bad"]
    assert got.continuations == 5 and not got.rejects


def test_one_run_of_pacman_is_one_change(tmp_path):
    (change,) = told(tmp_path, {"pacman.log": PACMAN})
    assert (change.tool, change.targets, change.outcome) == ("package", ("blog-theme", "blog-cache"), "changed")
    assert change.end_us - change.start_us == 1_000_000


def test_unattended_upgrades_alone_are_one_change_from_the_plan_to_the_end(tmp_path):
    (change,) = told(tmp_path, {"unattended-upgrades/unattended-upgrades.log": UNATTENDED})
    assert (change.title, change.actor) == ("Packages: upgrade tzdata, openssl", "unattended-upgrades")
    assert (change.outcome, change.end_us - change.start_us) == ("changed", 2_883_000)


def test_what_apts_history_tells_of_them_is_not_told_twice(tmp_path):
    files = {"unattended-upgrades/unattended-upgrades.log": UNATTENDED, "apt/history.log": HISTORY}
    (change,) = told(tmp_path, files)
    assert change.targets == ("tzdata", "openssl")
    assert change.end_us - change.start_us == 2_000_000  # the block's own two dates
