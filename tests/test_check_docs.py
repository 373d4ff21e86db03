"""The page about check names every rule in the rule's own words, and its examples run."""

import re
from pathlib import Path

import pytest

from afterlog.check import rules

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "check.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("info", rules(), ids=lambda info: info.name)
def test_the_page_names_the_rule_as_it_names_itself(info):
    assert f"| `{info.name}` | {info.title} |" in PAGE


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("postmortem.md").write_text("The outage lasted 20 minutes, from 10:00 to 12:00 UTC.\n", encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/check.md", "exec"), {})
    assert "contradicted[duration]" in capsys.readouterr().out
