"""What CloudTrail becomes, and how its one line of many records is told apart."""

import gzip
import json
import random
from pathlib import Path

import pytest

import afterlog
from afterlog.parser import Line, Record, Reject
from afterlog.parsers.cloudtrail import PARSER
from afterlog.sources.places import place_of
from afterlog.sources.records import records_apart


def told(text: str) -> list[Record | Reject]:
    return list(PARSER.records(Line(number, 0, line) for number, line in enumerate(text.encode().split(b"\n"), 1)))


def call(**more: object) -> dict[str, object]:
    return {
        "eventVersion": "1.08", "userIdentity": {"type": "IAMUser", "userName": "ann"}, "eventTime": "2022-11-10T10:29:58Z",
        "eventSource": "ecs.amazonaws.com", "eventName": "UpdateService", "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.7",
        "requestParameters": {"cluster": "shop", "service": "checkout", "desiredCount": 2}, "requestID": "r1",
    } | more  # fmt: skip


def columns(**more: object) -> dict[str, object]:
    [record] = told(json.dumps(call(**more)))
    assert isinstance(record, Record)
    return dict(record.columns)


def test_a_call_that_changes_something_is_a_change():
    got = columns(readOnly=False)
    assert [got[name] for name in ("kind", "action", "target", "actor", "outcome", "service", "client", "request_id")] == [
        "change", "UpdateService", "checkout", "ann", "changed", "ecs", "192.0.2.7", "r1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"readOnly": True},
        {"eventName": "DescribeServices"},
        {"eventName": "AssumeRole", "readOnly": False},
        {"eventName": "PutObject", "readOnly": False, "eventCategory": "Data"},
        {"eventName": "Invoke", "readOnly": False, "managementEvent": False},
        {"eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn", "readOnly": False},
    ],
)
def test_a_call_that_reads_or_handles_data_is_none(more):
    assert columns(**more)["kind"] == "log"


def test_a_refused_call_failed():
    got = columns(errorCode="AccessDenied", errorMessage="User is not authorized")
    assert (got["outcome"], got["severity"], got["error"]) == ("failed", 13, "AccessDenied")


@pytest.mark.parametrize(
    ("identity", "actor"),
    [
        (
            {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::1:assumed-role/ci/8842",
                "sessionContext": {"sessionIssuer": {"userName": "ci"}},
            },
            "ci",
        ),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ci/8842"}, "8842"),
        ({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, "autoscaling.amazonaws.com"),
        ({"type": "Root"}, "Root"),
    ],
)
def test_the_actor_is_a_role_rather_than_its_session(identity, actor):
    assert columns(userIdentity=identity)["actor"] == actor


def test_records_over_many_lines_stand_on_their_first_line():
    text = json.dumps({"Records": [call(), call(eventName="DeleteService")]}, indent=1)
    records = told(text)
    begins = [number for number, line in enumerate(text.split("\n"), 1) if line == "  {"]
    assert [(record.line.number, record.columns["action"]) for record in records] == list(
        zip(begins, ["UpdateService", "DeleteService"], strict=True)
    )


def test_a_record_that_does_not_end_is_refused():
    [refused] = told('{"Records": [{"eventTime": "2022-11-10T10:29:58Z",\n "a": {')
    assert isinstance(refused, Reject)


DOCUMENT = json.dumps({"Records": [call(a='},{"\\'), {"b": [1, {"c": ",{"}]}, call()]}, separators=(",", ":")).encode()


def test_a_document_becomes_lines_and_every_byte_stays_where_it_was():
    apart = b"".join(records_apart(iter([DOCUMENT])))
    assert len(apart) == len(DOCUMENT) and apart.replace(b"\n", b",") == DOCUMENT
    assert apart.count(b"\n") == 2
    assert json.loads(apart.split(b"\n")[1]) == {"b": [1, {"c": ",{"}]}


@pytest.mark.parametrize(
    ("data", "records"), [(b'{"records":[{"a":1},{"b":[2,3]}]}', 2), (b'[{"a":1}, {"b":{}}, {}]', 3)]
)
def test_the_lists_of_other_clouds_become_lines_too(data, records):
    apart = b"".join(records_apart(iter([data])))
    assert apart.count(b"\n") == records - 1 and apart.replace(b"\n", b",") == data


def test_it_does_not_matter_where_the_bytes_are_cut():
    whole = b"".join(records_apart(iter([DOCUMENT])))
    cutter = random.Random(7)
    for _ in range(300):
        cuts = sorted(cutter.randint(0, len(DOCUMENT)) for _ in range(4))
        pieces = [DOCUMENT[a:b] for a, b in zip([0, *cuts], [*cuts, len(DOCUMENT)], strict=True)]
        assert b"".join(records_apart(iter(pieces))) == whole


@pytest.mark.parametrize(
    "data",
    [b"", b"{},{}", b'{"events":[{},{}]}', b"[{main}] a, b", json.dumps({"Records": [{}, {}]}, indent=1).encode()],
)
def test_what_is_no_such_document_passes_as_it_is(data):
    assert b"".join(records_apart(iter([data]))) == data


def test_a_delivered_file_is_read_whole(tmp_path: Path):
    folder = tmp_path / "logs" / "AWSLogs" / "123456789012" / "CloudTrail" / "eu-west-1" / "2022" / "11" / "10"
    folder.mkdir(parents=True)
    document = json.dumps({"Records": [call(), call(eventName="GetX"), call()]}, separators=(",", ":"))
    (folder / "123456789012_CloudTrail_eu-west-1_20221110T1030Z_a.json.gz").write_bytes(
        gzip.compress(document.encode())
    )
    case = afterlog.ingest([tmp_path / "logs"], tmp_path / "case")
    [ledger] = case.ledgers()
    assert (ledger.parser, ledger.lines, ledger.events, ledger.rejects, ledger.host) == ("cloudtrail", 3, 3, 0, None)


def test_an_accounts_tree_names_no_host(tmp_path: Path):
    assert place_of("AWSLogs/123456789012/CloudTrail/eu-west-1/2022/11/10/x.json", tmp_path).host is None
    assert place_of("web-01/2022/11/10/access.log", tmp_path).host == "web-01"
