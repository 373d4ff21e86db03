r"""AWS CloudTrail: who called which AWS API, from where, and with what result.

A delivered file is one JSON document, ``{"Records":[{…},{…}]}``, mostly on a single line, which is told apart where files are
opened; a record may also stand alone on its line, or be printed over many.

A call that changes something is a change: ``readOnly`` says so, and in older records the verb of its name. Data events (objects
read and written, functions invoked) stay log messages.

Traps: a file holds records of some minutes in no order; the time is when the request arrived at the API, not when the resource
had changed; ``userIdentity`` has seven shapes; an error stands in ``errorCode`` while the call looks like any other.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, json_objects, read_stamp, text_in

_OPENING: Final = re.compile(rb'\s*\{\s*"Records"\s*:\s*\[\s*')
_MARKS: Final = (b'"eventSource"', b'"eventName"', b'"eventTime"', b'"userIdentity"', b'"awsRegion"')
_READS: Final = re.compile(
    r"(?:Get|List|Describe|Head|Lookup|Search|Query|Scan|BatchGet|Check|Test|Verify|Validate|Estimate|Preview|View|Select)"
    r"|AssumeRole|Decrypt|Encrypt|ReEncrypt|GenerateDataKey|GenerateMac|Sign$|ConsoleLogin|Federate|RenewRole|SwitchRole"
)
# What a request names as its target, the most telling first.
_TARGETS: Final = (
    "functionName", "serviceName", "service", "dBInstanceIdentifier", "dBClusterIdentifier", "cacheClusterId", "replicationGroupId",
    "clusterName", "nodegroupName", "autoScalingGroupName", "launchTemplateName", "stackName", "applicationName", "pipelineName",
    "loadBalancerArn", "targetGroupArn", "loadBalancerName", "hostedZoneId", "distributionId", "tableName", "queueUrl", "topicArn",
    "streamName", "repositoryName", "parameterName", "secretId", "bucketName", "groupId", "groupName", "roleName", "policyArn",
    "policyName", "instanceId", "volumeId", "vpcId", "subnetId", "routeTableId", "userName", "keyId", "resourceArn", "family",
    "cluster", "domainName", "id", "name", "arn",
)  # fmt: skip


def _claims(_path: str, head: list[bytes]) -> float:
    text = b"\n".join(head)
    return 1.0 if text.lstrip()[:1] == b"{" and all(mark in text for mark in _MARKS) else 0.0


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each object, on its first line; what only opens and closes the list belongs to the record before."""
    for line, told in json_objects(lines, _OPENING):
        yield _read(line, told)


def _read(line: Line, told: dict[str, Any] | str) -> Record | Reject:
    if isinstance(told, str):
        return Reject(line, told)
    when = told.get("eventTime")
    stamp = read_stamp("iso", when.encode("utf-8", "replace")) if isinstance(when, str) else None
    if stamp is None:
        return Reject(line, "a record with eventTime was expected")
    return Record(line, stamp, {name: value for name, value in _columns(told).items() if value not in ("", None)})


def _columns(told: Mapping[str, Any]) -> dict[str, Any]:
    name, error = text_in(told, "eventName"), text_in(told, "errorCode")
    target, actor = _target(told), _actor(told.get("userIdentity"))
    service = text_in(told, "eventSource").removesuffix(".amazonaws.com")
    columns: dict[str, Any] = {
        "service": service,
        "message": " ".join(
            filter(None, (name, target, f"by {actor}" if actor else "", error, text_in(told, "errorMessage")))
        )[:2000],
        "client": text_in(told, "sourceIPAddress"),
        "request_id": text_in(told, "requestID"),
        "event": name,
        "region": text_in(told, "awsRegion"),
        "account": text_in(told, "recipientAccountId"),
        "agent": text_in(told, "userAgent")[:300],
        "error": error,
        "event_id": text_in(told, "eventID"),
        "request": _json(told.get("requestParameters")),
        "severity": 13 if error else None,
    }
    if not _changes(told, name):
        return columns | {"kind": Kind.LOG}
    done = Outcome.FAILED if error else Outcome.CHANGED
    return columns | {"kind": Kind.CHANGE, "action": name, "target": target or service, "outcome": done, "actor": actor}


