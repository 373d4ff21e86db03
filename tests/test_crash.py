"""An ingest that is killed at any moment leaves a case that the next ingest completes, without loss or doubles."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from afterlog.case import COPY_SCHEMA, REJECT_SCHEMA, Case
from afterlog.errors import CaseError
from afterlog.ingestion import Options, ingest

# Ingests, and kills itself at the n-th time that Python touches a file of the case.
KILLED = """
import os, signal, sys
from afterlog.ingestion import Options, ingest
logs, out, fatal = sys.argv[1], sys.argv[2], int(sys.argv[3])
touched = 0
def watch(event, args):
    global touched
    if event in ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir") and out in str(args[:2]):
        touched += 1
        if touched == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
ingest([logs], out, Options(tz="UTC", jobs=2))
print(touched)
"""


def write_logs(folder: Path) -> Path:
    rng = random.Random(3)
    var = folder / "web-01" / "var" / "log"
    var.mkdir(parents=True)
    access = [
        f'10.0.0.{rng.randrange(1, 255)} - - [10/Nov/2022:{10 + i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d} +0000] "GET /p/{i} HTTP/1.1" 200 17 "-" "curl"'
        for i in range(4000)
    ]
    access.insert(77, "no line of an access log")
    (var / "access.log").write_text("\n".join(access) + "\n")
    syslog = [f"Nov 10 10:{i // 60:02d}:{i % 60:02d} web-01 app[{i}]: said {i}" for i in range(3000)]
    (var / "syslog").write_text("\n".join(syslog) + "\n")
    (var / "user.log").write_text("\n".join(syslog[100:200]) + "\n")
    for number in range(6):
        (var / f"part{number}.log").write_text("\n".join(access[number * 100 : number * 100 + 50]) + "\n")
    return folder


def run_killed(logs: Path, out: Path, fatal: int) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(logs), str(out), str(fatal)], capture_output=True, text=True, check=False
    )


def content(case: Case) -> tuple:
    return (
        case.events().to_pylist(),
        case.ledgers(),
        case.read_table("rejects", REJECT_SCHEMA).to_pylist(),
        case.read_table("copies", COPY_SCHEMA).to_pylist(),
    )


def assert_same(case: Case, other: Case) -> None:
    for mine, theirs in zip(content(case), content(other), strict=True):
        assert mine == theirs


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    return write_logs(tmp_path_factory.mktemp("crash") / "logs")


@pytest.fixture(scope="module")
def undisturbed(logs, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "case"
    done = run_killed(logs, out, -1)
    assert done.returncode == 0, done.stderr
    return Case.open(out), int(done.stdout)


@pytest.mark.parametrize("seed", range(10))
def test_an_ingest_killed_at_a_random_moment_is_completed_by_the_next(seed, logs, undisturbed, tmp_path):
    whole, moments = undisturbed
    out = tmp_path / "case"
    fatal = random.Random(seed).randrange(1, moments + 1)
    assert run_killed(logs, out, fatal).returncode == -signal.SIGKILL
    assert_same(ingest([logs], out, Options(tz="UTC")), whole)


def test_an_ingest_killed_again_and_again_is_completed_at_last(logs, undisturbed, tmp_path):
    whole, moments = undisturbed
    for fatal in (moments // 4, moments // 4, moments // 3):
        run_killed(logs, tmp_path / "case", fatal)
    assert_same(ingest([logs], tmp_path / "case", Options(tz="UTC")), whole)


@pytest.mark.parametrize("seed", range(4))
def test_a_second_ingest_that_is_killed_leaves_the_first_case_readable(seed, logs, undisturbed, tmp_path):
    _, moments = undisturbed
    grown = tmp_path / "logs"
    shutil.copytree(logs, grown)
    out = tmp_path / "case"
    before = len(ingest([grown], out, Options(tz="UTC")).events(["time"]))
    extra = '10.0.0.9 - - [10/Nov/2022:13:00:00 +0000] "GET /late HTTP/1.1" 200 17 "-" "curl"\n'
    with (grown / "web-01/var/log/access.log").open("a") as file:
        file.write(extra)
    run_killed(grown, out, random.Random(seed).randrange(1, moments // 2))
    assert len(Case.open(out).events(["time"])) in (before, before + 1)
    assert len(ingest([grown], out, Options(tz="UTC")).events(["time"])) == before + 1
    assert_same(Case.open(out), ingest([grown], tmp_path / "anew", Options(tz="UTC")))


FULL = """
import resource, sys
from afterlog.errors import CaseError
from afterlog.ingestion import Options, ingest
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    ingest([sys.argv[1]], sys.argv[2], Options(tz="UTC"))
except CaseError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [100, 2_000, 20_000])
def test_a_full_disk_is_a_clear_error_and_breaks_nothing(limit, logs, undisturbed, tmp_path):
    whole, _ = undisturbed
    out = tmp_path / "case"
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(logs), str(out), str(limit)], capture_output=True, text=True, check=False
    )
    assert "cannot be written" in told.stdout, told.stderr
    assert "free space" in told.stdout
    assert_same(ingest([logs], out, Options(tz="UTC")), whole)


def test_two_ingests_into_one_case_at_once_are_refused(logs, tmp_path):
    from afterlog.intake.receipts import Receipts

    ingest([logs], tmp_path / "case")
    with Receipts(tmp_path / "case").locked(), pytest.raises(CaseError, match="another ingest"):
        ingest([logs], tmp_path / "case")
