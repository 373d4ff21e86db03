"""What counts as a failure, and what is no request of a user's."""

from __future__ import annotations

import numpy as np
import pytest

from afterlog.errors import InputError
from afterlog.traffic.failing import parse_rule

NAN = float("nan")
# five requests: answered, aborted by the client, failed, slow, and one whose status was not logged
COLUMNS = {
    "status": np.array([200, 499, 503, 200, 0]),
    "duration": np.array([0.1, 0.2, 0.3, 9.0, NAN]),
    "path": (np.array([0, 1, 0, 2, -1]), ("/", "/api/cart", "/api/pay")),
    "client": (np.array([0, 0, 1, 1, 1]), ("192.0.2.1", "192.0.2.2")),
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("status>=500", [2]),
        ("status>=500 or status==499", [1, 2]),
        ("status == 499 or status >= 500 and path == '/'", [1, 2]),
        ("(status == 499 or status >= 500) and path == '/'", [2]),
        ("not status>=500", [0, 1, 3, 4]),
        ("status!=200", [1, 2]),  # what was not logged fulfils no comparison
        ("duration>5", [3]),
        ("duration<=0.2", [0, 1]),
        ('path ~ "^/api/"', [1, 3]),
        ("path !~ '^/api/'", [0, 2]),
        ("client != '192.0.2.1' and not duration > 5", [2, 4]),
    ],
)
def test_a_rule_holds_for_the_requests_it_describes(rule, expected):
    assert np.flatnonzero(parse_rule(rule).holds(COLUMNS)).tolist() == expected


def test_a_rule_names_the_columns_it_needs():
    assert parse_rule("status>=500 or not (duration>5 and path=='/')").fields == {"status", "duration", "path"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "found the end where a field"),
        ("status", "found the end where =="),
        ("status>=", "a number"),
        ("status>=500 or", "a field"),
        ("status>=500)", "and, or, or the end"),
        ("(status>=500", "a closing )"),
        ("status ~ '5..'", "a comparison of numbers"),
        ("path > '/'", "since it is a name"),
        ("path ~ '('", "no regular expression"),
        ("__import__('os').system('true')", "a field"),
        ("status>=500; status", "';'"),
        ("status.real>=500", "'.'"),
        ("status>=5e2", "a number"),
        ("(" * 100 + "status>=500" + ")" * 100, "nested"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_was_expected(rule, words):
    with pytest.raises(InputError) as caught:
        parse_rule(rule)
    assert words in str(caught.value)
    assert "--fail" in str(caught.value)
