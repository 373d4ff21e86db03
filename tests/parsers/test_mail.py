"""What mail servers say in syslog becomes."""

import pytest
from reading_back import Read

from afterlog.registry import registry


def read(program: str, said: str) -> Read:
    return Read(registry()["syslog"], f"Nov 22 14:20:13 mx {program}[4047]: {said}".encode(), registry())


@pytest.mark.parametrize(("status", "severity"), [("sent", 9), ("deferred", 13), ("bounced", 13)])
def test_a_delivery_has_its_queue_id_and_its_status(status, severity):
    got = read(
        "postfix/smtp",
        f"4Nc0Yd5BxYz1V: to=<a@b.example>, relay=mx.b.example[192.0.2.3]:25, delay=2.5, dsn=4.4.1, status={status} (x status=sent)",
    )
    assert [got[name] for name in ("request_id", "mail_status", "mail_to", "duration", "severity")] == [
        ["4Nc0Yd5BxYz1V"], [status], ["a@b.example"], [2.5], [severity],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "said", "severity"),
    [
        ("postfix/smtpd", "warning: hostname x does not resolve to address 192.0.2.1", 13),
        ("postfix/master", "fatal: open lock file pid/master.pid: Permission denied", 21),
        ("dovecot", "imap(ann): Error: Failed to autocreate mailbox", 17),
        ("postfix/smtpd", "lost connection after CONNECT from x[192.0.2.1]", None),
    ],
)
def test_the_level_they_write_is_the_severity(program, said, severity):
    assert read(program, said)["severity"] == [severity]


def test_a_word_that_looks_like_a_queue_id_needs_its_colon():
    assert read("postfix/smtpd", "DEADBEEF is no id")["request_id"] == [None]
