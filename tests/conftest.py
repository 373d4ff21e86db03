"""What every test shares: the recorded outage, read once, and its truth."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.findings import Findings
from afterlog.ingestion import Options, ingest

ROOT = Path(__file__).resolve().parent.parent
# The same examples in every run of CI: what fails there can be had again. Elsewhere each run tries new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

sys.path.append(str(ROOT))  # for benchmarks; behind the installed package, and without src
SAMPLE = ROOT / "sample_logs" / "misspelt-file-name" / "logs"


@dataclass(frozen=True)
class Recording:
    """The sample's case with its findings, and what really happened."""

    case: Case
    findings: Findings
    truth: dict


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    case = ingest([SAMPLE], tmp_path_factory.mktemp("sample") / "case", Options(tz="Asia/Kolkata", jobs=1))
    truth = json.loads((ROOT / "tests" / "truth" / "misspelt-file-name.json").read_text(encoding="utf-8"))
    return Recording(case, analyse(case), truth)
