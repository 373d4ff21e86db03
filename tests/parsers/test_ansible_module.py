"""What Ansible's module lines become, read out of the syslog lines they come in."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers.ansible_module import PARSER
from afterlog.parsers.syslog import PARSER as SYSLOG
from afterlog.registry import Registry
from afterlog.source import Block


def read(program: str, message: str) -> dict[str, object]:
    data = f"Nov 10 11:00:00 web-01 {program}: {message}".encode()
    [parsed] = parse(SYSLOG, [Block(data, 1, 0)], Registry([SYSLOG, PARSER]))
    assert parsed.batch is not None
    return {name: column[0].as_py() for name, column in parsed.batch.columns.items()}


@pytest.mark.parametrize(
    ("program", "module"),
    [
        ("ansible-copy", "copy"),
        ("ansible-ansible.legacy.copy", "copy"),
        ("ansible-community.general.ufw[12]", "ufw"),
        ("ansible-async_wrapper.py[12]", "async_wrapper"),
    ],
)
def test_the_module_is_the_last_part_of_the_program(program, module):
    assert read(program, "Invoked with x=1")["module"] == module


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        ("src=a dest=/b path=None", "/b"),
        ("path=/a follow=False", "/a"),
        ("name=['a', 'b'] state=present", "a, b"),
        ("name=apache2 state=restarted", "apache2"),
        ("url=http://x/ dest=None method=POST", "http://x/"),
        ("_raw_params=ls dest=/x name=y _uses_shell=False", "ls dest=/x name=y"),
        ("_raw_params=make _uses_shell=True chdir=/srv path=None", "make"),
        ("gather_subset=['all']", None),
    ],
)
def test_the_target_is_what_the_module_works_on(arguments, target):
    assert read("ansible-x", f"Invoked with {arguments}")["target"] == target


@pytest.mark.parametrize(
    ("program", "arguments", "outcome"),
    [
        ("ansible-stat", "path=/a", "unchanged"),
        ("ansible-uri", "url=http://x/ method=GET dest=None", "unchanged"),
        ("ansible-uri", "url=http://x/ method=GET dest=/a", "unknown"),
        ("ansible-uri", "url=http://x/ method=DELETE", "unknown"),
        ("ansible-copy", "dest=/a", "unknown"),
    ],
)
def test_only_modules_that_read_leave_everything_as_it_was(program, arguments, outcome):
    assert read(program, f"Invoked with {arguments}")["outcome"] == outcome
