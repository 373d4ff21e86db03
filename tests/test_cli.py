"""The command line as outside checks use it: documents, exit codes, messages; run as a program, like a user would."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import zstandard

from conftest import SAMPLE

WEB = SAMPLE / "web-01" / "var" / "log"


def afterlog(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from afterlog.cli import main; main()", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=cwd, env={**os.environ, **environment}, check=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("run")
    done = afterlog("run", SAMPLE, "--tz", "Asia/Kolkata", "-o", folder / "case")
    assert done.returncode == 0, done.stderr
    return folder / "case", done.stdout


def test_run_ends_with_outage_impact_cause_and_where_the_draft_is(made):
    case, told = made
    for words in (
        "Outage    bk_blog: 2022-11-10 11:15:00",
        "7,413 of",
        "Push blog configuration",
        str(case / "postmortem.md"),
    ):
        assert words in told


def test_the_case_holds_what_the_design_says(made):
    case, _ = made
    for name in (
        "case.toml",
        "sources.parquet",
        "rejects.parquet",
        "signals.parquet",
        "findings.json",
        "postmortem.md",
        "failure-rate.svg",
    ):
        assert (case / name).is_file(), name
    assert list((case / "events").glob("*.parquet"))
    assert not list(case.glob(".*.tmp"))


def document(*arguments: object) -> dict:
    done = afterlog(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_outages_json_has_the_contracts_fields(made):
    (outage,) = document("outages", made[0])["outages"]
    assert {
        "id", "kind", "class", "service", "hosts", "start", "start_low", "start_high", "end", "end_low", "end_high",
        "open_start", "open_end", "baseline_rate", "failure_rate", "requests", "failed", "clients", "phases", "evidence",
    } <= set(outage)  # fmt: skip
    assert (outage["kind"], outage["class"], outage["service"]) == ("errors", "outage", "bk_blog")
    low, start, high = (datetime.fromisoformat(outage[name]) for name in ("start_low", "start", "start_high"))
    assert low <= start <= high
    assert outage["evidence"][0]["source"] == "lb-01/var/log/haproxy.log"


def test_causes_json_has_the_contracts_fields(made):
    told = document("causes", made[0])
    first = told["causes"][0]
    assert {"outage", "rank", "change", "title", "score", "confidence", "for", "against", "evidence"} <= set(first)
    assert first["rank"] == 1 and 0 <= first["confidence"] <= 1
    assert set(told["verdicts"].values()) == {"likely"}


def test_timeline_json_has_the_contracts_fields(made):
    entries = document("timeline", made[0])["entries"]
    assert {"id", "time", "time_low", "time_high", "kind", "host", "service", "text", "evidence"} <= set(entries[0])
    moments = [datetime.fromisoformat(entry["time"]) for entry in entries]
    assert moments == sorted(moments)
    assert all(entry["evidence"] for entry in entries)


def test_sources_json_has_the_contracts_fields_and_conserves_lines(made):
    sources = document("sources", made[0])["sources"]
    fields = {
        "path", "parser", "host", "service", "zone", "zone_basis", "clock_offset_s", "status", "reason", "lines", "events",
        "continuations", "rejects", "duplicates", "first", "last", "gaps",
    }  # fmt: skip
    for source in sources:
        assert fields <= set(source)
        assert source["lines"] == source["events"] + source["continuations"] + source["rejects"]
        assert source["status"] in {"read", "partly-read", "not-a-log", "unreadable"}


def test_events_are_filtered_by_time_host_kind_and_text(made):
    told = document(
        "timeline",
        made[0],
        "--events",
        "--host",
        "web-01",
        "--kind",
        "change",
        "--since",
        "2022-11-10T13:31",
        "--until",
        "2022-11-10T13:32",
        "--grep",
        "grep",
    )
    (event,) = told["events"]
    assert event["target"] == "/usr/bin/grep -rn phpp /var/www/blog"
    assert event["time"] == "2022-11-10T08:01:18Z"


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "timesketch-csv", "timesketch-jsonl"])
@pytest.mark.parametrize("events", [True, False])
def test_the_timeline_is_written_in_every_format(made, tmp_path, form, events):
    out = tmp_path / "out"
    extra = ["--events", "--host", "ops-01"] if events else []
    done = afterlog("timeline", made[0], *extra, "--format", form, "--output", out)
    assert done.returncode == 0, done.stderr
    if form == "parquet":
        assert out.read_bytes()[:4] == b"PAR1"
    else:
        first = out.read_text(encoding="utf-8").splitlines()[0]
        wanted = (
            "message,datetime,timestamp_desc"
            if form == "timesketch-csv"
            else ('"datetime"' if "timesketch" in form else "time")
        )
        assert wanted in first


def test_the_same_run_twice_gives_the_same_bytes_in_any_zone(tmp_path, made):
    for number, zone in enumerate(("Asia/Kathmandu", "America/New_York")):
        out = tmp_path / str(number) / "case"
        done = afterlog("run", SAMPLE, "--tz", "Asia/Kolkata", "-o", out, TZ=zone, LC_ALL="C")
        assert done.returncode == 0, done.stderr
        for name in (
            "postmortem.md",
            "findings.json",
            "failure-rate.svg",
            "sources.parquet",
            "signals.parquet",
            "case.toml",
        ):
            assert (out / name).read_bytes() == (made[0] / name).read_bytes(), (zone, name)


def test_without_a_stated_zone_the_machines_zone_changes_nothing(tmp_path):
    drafts = []
    for number, zone in enumerate(("Asia/Kathmandu", "America/New_York")):
        out = tmp_path / str(number) / "case"
        assert afterlog("run", SAMPLE, "-o", out, TZ=zone).returncode == 0
        drafts.append((out / "postmortem.md").read_bytes())
    assert drafts[0] == drafts[1]
    assert b"UTC+05:30" in drafts[0]


def test_what_a_person_wrote_in_the_draft_is_kept(tmp_path):
    out = tmp_path / "case"
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE / "lb-01", logs / "lb-01")
    assert afterlog("run", logs, "-o", out).returncode == 0
    edited = (out / "postmortem.md").read_text(encoding="utf-8") + "\nWe had cake.\n"
    (out / "postmortem.md").write_text(edited, encoding="utf-8")
    done = afterlog("run", logs, "-o", out)
    assert done.returncode == 0
    assert "We had cake." in (out / "postmortem.md").read_text(encoding="utf-8")


def test_an_outage_stated_by_hand_works_with_only_deploy_logs(tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE / "ops-01" / "var", logs / "ops-01" / "var")
    told = afterlog(
        "run", logs, "--tz", "Asia/Kolkata", "-o", tmp_path / "case", "--outage", "2022-11-10T11:15..2022-11-10T14:22"
    )
    assert told.returncode == 0, told.stderr
    (outage,) = json.loads((tmp_path / "case" / "findings.json").read_text())["outages"]
    assert (outage["kind"], outage["start"]) == ("stated", "2022-11-10T05:45:00Z")
    causes = json.loads((tmp_path / "case" / "findings.json").read_text())["causes"]
    assert causes[0]["title"] == "Ansible: Push blog configuration"


def test_a_stated_outage_is_remembered_until_it_is_taken_back(tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE / "lb-01", logs / "lb-01")
    case = tmp_path / "case"
    assert (
        afterlog(
            "run", logs, "--tz", "Asia/Kolkata", "-o", case, "--outage", "2022-11-10T12:00..2022-11-10T13:00"
        ).returncode
        == 0
    )
    assert [o["kind"] for o in document("outages", case)["outages"]] == ["stated"]
    assert afterlog("draft", case, "--outage", "auto").returncode == 0
    assert [o["kind"] for o in document("outages", case)["outages"]] == ["errors"]


def test_a_case_is_read_from_anywhere_and_also_when_its_logs_are_gone(tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE / "lb-01", logs / "lb-01")
    assert afterlog("run", "logs", "-o", "case", cwd=tmp_path).returncode == 0
    quotes = [e["evidence"] for e in document("timeline", tmp_path / "case")["entries"]]
    assert quotes and all(quotes)
    shutil.rmtree(logs)
    assert [e["evidence"] for e in document("timeline", tmp_path / "case")["entries"]] == quotes


# --- bad input ----------------------------------------------------------------------------------------------


def good_log(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(WEB / "apache2" / "access.log", folder / "access.log")
    return folder


def test_a_path_that_is_not_there_is_named(tmp_path):
    done = afterlog("run", tmp_path / "nowhere", "-o", tmp_path / "case")
    assert done.returncode == 1
    assert "no such file or directory" in done.stderr and "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_directory_gives_a_clear_message(tmp_path):
    (tmp_path / "logs").mkdir()
    done = afterlog("run", tmp_path / "logs", "-o", tmp_path / "case")
    assert done.returncode == 1
    assert "holds no files" in done.stderr


def test_a_directory_of_images_gives_a_clear_message(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "logs" / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    done = afterlog("run", tmp_path / "logs", "-o", tmp_path / "case")
    assert done.returncode == 1
    assert "none of the 2 files" in done.stderr and "a PNG image" in done.stderr


def ledger(case: Path) -> dict[str, dict]:
    return {source["path"]: source for source in document("sources", case)["sources"]}


def test_a_truncated_gzip_is_used_as_far_as_it_goes(tmp_path):
    logs = good_log(tmp_path / "logs")
    data = gzip.compress((WEB / "apache2" / "access.log").read_bytes(), mtime=0)
    (logs / "cut.log.gz").write_bytes(data[: len(data) // 2])
    done = afterlog("run", logs, "-o", tmp_path / "case")
    assert done.returncode == 0, done.stderr
    told = ledger(tmp_path / "case")
    assert told["cut.log.gz"]["status"] == "partly-read" and "truncated" in told["cut.log.gz"]["reason"]
    assert told["cut.log.gz"]["events"] > 1000
    assert told["access.log"]["status"] == "read"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named_and_the_rest_is_used(tmp_path):
    logs = good_log(tmp_path / "logs")
    (logs / "secret.log").write_text("x\n")
    (logs / "secret.log").chmod(0)
    assert afterlog("run", logs, "-o", tmp_path / "case").returncode == 0
    assert ledger(tmp_path / "case")["secret.log"]["status"] == "unreadable"


def test_ten_megabytes_of_random_bytes_are_named_and_the_rest_is_used(tmp_path):
    logs = good_log(tmp_path / "logs")
    (logs / "noise.log").write_bytes(random.Random(7).randbytes(10_000_000))
    assert afterlog("run", logs, "-o", tmp_path / "case").returncode == 0
    told = ledger(tmp_path / "case")
    assert told["noise.log"]["status"] == "not-a-log" and told["noise.log"]["reason"] == "binary data, not text"
    assert told["access.log"]["events"] == 6983


def test_compressed_files_are_read_by_their_content_not_their_name(tmp_path):
    data = b"".join((WEB / "apache2" / "access.log").read_bytes().splitlines(keepends=True)[:500])
    logs = tmp_path / "logs"
    logs.mkdir()
    packed = {
        "a.gz": gzip.compress(data), "b.bz2": bz2.compress(data), "c.xz": lzma.compress(data),
        "d.zst": zstandard.compress(data), "e.log": data, "f.log": gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
    }  # fmt: skip
    for number, (name, content) in enumerate(packed.items()):
        (logs / f"host-{number}").mkdir()
        (logs / f"host-{number}" / name).write_bytes(content)
    assert afterlog("ingest", logs, "-o", tmp_path / "case").returncode == 0
    assert [source["events"] for source in ledger(tmp_path / "case").values()] == [500] * 6


def test_a_directory_that_is_no_case_is_refused_as_output(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    done = afterlog("run", good_log(tmp_path / "logs"), "-o", tmp_path / "mine")
    assert done.returncode == 1 and "no case" in done.stderr
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "x"


def test_a_directory_that_is_no_case_is_refused_as_input(tmp_path):
    done = afterlog("timeline", tmp_path)
    assert done.returncode == 1 and "no case here" in done.stderr and "afterlog run" in done.stderr


def test_wrong_usage_exits_with_two():
    assert afterlog("run").returncode == 2
    assert afterlog("nonsense").returncode == 2


def test_an_unknown_zone_says_what_to_write(tmp_path):
    done = afterlog("run", good_log(tmp_path / "logs"), "--tz", "Mars/Olympus", "-o", tmp_path / "case")
    assert done.returncode == 1 and "Asia/Kolkata" in done.stderr


def test_links_out_of_the_directory_are_not_followed(tmp_path):
    logs = good_log(tmp_path / "logs")
    (tmp_path / "outside.log").write_text("secret\n")
    (logs / "out.log").symlink_to(tmp_path / "outside.log")
    (logs / "loop").symlink_to(logs)
    assert afterlog("run", logs, "-o", tmp_path / "case").returncode == 0
    told = ledger(tmp_path / "case")
    assert "leads out" in told["out.log"]["reason"]


def test_the_case_may_lie_within_the_logs(tmp_path):
    logs = good_log(tmp_path / "logs")
    assert afterlog("run", logs, "-o", logs / "case").returncode == 0
    assert afterlog("run", logs, "-o", logs / "case").returncode == 0
    assert set(ledger(logs / "case")) == {"access.log"}


def test_a_configuration_that_lies_among_the_logs_cannot_name_code(tmp_path):
    logs = good_log(tmp_path / "logs")
    (logs / "evil").mkdir()
    (logs / "evil" / "x.py").write_text(f"open({str(tmp_path / 'PWNED')!r}, 'w')\n")
    (logs / "afterlog.toml").write_text(f"[run]\nparsers = [{str(logs / 'evil')!r}]\n")
    done = afterlog("run", ".", "-o", tmp_path / "case", cwd=logs)
    assert done.returncode == 1 and "--config" in done.stderr
    assert not (tmp_path / "PWNED").exists()


def test_a_name_that_is_no_utf8_is_written_out_and_the_rest_is_used(tmp_path):
    logs = good_log(tmp_path / "logs")
    odd = os.fsencode(logs) + b"/odd-\xff\xfe.log"
    Path(os.fsdecode(odd)).write_bytes((WEB / "apache2" / "access.log").read_bytes()[:100_000])
    done = afterlog("run", logs, "-o", tmp_path / "case")
    assert done.returncode == 0, done.stderr
    told = ledger(tmp_path / "case")
    assert told["odd-\\xff\\xfe.log"]["events"] > 100 and told["access.log"]["events"] == 6983


def test_a_log_that_was_cut_off_is_no_outage(tmp_path):
    logs = good_log(tmp_path / "logs" / "web-01")
    data = gzip.compress((SAMPLE / "web-02/var/log/apache2/access.log").read_bytes()[:400_000], mtime=0)
    (logs / "other.log.gz").write_bytes(data[: len(data) // 2])
    done = afterlog("run", tmp_path / "logs", "-o", tmp_path / "case")
    assert done.returncode == 0
    assert not any(o["kind"] == "silence" for o in document("outages", tmp_path / "case")["outages"])
    assert "truncated" in done.stdout


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("10:00..10:20", "which day"),
        ("..2022-11-10T11:15", "start is needed"),
        ("2022-11-10T11:15", "START..END"),
        ("2030-01-01T00:00..2030-01-01T01:00", "the logs cover"),
        ("2022-11-10T12:00..2022-11-10T11:00", "ends before"),
    ],
)
def test_an_outage_that_cannot_be_meant_is_refused_with_a_reason(made, stated, words):
    done = afterlog("outages", made[0], "--outage", stated)
    assert done.returncode == 1 and words in done.stderr


def test_the_end_of_a_stated_outage_may_be_a_time_of_its_day(made):
    told = afterlog("outages", made[0], "--outage", "2022-11-10T11:15..12:00", "--json")
    assert json.loads(told.stdout)["outages"][0]["end"] == "2022-11-10T06:30:00Z"
    assert [o["kind"] for o in document("outages", made[0])["outages"]] == ["errors"], "a look changes nothing"


def test_a_wrong_pattern_is_explained(made):
    done = afterlog("timeline", made[0], "--grep", "(")
    assert done.returncode == 1 and "--grep" in done.stderr and "went wrong" not in done.stderr


def test_lists_name_parsers_and_templates():
    parsers = {parser["name"]: parser for parser in document("parsers", "list")["parsers"]}
    assert {"access", "apache-error", "haproxy", "syslog", "puppet-report", "ansible-log", "git-log"} <= set(parsers)
    assert all(parser["samples"] for parser in parsers.values())
    assert "postmortem" in {template["name"] for template in document("templates", "list")["templates"]}


@pytest.mark.parametrize("verb", ["run", "ingest", "sources", "timeline", "outages", "causes", "draft"])
def test_every_verb_explains_itself(verb):
    done = afterlog(verb, "--help")
    assert done.returncode == 0 and len(done.stdout) > 200


def test_help_does_not_load_pandas_or_arrow():
    code = "import sys; sys.argv=['afterlog','--help']\nfrom afterlog.cli import app\ntry: app()\nexcept SystemExit: pass\nprint([m for m in ('pandas','pyarrow','numpy','matplotlib','jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
