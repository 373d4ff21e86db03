"""afterlog: from the logs an outage left behind to a postmortem draft in which every sentence cites its lines.

The same verbs as the command line::

    import afterlog
    case = afterlog.ingest(["logs/"], out="case")
    case.timeline().frame()
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["Case", "Options", "__version__", "ingest"]


def __getattr__(name: str) -> Any:
    """Load the verbs only when they are used: ``afterlog --help`` must not wait for pandas."""
    if name == "Case":
        from afterlog.case import Case  # noqa: PLC0415

        return Case
    if name in ("ingest", "Options"):
        import importlib  # noqa: PLC0415

        from afterlog.memory import no_collection  # noqa: PLC0415

        with no_collection():  # modules are kept: looking for what to free among them is a tenth of the start
            return getattr(importlib.import_module("afterlog.ingestion"), name)
    raise AttributeError(f"module 'afterlog' has no attribute {name!r}")
