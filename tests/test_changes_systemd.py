"""What systemd, logind and the kernel say of units and of the machine becomes a change, and what they say beside it does not."""

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from afterlog.changes.mined import COARSE, mined_rows


def told(message: str, service: str = "systemd") -> list[tuple[str, str, str]]:
    event = {
        "time": 1,
        "source": "syslog",
        "line": 1,
        "offset": 0,
        "host": "web-01",
        "service": service,
        "message": message,
    }
    platform, versions = mined_rows([event])
    assert versions == []
    return [(row.action, row.target, row.outcome) for row in platform]


# The wordings are those of systemd's source (src/core/unit.c, service.c, job.c; src/login; src/oom; src/coredump) and of the
# kernel's (arch/x86/mm/fault.c, mm/oom_kill.c); the lines of version 219 stand in public CentOS 7 journals.
SAYINGS = [
    ("Started nginx.service - A high performance web server and a reverse proxy server.", "start", "nginx", "changed"),
    ("Started The nginx HTTP and reverse proxy server.", "start", "The nginx HTTP and reverse proxy server", "changed"),
    ("Stopped nginx.service - A high performance web server and a reverse proxy server.", "stop", "nginx", "changed"),
    (
        "Failed to start The nginx HTTP and reverse proxy server.",
        "start",
        "The nginx HTTP and reverse proxy server",
        "failed",
    ),
    ("nginx.service: Main process exited, code=exited, status=1/FAILURE", "crash", "nginx", "failed"),
    ("nginx.service: main process exited, code=killed, status=9/KILL", "crash", "nginx", "failed"),
    ("nginx.service: Failed with result 'exit-code'.", "crash", "nginx", "failed"),
    ("nginx.service: Failed with result 'oom-kill'.", "oom", "nginx", "failed"),
    ("Unit nginx.service entered failed state.", "crash", "nginx", "failed"),
    ("nginx.service: Scheduled restart job, restart counter is at 5.", "restart", "nginx", "started"),
    ("nginx.service holdoff time over, scheduling restart.", "restart", "nginx", "started"),
    ("nginx.service: Start request repeated too quickly.", "start", "nginx", "failed"),
    ("nginx.service: Watchdog timeout (limit 3min)!", "crash", "nginx", "failed"),
    ("nginx.service: start operation timed out. Terminating.", "start", "nginx", "failed"),
    ("nginx.service: State 'stop-sigterm' timed out. Killing.", "stop", "nginx", "failed"),
    ("Dependency failed for srv-data.mount - /srv/data.", "start", "srv-data.mount", "failed"),
    ("Reload failed for The Apache HTTP Server.", "reload", "The Apache HTTP Server", "failed"),
]


@pytest.mark.parametrize(("message", "action", "target", "outcome"), SAYINGS)
def test_what_systemd_says_of_a_unit_is_a_change(message, action, target, outcome):
    assert told(message) == [(action, target, outcome)]


@pytest.mark.parametrize(
    ("service", "message", "action", "target", "outcome"),
    [
        ("systemd-logind", "System is rebooting.", "restart", "System", "started"),
        ("systemd-logind", "The system will power off now!", "stop", "system", "started"),
        (
            "systemd-oomd",
            "Killed /system.slice/app.service due to memory pressure for /system.slice being 62.10%",
            "oom",
            "app",
            "failed",
        ),
        ("systemd-coredump", "Process 1234 (java) of user 0 dumped core.", "crash", "java", "failed"),
        (
            "kernel",
            "[  123.456789] php-fpm[4242]: segfault at 0 ip 00007f1 sp 00007ff error 4 in libc.so.6[7f1+1000]",
            "crash",
            "php-fpm",
            "failed",
        ),
        (
            "kernel",
            "Out of memory: Killed process 4242 (apache2) total-vm:1234kB, anon-rss:1kB",
            "oom",
            "apache2",
            "failed",
        ),
        ("kernel", "Memory cgroup out of memory: Killed process 4242 (java) total-vm:1234kB", "oom", "java", "failed"),
    ],
)
def test_what_the_platform_says_of_processes_and_of_the_machine_is_a_change(service, message, action, target, outcome):
    assert told(message, service) == [(action, target, outcome)]


@pytest.mark.parametrize(
    "message",
    [
        "Starting nginx.service - A high performance web server…",
        "nginx.service: Deactivated successfully.",
        "nginx.service: Consumed 1.2s CPU time.",
        "Started Session 12 of User ann.",
        "Started logrotate.service - Rotate log files.",
        "nginx.service: Main process exited, code=exited, status=0/SUCCESS",
        "systemd-logind.service: Watchdog is set",
    ],
)
def test_what_says_no_change_is_none(message):
    assert told(message) == []


def test_another_program_that_says_the_same_words_is_not_believed():
    assert told("nginx.service: Start request repeated too quickly.", "shop") == []


@pytest.mark.parametrize("message", [saying[0] for saying in SAYINGS])
def test_the_coarse_look_lets_through_what_the_closer_one_tells(message):
    assert pc.match_substring_regex(pa.array([message]), COARSE).to_pylist() == [True]
    assert re.search(COARSE, message)
