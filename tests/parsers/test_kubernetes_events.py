"""What Kubernetes' events become, however they were printed."""

import json

import pytest

from afterlog.event import Outcome
from afterlog.parser import Line, Record, Reject
from afterlog.parsers.kubernetes_events import PARSER

# as printed for kubebb/core pull request 130, its columns made narrower
TABLE = b"""\
NAMESPACE            LAST SEEN            TYPE      REASON              OBJECT                MESSAGE
kubebb-system        2m28s                Normal    Pulled              pod/web-57994-7sl55   Successfully pulled image "nginx:1.25.1"
kubebb-system        2m28s                Normal    Started             pod/web-57994-7sl55   Started container nginx
kubebb-system        5m4s (x3 over 7m)    Warning   BackOff             pod/web-57994-c7dnq   Back-off restarting failed container
kubebb-system        3d                   Normal    ScalingReplicaSet   deployment/web        Scaled up replica set web-57994 to 2
kubebb-system        soon                 Normal    Killing             pod/web-57994-c7dnq   Stopping container nginx
"""


def told(data: bytes) -> list[Record | Reject]:
    lines = data.removesuffix(b"\n").split(b"\n")
    return list(PARSER.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))


def event(**more: object) -> dict[str, object]:
    return {
        "metadata": {"name": "web.1", "namespace": "shop", "creationTimestamp": "2022-11-10T11:00:00Z"},
        "involvedObject": {"kind": "Deployment", "namespace": "shop", "name": "web"},
        "reason": "ScalingReplicaSet",
        "message": "Scaled down replica set web-1 from 3 to 1",
        "source": {"component": "deployment-controller"},
        "firstTimestamp": "2022-11-10T11:00:00Z",
        "lastTimestamp": "2022-11-10T11:05:00Z",
        "count": 1,
        "type": "Normal",
    } | more


def listed(*events: dict[str, object]) -> bytes:
    return json.dumps({"apiVersion": "v1", "items": list(events), "kind": "List"}, indent=4).encode() + b"\n"


def test_ages_are_placed_before_the_tables_end_and_reasons_tell_changes():
    found = told(TABLE)
    assert isinstance(found[-1], Reject)
    rows = found[1:-1]
    assert [-row.time.wall_us // 1_000_000 for row in rows] == [148, 148, 304, 3 * 86_400]
    assert [(row.columns["kind"], row.columns.get("action"), row.columns.get("outcome")) for row in rows] == [
        ("log", None, None),
        ("change", "start", Outcome.CHANGED),
        ("change", "crash", Outcome.FAILED),
        ("change", "scale", Outcome.CHANGED),
    ]
    assert (rows[2].columns["count"], rows[2].columns["severity"]) == ("3", 13)
    assert (rows[3].columns["replica_set"], rows[3].columns["replicas"]) == ("web-57994", "2")


def test_a_list_in_json_gives_its_events_with_their_times():
    _head, one = told(listed(event()))
    assert (one.line.number, one.time.wall_us) == (4, 1_668_078_300_000_000)  # the item's first line; 11:05:00 UTC
    assert (one.columns["action"], one.columns["target"], one.columns["replicas"]) == ("scale", "deployment/web", "1")


def test_an_event_that_happened_often_is_told_at_its_first_and_its_last_time():
    _head, last, first = told(listed(event(count=7, reason="BackOff", message="Back-off")))
    assert (last.time.wall_us - first.time.wall_us) // 1_000_000 == 300
    assert (first.columns["occurrence"], first.columns["count"]) == ("first", "7")


def test_newer_events_have_an_event_time_instead():
    _head, one = told(listed(event(firstTimestamp=None, lastTimestamp=None, eventTime="2022-11-10T11:06:00.123456Z")))
    assert one.time.wall_us == 1_668_078_360_123_456


def test_one_event_a_line_is_read_too_and_a_list_in_one_line_is_refused_with_advice():
    (one,) = told(json.dumps(event(), separators=(",", ":")).encode() + b"\n")
    assert one.columns["action"] == "scale"
    (refused,) = told(b'{"apiVersion":"v1","kind":"List"}\n')
    assert isinstance(refused, Reject) and "kubectl get events -o json" in refused.reason


@pytest.mark.parametrize("indent", [1, 2, 3, 4, 8])
def test_a_list_is_read_however_it_was_indented(indent):
    event = {
        "involvedObject": {"kind": "Deployment", "namespace": "shop", "name": "api"},
        "reason": "ScalingReplicaSet",
        "message": "Scaled up replica set api-7c9d8f6b5d to 3",
        "source": {"component": "deployment-controller"},
        "firstTimestamp": "2026-11-30T10:01:50Z",
        "lastTimestamp": "2026-11-30T10:01:50Z",
        "count": 1,
        "type": "Normal",
    }
    printed = json.dumps({"apiVersion": "v1", "items": [event, event], "kind": "List"}, indent=indent).encode()
    read = told(printed)
    changes = [one for one in read if isinstance(one, Record) and one.columns["kind"] == "change"]
    assert [(one.columns["action"], one.columns["target"]) for one in changes] == [("scale", "deployment/api")] * 2
    assert not [one for one in read if isinstance(one, Reject)]
