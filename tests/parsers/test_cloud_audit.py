"""What audit logs of Google Cloud, Azure and Vault become, in whatever shape they were saved."""

import json

import pytest

from afterlog.parser import Line, Reject
from afterlog.registry import registry

GCP = json.loads(registry()["gcp-audit"].samples[0].text)
# Azure's documentation, activity log of the REST interface and of the command line; cut
AZURE = {
    "caller": "admin@contoso.com",
    "category": {"value": "Administrative", "localizedValue": "Administrative"},
    "correlationId": "b5768deb-836b-41cc-803e-3f4de2f9e40b",
    "eventTimestamp": "2018-01-29T20:42:31.3810679Z",
    "level": "Informational",
    "operationName": {"value": "Microsoft.Network/networkSecurityGroups/write", "localizedValue": "write"},
    "resourceId": "/subscriptions/s1/resourcegroups/rg/providers/Microsoft.Network/networkSecurityGroups/myNSG",
    "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
    "subStatus": {"value": "", "localizedValue": ""},
}


def told(name: str, text: str):
    lines = text.encode().split(b"\n")
    return list(registry()[name].records(Line(number, 0, line) for number, line in enumerate(lines, 1)))


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_google_cloud_printed_by_gcloud_gives_each_entry_at_its_line(indent):
    apart = json.dumps([GCP, GCP], indent=indent).replace("}, {", "},\n{")
    records = told("gcp-audit", apart)
    assert [record.columns["action"] for record in records] == ["v1.compute.instances.start"] * 2
    assert records[0].line.number < records[1].line.number


def test_the_beginning_of_a_long_operation_has_only_started():
    first = GCP | {"operation": {"id": "operation-1", "first": True}}
    (record,) = told("gcp-audit", json.dumps(first))
    assert (record.columns["outcome"], record.columns["run"]) == ("started", "operation-1")


@pytest.mark.parametrize(
    ("more", "outcome"),
    [({}, "changed"), ({"status": {"value": "Failed"}}, "failed"), ({"status": {"value": "Started"}}, "started")],
)
def test_azures_command_line_names_the_same_things_in_values(more, outcome):
    (record,) = told("azure-activity", json.dumps(AZURE | more, indent=2))
    assert record.columns["outcome"] == outcome
    assert record.columns["action"] == "Microsoft.Network/networkSecurityGroups/write"
    assert (record.columns["actor"], record.columns["run"]) == ("admin@contoso.com", AZURE["correlationId"])


def test_listing_keys_changes_nothing():
    listed = AZURE | {"operationName": {"value": "Microsoft.Storage/storageAccounts/listKeys/action"}}
    (record,) = told("azure-activity", json.dumps(listed))
    assert record.columns["kind"] == "log"


@pytest.mark.parametrize(
    "path", ["auth/kubernetes/login", "auth/token/renew-self", "transit/encrypt/key", "sys/leases/renew"]
)
def test_logins_renewals_and_what_only_computes_are_no_changes_of_vault(path):
    said = {"time": "2026-05-04T00:00:00Z", "type": "response", "request": {"operation": "update", "path": path}}
    (record,) = told("vault-audit", json.dumps(said))
    assert record.columns["kind"] == "log"


def test_a_written_policy_of_vault_is_a_change_but_its_request_is_none():
    request = {"operation": "update", "path": "sys/policies/acl/app"}
    said = [{"time": "2026-05-04T00:00:00Z", "type": kind, "request": request} for kind in ("request", "response")]
    records = told("vault-audit", "\n".join(map(json.dumps, said)))
    assert [record.columns["kind"] for record in records] == ["log", "change"]


@pytest.mark.parametrize("name", ["gcp-audit", "azure-activity", "vault-audit"])
def test_what_is_no_object_is_refused(name):
    assert all(isinstance(record, Reject) for record in told(name, '{"a": 1\n[1, 2]\n"x'))


def test_an_entry_that_was_cut_off_costs_only_itself():
    whole = json.dumps(GCP)
    cut, *rest = told("gcp-audit", "\n".join((whole[: len(whole) // 2], whole, whole)))
    assert isinstance(cut, Reject) and cut.line.number == 1
    assert [record.line.number for record in rest] == [2, 3]
