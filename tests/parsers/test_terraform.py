"""What Terraform's output becomes, though it prints no times."""

from afterlog.event import Outcome
from afterlog.parser import OFFSET_UNKNOWN, Line, Record
from afterlog.parsers.terraform import PARSER

APPLY = b"""\
terraform_data.cache_size: Creating...
terraform_data.cache_size: Creation complete after 0s [id=dae6434e]
terraform_data.web: Creating...
terraform_data.web: Provisioning with 'local-exec'...
terraform_data.web (local-exec): Executing: ["/bin/sh" "-c" "sleep 12; echo reloading"]
terraform_data.web: Still creating... [10s elapsed]
terraform_data.web (local-exec): reloading
terraform_data.web: Creation complete after 12s [id=b3a22b4f]

Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
"""
FAILED = b"""\
Terraform used the selected providers to generate the following execution
terraform_data.bad: Creating...
terraform_data.bad (local-exec): oops

Error: local-exec provisioner error

  with terraform_data.bad,
  on main.tf line 11, in resource "terraform_data" "bad":
"""


def told(data: bytes) -> list[Record]:
    lines = data.removesuffix(b"\n").split(b"\n")
    found = list(PARSER.records(Line(number, 0, text) for number, text in enumerate(lines, 1)))
    assert all(isinstance(record, Record) for record in found)
    return found


def before_end_s(record: Record) -> float:
    assert record.time.offset_s != OFFSET_UNKNOWN
    return -record.time.wall_us / 1e6


def test_acts_are_placed_by_the_durations_that_are_printed():
    # web began together with the end, 12 s before it; its tenth second is 2 s before
    assert [(record.line.number, before_end_s(record)) for record in told(APPLY)] == [
        (1, 12), (2, 12), (3, 12), (4, 12), (5, 12), (6, 2), (7, 2), (8, 0), (10, 0),
    ]  # fmt: skip


def test_resources_and_the_whole_are_changes_of_one_run():
    changes = [record.columns for record in told(APPLY) if record.columns["kind"] == "change"]
    assert [(c["action"], c.get("target", ""), c["outcome"]) for c in changes] == [
        ("create", "terraform_data.cache_size", Outcome.STARTED),
        ("create", "terraform_data.cache_size", Outcome.CHANGED),
        ("create", "terraform_data.web", Outcome.STARTED),
        ("create", "terraform_data.web", Outcome.CHANGED),
        ("apply", "", Outcome.CHANGED),
    ]
    assert {c["run"] for c in changes} == {"terraform 1"}


def test_an_error_fails_the_run_and_names_its_resource():
    last = told(FAILED)[-1].columns
    assert (last["outcome"], last["target"]) == (Outcome.FAILED, "terraform_data.bad")
    assert last["message"] == "local-exec provisioner error"


def test_two_runs_in_one_file_are_two_runs_the_first_ends_when_the_second_begins():
    records = told(APPLY + FAILED + APPLY)
    runs = {}
    for record in records:
        runs.setdefault(record.columns["run"], []).append(before_end_s(record))
    # the last lasts 12 s, the one before it shows no length, the first lasts 12 s before that
    assert {run: (max(at), min(at)) for run, at in runs.items()} == {
        "terraform 1": (24, 12), "terraform 2": (12, 12), "terraform 3": (12, 0),
    }  # fmt: skip


def test_what_was_only_read_or_planned_is_no_change():
    text = b"data.aws_ami.web: Reading...\ndata.aws_ami.web: Read complete after 1s [id=x]\nPlan: 1 to add, 0 to change, 0 to destroy.\n"
    assert {record.columns["kind"] for record in told(text)} == {"log"}


def test_no_changes_is_a_run_that_changed_nothing():
    text = b"terraform_data.web: Refreshing state... [id=1]\n\nNo changes. Your infrastructure matches the configuration.\n"
    assert told(text)[-1].columns["outcome"] == Outcome.UNCHANGED


def test_a_plan_of_a_text_without_terraform_is_not_claimed():
    assert PARSER.claims("x.log", [b"Plan: 3 to add, 1 to change, 0 to destroy.", b"and then we went home"]) == 0.0
