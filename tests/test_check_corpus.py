"""The collection of written postmortems: what is wrong is found, what is right is not accused."""

import pytest

from afterlog.check import check
from benchmarks.check.corpus import load
from benchmarks.check.score import score

DOCUMENTS = load()


def test_the_collection_is_large_and_half_of_it_is_clean():
    clean = sum(not document.planted for document in DOCUMENTS)
    assert len(DOCUMENTS) >= 60
    assert 0.4 <= clean / len(DOCUMENTS) <= 0.6


def test_nine_of_ten_planted_contradictions_are_found():
    result = score(DOCUMENTS)
    assert result.recall >= 0.9, "\n".join(result.notes)


def test_at_most_one_clean_document_in_ten_is_accused():
    result = score(DOCUMENTS)
    assert result.false_per_clean <= 0.1, "\n".join(result.notes)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_same_document_gives_the_same_report(document):
    assert check(document.text).as_json() == check(document.text).as_json()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_finding_points_into_the_document(document):
    lines = document.text.split("\n")
    for finding in check(document.text).findings:
        assert 1 <= finding.line <= len(lines)
        assert 0 <= finding.start <= finding.end <= len(lines[finding.line - 1])
