"""A recorded silence, against the truth measured from the clients' own record."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from afterlog.analysis import analyse
from afterlog.findings import Findings
from afterlog.ingestion import Options, ingest
from conftest import ROOT

SAMPLE = ROOT / "sample_logs" / "dead-proxy" / "logs"
TRUTH = json.loads((ROOT / "tests" / "truth" / "dead-proxy.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return analyse(ingest([SAMPLE], tmp_path_factory.mktemp("dead") / "case", Options(tz="Asia/Tokyo", jobs=1)))


def test_the_silence_is_the_one_outage_and_holds_the_clients_first_and_last_failure(findings):
    (outage,) = [outage for outage in findings.outages if outage.level == "outage"]
    first, last = (
        round(datetime.fromisoformat(TRUTH[name]).timestamp() * 1_000_000)
        for name in ("first_failing_request", "last_failing_request")
    )
    assert outage.kind == "silence"
    assert abs(outage.start.time_us - first) <= 10_000_000
    assert abs(outage.end.time_us - last) <= 10_000_000


def test_the_requests_that_never_came_are_estimated_within_a_tenth(findings):
    (outage,) = findings.outages
    assert findings.impacts[outage.id].expected == pytest.approx(TRUTH["failed"], rel=0.1)


def test_a_request_that_the_servers_behind_saw_too_is_counted_once(findings):
    assert findings.views.outermost == ("px/var/log/nginx/access.log",)


def test_the_edit_leads_which_the_restart_put_into_effect_and_apt_is_innocent(findings):
    ranking = findings.ranking(findings.outages[0])
    assert ranking.verdict == "likely"
    assert "/etc/nginx/nginx.conf" in ranking.suspects[0].change.title
    assert ranking.suspects[0].change.hosts == ("px",)
    assert "Packages: reinstall less" in {cause.change.title for cause in ranking.innocent}


def test_it_ended_with_the_second_restart(findings):
    (ending,) = findings.endings
    assert (ending.change.action, ending.change.hosts) == ("restart", ("px",))
