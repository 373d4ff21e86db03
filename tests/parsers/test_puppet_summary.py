"""What Puppet's run summary becomes."""

from pathlib import Path

import pytest

from afterlog.parser import Line, Record, Reject
from afterlog.parsers.puppet_summary import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"
SUMMARY = PARSER.samples[0].text


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


@pytest.mark.parametrize(("host", "epoch"), [("web-01", 1668070889), ("web-02", None), ("web-03", None)])
def test_each_recorded_summary_is_one_run_without_changes(host, epoch):
    data = (LOGS / host / "var/cache/puppet/public/last_run_summary.yaml").read_bytes()
    [run] = told(data)
    assert run.line.text.strip().startswith(b"last_run: ")
    assert (run.columns["outcome"], run.columns["total"], run.time.offset_s) == ("unchanged", "15", 0)
    assert epoch is None or run.time.wall_us == epoch * 1_000_000


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (b"resources:\n  changed: 0", b"resources:\n  changed: 2", "changed"),
        (b"  failed: 0", b"  failed: 1", "failed"),
        (b"  failure: 0", b"  failure: 1", "failed"),
        (b"  total: 15", b"", "failed"),
    ],
)
def test_the_counts_tell_the_outcome(old, new, outcome):
    assert told(SUMMARY.replace(old, new))[0].columns["outcome"] == outcome


def test_without_its_time_it_is_refused():
    [refused] = told(SUMMARY.replace(b"last_run", b"last_walk"))
    assert isinstance(refused, Reject)
    assert refused.line.number == 1


def test_it_does_not_claim_other_yaml():
    assert PARSER.claims("x", SUMMARY.split(b"\n")) == 1.0
    assert PARSER.claims("x", [b"version:", b"  a: 1", b"time:", b"  last_run: 1", b"services:"]) == 0.0