def _changes(told: Mapping[str, Any], name: str) -> bool:
    if told.get("eventCategory") in ("Data", "Insight") or told.get("managementEvent") in (False, "false"):
        return False
    if told.get("eventType") in ("AwsConsoleSignIn", "AwsConsoleAction") and _READS.match(name):
        return False
    read_only = told.get("readOnly")
    if read_only is None:
        return not _READS.match(name)
    return str(read_only).lower() == "false" and not name.startswith(("AssumeRole", "ConsoleLogin"))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))[:2000] if value else ""


def _actor(identity: Any) -> str:
    """Name who called: a user, a role (not its session), a service."""
    if not isinstance(identity, dict):
        return ""
    context = identity.get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
    if isinstance(issuer, dict) and text_in(issuer, "userName"):
        return text_in(issuer, "userName")
    named = text_in(identity, "userName") or text_in(identity, "invokedBy")
    return named or text_in(identity, "arn").rpartition("/")[2] or text_in(identity, "type")


def _target(told: Mapping[str, Any]) -> str:
    asked = told.get("requestParameters")
    if not isinstance(asked, dict):
        return ""
    for name in _TARGETS:
        if isinstance(asked.get(name), str) and asked[name]:
            return str(asked[name])[:300]
    return ", ".join(_identifiers(asked))[:300]


def _identifiers(asked: Mapping[str, Any]) -> Iterator[str]:
    """Name the resources of EC2's sets: ``{"instancesSet": {"items": [{"instanceId": "i-…"}]}}``."""
    for name, inner in asked.items():
        items = inner.get("items") if name.endswith("Set") and isinstance(inner, dict) else None
        for item in items[:20] if isinstance(items, list) else []:
            if isinstance(item, dict):
                yield from (value for key, value in item.items() if key.endswith("Id") and isinstance(value, str))


_DOC: Final = "awsdocs/aws-cloudtrail-user-guide, doc_source/cloudtrail-log-file-examples.md"

