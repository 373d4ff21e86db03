"""Changes that a program of the company's own tells in plain words."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from afterlog.changes.sayings import COARSE, detailed, said_changes, said_rows
from test_changes_mined import said

HOSTS = {"web-01", "web-02", "ci-01"}


def changes_of(*events: dict, lines: int = 10):
    rows = said_rows(events)
    return said_changes(rows, HOSTS, {row.place.source: lines for row in rows})


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("deploying shop v2.7.5 to web-01", "deploy"),
        ("deploy finished: shop v2.7.5", "deploy"),
        ("Activating release 8f3e2ab", "deploy"),
        ("rolling back shop to v2.7.4", "rollback"),
        ("flag new_checkout set to on", "flag"),
        ('Migrating schema "public" to version "42 - drop coupon column"', "migration"),
        ("pushed configuration 17 to all proxies", "apply"),
        ("Scaled up web from 3 to 10", "scale"),
    ],
)
def test_what_a_program_says_that_it_does_is_a_change(words, action):
    (change,) = changes_of(said("11:00:00", "deployer", words, "ci-01"))
    assert (change.action, change.outcome) == (action, "changed")


@pytest.mark.parametrize(
    "words",
    ["Order 1234 released to the warehouse", "published article 42", "would deploy shop v2", "could not deploy shop v2",
     "config reloaded", "processed a batch of 12 orders",
     # MariaDB 10.11 as it starts, and as it comes back from a crash
     "InnoDB: 128 rollback segments are active.", "InnoDB: Rollback of non-prepared transactions completed",
     "InnoDB: Rolling back trx with id 1293, 1 rows to undo"],
)  # fmt: skip
def test_what_only_sounds_like_one_is_none(words):
    assert changes_of(said("11:00:00", "shop", words)) == []


def test_the_lines_of_one_rollout_are_one_change_on_the_hosts_that_they_name():
    (change,) = changes_of(
        said("11:00:00", "deployer", "deploy started: shop v2.7.5", "ci-01"),
        said("11:00:05", "deployer", "deploying shop v2.7.5 to web-01", "ci-01"),
        said("11:00:20", "deployer", "deploying shop v2.7.5 to web-02", "ci-01"),
        said("11:00:30", "deployer", "deploy finished: shop v2.7.5", "ci-01"),
    )
    assert (change.title, change.hosts) == ("Deploy: shop v2.7.5", ("web-01", "web-02"))
    assert (change.end_us - change.start_us) == 30_000_000


def test_another_version_is_another_change_and_a_failed_one_says_so():
    first, second = changes_of(
        said("11:00:00", "deployer", "rolling back shop to v2.7.4", "ci-01"),
        said("11:00:09", "deployer", "rollback of shop to v2.7.4 failed: artifact not found", "ci-01"),
        said("11:01:00", "deployer", "rolling back shop to v2.7.3", "ci-01"),
    )
    assert (first.outcome, second.outcome) == ("failed", "changed")
    assert "artifact not found" in first.failure


def test_a_program_that_says_such_things_often_among_much_else_is_not_believed():
    chatty = [said(f"11:{n:02d}:00", "shop", f"flag user{n} set to blue") for n in range(50)]
    assert changes_of(*chatty, lines=10_000) == []


def test_a_structured_logs_fields_name_the_flag_that_its_message_does_not():
    (row,) = said_rows([said("11:00:00", "flags", "flag updated", "ci-01")])
    named = detailed(row, {"flag": "new-checkout", "old": "off", "new": "on", "user": "dana"})
    (change,) = said_changes([named], HOSTS, {row.place.source: 1})
    assert (change.action, change.title, change.targets) == ("flag", "Flag: new-checkout", ("new-checkout",))
    assert change.steps[0].text == "flag updated new-checkout to on"
    assert detailed(row, {"user": "dana", "flag": "<script>"}) == row  # no name


def test_a_migration_is_named_with_its_number():
    (change,) = changes_of(said("11:00:00", "deployer", "running migration 0042_add_index_orders", "ci-01"))
    assert change.targets == ("0042_add_index_orders",)


@pytest.mark.parametrize(
    "words",
    ["rolled back to build 12", "roll-back of shop", "reverting to release 7", "feature_flag checkout turned off",
     "feature-switch new_cart was toggled", "disabled the old toggle", "Running upgrade  -> 1975ea83b712, add account",
     "== 20240618 AddIndex: migrated (0.0042s)", "Applied 3 migrations", "updated dns records for shop",
     "configuration has been rolled out", "scaling down to 2", "redeployed shop", "deployment of shop",
     "starting deployment", "symlinked /srv/shop/current", "Switched to release 3.4.1", "promoting build 7",
     "Déployé: deploying café v2"],
)  # fmt: skip
def test_what_is_a_saying_is_looked_at_more_closely(words):
    assert said_rows([said("11:00:00", "deployer", words)])
    assert pc.match_substring_regex(pa.array([words]), COARSE).to_pylist() == [True]


def test_a_login_by_the_user_deploy_is_not_looked_at():
    words = "Accepted publickey for deploy from 10.0.3.7 port 52144 ssh2: RSA SHA256:9ZtRk1wq0x7yPb2mN5vVhQd"
    assert pc.match_substring_regex(pa.array([words]), COARSE).to_pylist() == [False]
