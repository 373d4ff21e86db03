"""What the cron daemons' lines become, read out of the syslog lines they come in."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers.cron import PARSER
from afterlog.parsers.syslog import PARSER as SYSLOG
from afterlog.registry import Registry
from afterlog.source import Block


def read(tag: str, message: str) -> dict[str, object]:
    data = f"Nov 10 11:00:00 web-01 {tag}: {message}".encode()
    [parsed] = parse(SYSLOG, [Block(data, 1, 0)], Registry([SYSLOG, PARSER]))
    assert parsed.batch is not None
    assert parsed.batch.parser.to_pylist() == ["cron"]
    return {name: column[0].as_py() for name, column in parsed.batch.columns.items()}


@pytest.mark.parametrize("tag", ["CRON[1]", "CROND[1]", "/USR/SBIN/CRON[1]", "crond[1]"])
def test_every_daemon_starts_jobs(tag):
    told = read(tag, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)")
    assert (told["action"], told["actor"], told["outcome"]) == ("cron", "root", "started")
    assert told["target"] == "   cd / && run-parts --report /etc/cron.hourly"


@pytest.mark.parametrize("tag", ["run-parts[5]", "run-parts(/etc/cron.daily)[5]"])
def test_run_parts_tells_the_beginning_and_the_end_of_a_script(tag):
    begin, end = read(tag, "(/etc/cron.daily) starting logrotate"), read(tag, "finished logrotate")
    assert (begin["target"], begin["outcome"]) == ("logrotate", "started")
    assert (end["target"], end["outcome"]) == ("logrotate", "unknown")


@pytest.mark.parametrize("how", ["(exit status: 3)", "due to signal 9", "abnormally"])
def test_a_job_of_anacron_can_fail(how):
    assert read("anacron[5]", f"Job `cron.weekly' terminated {how}")["outcome"] == "failed"


def test_words_of_the_daemon_itself_are_no_job():
    for message in (
        "(CRON) STARTUP (1.5.7)",
        "(CRON) INFO (Shutting down)",
        "Anacron 2.3 started on 2022-11-10",
    ):
        assert read("crond[1]", message)["kind"] == "log"
