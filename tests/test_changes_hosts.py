"""One machine under two names: as an inventory spells it and as its own logs do."""

from __future__ import annotations

import pytest

from afterlog.changes.hosts import with_known_hosts
from afterlog.changes.model import Row
from afterlog.evidence import Place


def row(host: str, target: str = "") -> Row:
    fields = {"target_host": target} if target else {}
    return Row(0, Place("ansible.log", 1, 0), "ansible-log", host, "", "", "result", "", "changed", "", "", "", fields)


@pytest.mark.parametrize(
    ("told", "known", "meant"),
    [
        ("web-02.example.com", {"web-01", "web-02"}, "web-02"),
        ("web-02", {"web-02.example.com", "ci-01"}, "web-02.example.com"),
        ("WEB-02.example.com", {"web-02"}, "web-02"),
        ("web-02.eu.example.com", {"web-02.us.example.com"}, "web-02.eu.example.com"),  # two machines
        ("web-02", {"web-02.eu", "web-02.us"}, "web-02"),  # which of both, nothing tells
        ("10.0.0.9", {"10"}, "10.0.0.9"),
        ("db-01.example.com", {"web-01"}, "db-01.example.com"),
    ],
)
def test_another_spelling_of_a_known_machine_is_that_machine(told, known, meant):
    (found,) = with_known_hosts([row(told, told)], known)
    assert (found.host, found.fields["target_host"]) == (meant, meant)


def test_a_row_without_hosts_stays_as_it_is():
    assert list(with_known_hosts([row("")], {"web-01"})) == [row("")]
