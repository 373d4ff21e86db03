"""Review: what people decided about the findings, kept in ``review.toml`` beside them and never overwritten."""

from afterlog.review.file import ReviewFile
from afterlog.review.model import Added, Decision, Review

__all__ = ["Added", "Decision", "Review", "ReviewFile"]
