"""What BIND says becomes."""

import pytest
from reading_back import Read

from afterlog.registry import registry


def read(*lines: str) -> Read:
    return Read(registry()["bind"], "\n".join(lines).encode(), registry())


T = "22-Nov-2026 14:22:59.054"


@pytest.mark.parametrize(
    ("said", "action", "target", "outcome"),
    [
        ("zoneload: info: zone good.test/IN: loaded serial 2022111002", "zone", "good.test", "changed"),
        ("info: zone good.test/IN/internal: loaded serial 7 (DNSSEC signed)", "zone", "good.test", "changed"),
        ("xfer-in: info: zone good.test/IN: transferred serial 2022111003", "zone", "good.test", "changed"),
        ("zoneload: error: zone good.test/IN: not loaded due to errors.", "zone", "good.test", "failed"),
        ("general: info: reloading configuration failed: file not found", "reload", "named", "failed"),
        ("zoneload: info: managed-keys-zone: loaded serial 0", None, None, None),
        ("zoneload: debug 1: zone bad.test/IN: starting load", None, None, None),
    ],
)
def test_a_zone_loaded_is_a_change_and_one_refused_is_a_failure(said, action, target, outcome):
    got = read(f"{T} {said}")
    assert [got[name] for name in ("action", "target", "outcome")] == [[action], [target], [outcome]]


def test_category_and_severity_are_taken_off_in_every_combination():
    got = read(
        f"{T} general: notice: running",
        f"{T} general: running",
        f"{T} notice: running",
        "2026-11-22T14:22:59.054 general: notice: running",
    )
    assert got["message"] == ["running"] * 4
    assert got["severity"] == [10, None, 10, 10]
    assert got["category"] == ["general", "general", None, "general"]


def test_a_query_has_its_client():
    got = read(
        "2026-11-22T14:22:59.034 queries: info: client @0x7f6d 2001:db8::7#41616 (www.good.test): query: www.good.test IN A + (::1)"
    )
    assert got["client"] == ["2001:db8::7"]


def test_with_the_time_alone_it_is_not_known_to_be_binds():
    assert read(f"{T} running").rows == 0
