"""What a Puppet report becomes: the run, the resources it changed, its log."""

import time
from collections import Counter
from pathlib import Path

import pytest

from afterlog.parser import Line, Record, Reject
from afterlog.parsers import puppet_report
from afterlog.parsers.puppet_report import PARSER

LOGS = Path(__file__).parents[2] / "sample_logs" / "misspelt-file-name" / "logs"
REPORT = PARSER.samples[0].text


def told(data: bytes) -> list[Record | Reject]:
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(texts, 1)))


def test_the_recorded_reports_give_what_grep_counts_in_them():
    # grep -c: 33 files, 30 'status: unchanged' and 3 'changed', 36 '- level:', 3 '- audited:'
    files = [
        *LOGS.glob("web-0*/var/cache/puppet/reports/*/*.yaml"),
        *LOGS.glob("web-0*/var/cache/puppet/state/*.yaml"),
    ]
    assert len(files) == 33
    counts = Counter(
        (record.columns.get("action", "log"), record.columns.get("outcome"))
        for file in files
        for record in told(file.read_bytes())
    )
    assert counts == {
        ("run", "unchanged"): 30,
        ("run", "changed"): 3,
        ("log", None): 36,
        ("resource", "changed"): 3,
    }


def test_a_run_is_named_after_the_one_manifest_it_changed_something_from():
    run, said, applied, resource = told(
        (LOGS / "web-01/var/cache/puppet/reports/web-01/202211100815.yaml").read_bytes()
    )
    assert [record.line.number for record in (run, said, applied, resource)] == [3, 14, 25, 136]
    assert run.columns["target"] == "/etc/puppet/manifests/fix-locale.pp"
    assert run.columns["resources"] == resource.columns["target"] == "Exec[fix-locale-extension]"
    assert (resource.columns["previous"], resource.columns["desired"]) == ("notrun", "0")
    assert resource.columns["manifest"] == "/etc/puppet/manifests/fix-locale.pp:2"
    assert {record.columns["run"] for record in (run, said, resource)} == {"aa546d46-f3bf-491b-a7fe-89d104d830d5"}
    assert applied.columns["severity"] == 10


def test_ruby_tags_and_aliases_of_old_reports_are_read_as_plain_data():
    # Shape of spec/fixtures/yaml/report2.6.x.yaml of Puppet.
    run, said = told(
        b"--- !ruby/object:Puppet::Transaction::Report\n  host: &h ubuntu\n  time: 2010-09-23 15:44:05.894401 -07:00\n"
        b"  logs: \n    - !ruby/object:Puppet::Util::Log\n      level: !ruby/sym debug\n      message: Using cached certificate for ca\n"
        b"      source: *h\n      time: 2010-09-23 15:44:06.244173 -07:00\n"
    )
    assert (run.columns["host"], run.time.offset_s) == ("ubuntu", -7 * 3600)
    assert (said.columns["severity"], said.columns["origin"]) == (5, "ubuntu")


def test_a_run_in_noop_mode_changed_nothing():
    text = REPORT.replace(b"noop: false", b"noop: true").replace(b"status: changed", b"status: unchanged")
    assert told(text)[0].columns["outcome"] == "unchanged"


def test_the_configuration_version_may_be_a_revision():
    text = REPORT.replace(b"configuration_version: ", b"configuration_version: d4b5b37-")
    assert told(text)[0].columns["configuration_version"].startswith("d4b5b37-")


def test_a_report_cut_in_the_middle_still_tells_its_run():
    run = told(REPORT[: REPORT.index(b"metrics:") + 40])[0]
    assert (run.columns["action"], run.columns["outcome"]) == ("run", "changed")


@pytest.mark.parametrize("damage", [b"\x00", b"\xff\xfe", b"\x1b[31m", "\u2028".encode(), b"\xc2\x85", b"\r"])
def test_odd_bytes_in_a_value_neither_stop_it_nor_shift_its_lines(damage):
    text = REPORT.replace(b"production", b"pro" + damage + b"duction")
    assert [record.line.number for record in told(text)] == [record.line.number for record in told(REPORT)]


@pytest.mark.parametrize("bomb", [b"[" * 200_000, b"{a: " * 50_000, b"\n" + b"- " * 100_000])
def test_deep_nesting_is_refused_at_once(bomb):
    began = time.perf_counter()
    *_, last = told(b"--- !ruby/object:Puppet::Transaction::Report\nhost: a\nlogs: " + bomb)
    assert isinstance(last, Reject)
    assert "nest" in last.reason  # by us, or by libyaml from 0.2.6 on
    assert time.perf_counter() - began < 5


def test_an_alias_bomb_stays_small():
    rows = b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9) if n else b"x") for n in range(30))
    text = b"---\nhost: h\n" + rows + b"time: 2022-11-10T10:00:00+00:00\nlogs: *a29\n"
    assert [record.columns["action"] for record in told(text)] == ["run"]


def test_a_report_over_the_limit_is_refused_with_its_size(monkeypatch):
    monkeypatch.setattr(puppet_report, "MAX_BYTES", 1000)
    refused, *others = told(
        REPORT + b"--- !ruby/object:Puppet::Transaction::Report\nhost: h\ntime: 2022-11-10T10:00:00+00:00\n"
    )
    assert isinstance(refused, Reject)
    assert "longer than" in refused.reason
    assert [record.columns["action"] for record in others] == ["run"]


def test_a_tag_never_makes_an_object():
    text = b'--- !ruby/object:Puppet::Transaction::Report\nhost: !!python/object/apply:os.system ["false"]\ntime: 2022-11-10T10:00:00+00:00\n'
    assert [record.columns["target"] for record in told(text)] == ["catalog for "]


def test_it_claims_reports_and_no_other_yaml():
    assert PARSER.claims("x", REPORT.split(b"\n")) == 1.0
    assert PARSER.claims("x", [b"---", b"- hosts: web", b"  tasks: []"]) == 0.0
