"""What Puppet's lines become, read out of the syslog lines they come in."""

import pytest

from afterlog.intake.parsing import parse
from afterlog.parsers.puppet import PARSER
from afterlog.parsers.syslog import PARSER as SYSLOG
from afterlog.registry import Registry
from afterlog.source import Block


def read(message: str, program: str = "puppet-agent") -> dict[str, object]:
    data = f"Nov 10 11:00:00 web-01 {program}[5580]: {message}".encode()
    [parsed] = parse(SYSLOG, [Block(data, 1, 0)], Registry([SYSLOG, PARSER]))
    assert parsed.batch is not None
    return {name: column[0].as_py() for name, column in parsed.batch.columns.items()}


def test_all_lines_of_one_process_are_one_run():
    lines = (
        "Compiled catalog for web-01 in 0.81 seconds",
        "(/Stage[main]/Main/Exec[a]/returns) executed successfully",
    )
    assert {read(line)["run"] for line in lines} == {"puppet-agent[5580]"}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/Stage[main]/Main/File[/etc/motd]/content", "File[/etc/motd]"),
        (
            "/Stage[main]/Web/Apache::Vhost[blog]/Concat[25-blog.conf]/File[/etc/apache2/a.conf]/mode",
            "File[/etc/apache2/a.conf]",
        ),
        ("/Stage[main]/Web/Apache::Mod[ssl]/ensure", "Apache::Mod[ssl]"),
        ("/Stage[main]/Main/Exec[test [ -f /a ] || b]/cwd", "Exec[test [ -f /a ] || b]"),
        ("/Stage[main]/Main/File[/srv/Foo[1]]/owner", "File[/srv/Foo[1]]"),
    ],
)
def test_the_target_is_the_last_resource_of_the_path(path, target):
    told = read(f"({path}) x changed 'a' to 'b'")
    assert (told["target"], told["property"], told["outcome"]) == (target, path.rpartition("/")[2], "changed")


@pytest.mark.parametrize("output", ["created", "content changed 'a' to 'b'", "Notice: hi", "removed"])
def test_what_a_command_prints_is_no_change(output):
    assert read(f"(/Stage[main]/Main/Exec[a]/returns) {output}")["kind"] == "log"


@pytest.mark.parametrize(
    "what", ["ensure changed 'stopped' to 'running'", "created (corrective)", "removed", "ensure: x"]
)
def test_a_resource_brought_about_is_a_change(what):
    told = read(f"(/Stage[main]/Main/Service[apache2]/ensure) {what}")
    assert (told["action"], told["target"], told["outcome"]) == ("resource", "Service[apache2]", "changed")


def test_a_cached_catalog_is_a_trap_and_the_run_after_it_not_a_success():
    cached, applied = (
        read("Using cached catalog from environment 'production'"),
        read("Applied catalog in 3.1 seconds"),
    )
    assert (cached["outcome"], cached["trap"]) == ("failed", "cached-catalog")
    assert (applied["outcome"], applied.get("trap")) == ("unknown", None)


@pytest.mark.parametrize(
    "message",
    [
        "Could not retrieve catalog from remote server: Error 500 on SERVER: Server Error: Syntax error",
        "Not using cache on failed catalog",
        "Failed to apply catalog: Cannot convert '\"x\"' to an integer",
    ],
)
def test_a_run_that_cannot_be_is_failed(message):
    assert read(message)["outcome"] == "failed"


def test_a_run_that_is_switched_off_changes_nothing():
    told = read("Skipping run of Puppet configuration client; administratively disabled (Reason: 'outage');")
    assert (told["action"], told["outcome"]) == ("run", "unchanged")