SAMPLES: Final = (
    Sample(
        b'{"Records": [{\n    "eventVersion": "1.0",\n    "userIdentity": {\n        "type": "IAMUser",\n        "principalId": "EX_PRINCIPAL_ID",\n        "arn": "arn:aws:iam::123456789012:user/Alice",\n        "accountId": "123456789012",\n        "accessKeyId": "EXAMPLE_KEY_ID",\n        "userName": "Alice"\n    },\n    "eventTime": "2014-03-06T21:01:59Z",\n    "eventSource": "ec2.amazonaws.com",\n    "eventName": "StopInstances",\n    "awsRegion": "us-east-2",\n    "sourceIPAddress": "205.251.233.176",\n    "userAgent": "ec2-api-tools 1.6.12.2",\n    "requestParameters": {\n        "instancesSet": {"items": [{"instanceId": "i-ebeaf9e2"}]},\n        "force": false\n    },\n    "responseElements": {"instancesSet": {"items": [{\n        "instanceId": "i-ebeaf9e2",\n        "currentState": {\n            "code": 64,\n            "name": "stopping"\n        },\n        "previousState": {\n            "code": 16,\n            "name": "running"\n        }\n    }]}}\n}]}\n',
        {
            "time": "2014-03-06T21:01:59+00:00", "kind": "change", "action": "StopInstances", "target": "i-ebeaf9e2", "actor": "Alice",
            "outcome": "changed", "service": "ec2", "client": "205.251.233.176", "region": "us-east-2",
        },
        _DOC,
    ),
    Sample(
        b'{"Records": [{\n    "eventVersion": "1.04",\n    "userIdentity": {\n        "type": "IAMUser",\n        "principalId": "EX_PRINCIPAL_ID",\n        "arn": "arn:aws:iam::123456789012:user/Alice",\n        "accountId": "123456789012",\n        "accessKeyId": "EXAMPLE_KEY_ID",\n        "userName": "Alice"\n    },\n    "eventTime": "2016-07-14T19:15:45Z",\n    "eventSource": "cloudtrail.amazonaws.com",\n    "eventName": "UpdateTrail",\n    "awsRegion": "us-east-2",\n    "sourceIPAddress": "205.251.233.182",\n    "userAgent": "aws-cli/1.10.32 Python/2.7.9 Windows/7 botocore/1.4.22",\n    "errorCode": "TrailNotFoundException",\n    "errorMessage": "Unknown trail: myTrail2 for the user: 123456789012",\n    "requestParameters": {"name": "myTrail2"},\n    "responseElements": null,\n    "requestID": "5d40662a-49f7-11e6-97e4-d9cb6ff7d6a3",\n    "eventID": "b7d4398e-b2f0-4faa-9c76-e2d316a8d67f",\n    "eventType": "AwsApiCall",\n    "recipientAccountId": "123456789012"\n}]}\n',
        {"kind": "change", "action": "UpdateTrail", "target": "myTrail2", "outcome": "failed", "severity": 13, "error": "TrailNotFoundException"},
        _DOC + ": a call that was refused",
    ),
    Sample(
        b'{"Records":[{"eventVersion":"1.05","userIdentity":{"type":"AssumedRole","principalId":"XXX","arn":"xxx","accountId":"XXX","accessKeyId":"xxx","sessionContext":{"attributes":{"mfaAuthenticated":"false","creationDate":"2019-01-01T02:50:42Z"},"sessionIssuer":{"type":"Role","principalId":"XXX","arn":"xxxx","accountId":"xxxx","userName":"xxx"}}},"eventTime":"2019-01-01T02:50:45Z","eventSource":"guardduty.amazonaws.com","eventName":"GetDetector","awsRegion":"xx","sourceIPAddress":"xxx","userAgent":"x","requestParameters":{"detectorId":"xxx"},"responseElements":null,"requestID":"","eventID":"xx","readOnly":true,"eventType":"AwsApiCall","recipientAccountId":"XX"}',
        {"time": "2019-01-01T02:50:45+00:00", "kind": "log", "action": None, "service": "guardduty", "event": "GetDetector", "request_id": None},
        "chanzuckerberg, a test of a CloudTrail reader: a file's first record, as told apart",
    ),
    Sample(
        b'{"eventVersion":"1.08","userIdentity":{"type":"x\x00\xff\\u001b[31m","arn":[]},"eventTime":"2022-11-10T10:29:58Z","eventSource":7,"eventName":"Put\\"}]},{\\"","awsRegion":"x","requestParameters":{"instancesSet":{"items":[1,{"instanceId":[]}]}}}',
        None,
        "hostile: a NUL that no JSON text may hold, and bad UTF-8",
    ),
    Sample(
        b'{"eventVersion":"1.08","userIdentity":{"type":"x\xff\\u001b[31m","arn":[]},"eventTime":"2022-11-10T10:29:58Z","eventSource":7,"eventName":"Put\\"}]},{\\"","awsRegion":"x","requestParameters":{"instancesSet":{"items":[1,{"instanceId":[]}]}}}',
        {"kind": "change", "action": 'Put"}]},{"', "actor": "x\ufffd\x1b[31m", "target": None, "service": None},
        "hostile: bad UTF-8, an escape, the end of a record inside a name, and types that are none of CloudTrail's",
    ),
    Sample(b'{"Records":[{"eventTime":"2022-11-10T10:29:58Z","a":' + b"[" * 5000 + b"]" * 5000 + b"}]}", None, "hostile: lists in lists, deeper than can be read"),
    Sample(b'{"Records":[{"eventTime":"2022-11-31T10:29:58Z"}]}', None, "hostile: no such day"),
    Sample(b'{"Records":[{"eventTime":"2022-11-10T10:29:58Z","eventName":"x', None, "hostile: a file cut short"),
)  # fmt: skip

PARSER = RecordParser(
    name="cloudtrail",
    title="AWS CloudTrail",
    url="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
    claims=_claims,
    marks=(b'"eventName"',),
    records=_records,
    samples=SAMPLES,
)
