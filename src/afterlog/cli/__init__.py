"""The command line: the verbs of the library, tables for people, ``--json`` for programs, notes on stderr."""

from afterlog.cli import listing, reading, reviewing, telling, writing
from afterlog.cli.program import app, main

__all__ = ["app", "listing", "main", "reading", "reviewing", "telling", "writing"]
