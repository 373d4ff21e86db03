"""The house: what is where, what imports what, what ships, and what the README says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from afterlog.registry import registry
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# The design's floors, from the ground up. Modules not named here stand wherever their imports put them.
FLOORS = [
    {"errors"},
    {"event", "layout", "clock"},
    {"source", "parser"},
    {"registry", "case"},
    {"intake", "traffic"},
    {"outages", "changes", "causes", "impact"},
    {"findings"},
    {"draft"},
    {"writing"},
    {"cli"},
]


def modules() -> list[Path]:
    return sorted((ROOT / "src" / "afterlog").rglob("*.py"))


def top(path: Path) -> str:
    return path.relative_to(ROOT / "src" / "afterlog").parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Names of the top-level modules of afterlog that a file imports, also lazily."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "afterlog":
            found |= {node.module.split(".")[1]} if "." in node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("afterlog.")}
    return found & {top(path) for path in modules()}


def needs() -> dict[str, set[str]]:
    """What each top-level module imports of the others."""
    found: dict[str, set[str]] = {}
    for path in modules():
        if top(path) != "__init__":
            found.setdefault(top(path), set()).update(imported(path) - {top(path), "__init__"})
    return found


def reached(name: str, direct: dict[str, set[str]]) -> set[str]:
    """Everything a module imports, also through others."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        for other in direct[ahead.pop()] - seen:
            seen.add(other)
            ahead.append(other)
    return seen


def test_no_module_imports_itself_through_others():
    direct = needs()
    assert [name for name in direct if name in reached(name, direct)] == []


@pytest.mark.parametrize("floor", range(len(FLOORS)))
def test_a_floor_imports_nothing_from_above(floor):
    direct = needs()
    above = set().union(*FLOORS[floor + 1 :])
    for name in FLOORS[floor]:
        assert reached(name, direct) & above == set(), name


@pytest.mark.parametrize("path", sorted((ROOT / "parsers").glob("*.py")), ids=lambda path: path.name)
def test_a_parser_imports_only_the_parser_facing_module(path):
    assert imported(path) <= {"parser", "formats"}


def test_detection_opens_no_file_and_reads_no_clock():
    for path in sorted((ROOT / "src" / "afterlog" / "detect").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\bopen\(|import (time|os|pathlib|random)\b|from (time|os|pathlib|random)\b|datetime\.now", text
        ), path.name


def test_templates_calculate_nothing_and_analysis_prints_nothing():
    for path in modules():
        if top(path) != "cli":
            calls = [
                node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            ]
            printed = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"]
            assert all(any(keyword.arg == "file" for keyword in node.keywords) for node in printed), path.name


def test_the_packages_listed_are_the_packages_there_are():
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    there = {
        ".".join(("afterlog", *path.parent.relative_to(ROOT / "src" / "afterlog").parts))
        for path in modules()
        if path.name == "__init__.py"
    }
    assert listed == there | {"afterlog.parsers", "afterlog.templates"}


def test_parsers_and_templates_are_installed():
    parsers = {item.name for item in files("afterlog.parsers").iterdir() if item.name.endswith(".py")}
    assert {path.name for path in (ROOT / "parsers").glob("*.py")} == parsers
    templates = {item.name for item in files("afterlog.templates").iterdir() if item.name.endswith(".j2")}
    assert {path.name for path in (ROOT / "templates").glob("*.j2")} == templates


def test_the_wheel_holds_everything(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "afterlog/cli/program.py",
        "afterlog/py.typed",
        "afterlog/parsers/haproxy.py",
        "afterlog/templates/postmortem.md.j2",
        "afterlog/server/static/index.html",
        "afterlog/server/static/main.js",
        "afterlog/server/static/vendor/uPlot.js",
        "afterlog/server/static/vendor/uPlot-LICENSE.txt",
    ):
        assert name in names
    assert not any(name.startswith(("tests", "benchmarks", "sample_logs")) for name in names)


def test_no_file_names_a_path_of_a_machine():
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    if tracked == [""]:
        tracked = [str(path.relative_to(ROOT)) for path in (*modules(), *(ROOT / "parsers").glob("*.py"))]
    # /root/foo stands in a true line of auditd's
    pattern = re.compile(rb"/(?:work|farm)/|/root/(?!foo\b)\w|\.library")
    found = [
        name
        for name in tracked
        if name
        and not name.startswith(("sample_logs/", "tests/"))
        and (ROOT / name).is_file()
        and pattern.search((ROOT / name).read_bytes())
    ]
    assert found == []


def test_every_command_in_the_readme_works(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^\$ afterlog (run .*)$", text, re.MULTILINE)
    assert shown is not None
    done = run(shown[1], "-o", tmp_path / "case")
    for line in done.splitlines():
        if line.startswith(("Outage", "Impact", "Cause")):
            assert line in text, f"the README shows something else than {line!r}"
    for verb in sorted(
        set(re.findall(r"`afterlog (\w+)(?: case)?`", text)) - {"run", "ingest", "parsers", "templates"}
    ):
        more = {"review": ["--list"], "sql": ["select count(*) from events"]}.get(verb, [])  # the page stays open
        run(verb, tmp_path / "case", *more)
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    script = code[1].replace('out="case"', f"out={str(tmp_path / 'api')!r}")
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)


def run(words: str, *more: object) -> str:
    command = [sys.executable, "-c", "from afterlog.cli import main; main()", *words.split(), *map(str, more)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_every_verb_of_the_command_line_is_documented():
    from afterlog.cli import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert f"afterlog {name}" in text, name


def test_parser_files_and_parser_names_go_together():
    assert len(list(registry())) >= len(list((ROOT / "parsers").glob("*.py"))) - 1
