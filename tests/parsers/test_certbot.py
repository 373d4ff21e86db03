"""What Certbot's log becomes."""

from reading_back import Read

from afterlog.registry import registry

T = "2026-11-22 14:18:25,525"


def read(*lines: str) -> Read:
    return Read(registry()["certbot"], "\n".join(lines).encode(), registry())


def test_obtained_renewed_and_failed_are_changes_of_one_certificate_each():
    got = read(
        f"{T}:DEBUG:certbot._internal.storage:Writing new config /etc/letsencrypt/renewal/a.example.conf.",
        f"{T}:DEBUG:certbot._internal.storage:Writing new config /etc/letsencrypt/renewal/b.example.conf.new.",
        f"{T}:DEBUG:certbot._internal.display.obj:Notifying user:   /etc/letsencrypt/live/b.example/fullchain.pem (success)",
        f"{T}:ERROR:certbot._internal.renewal:Failed to renew certificate c.example with error: timed out",
        f"{T}:ERROR:certbot._internal.renewal:Attempting to renew cert (d.example) from /etc/x.conf produced an unexpected error: y. Skipping.",
    )
    assert got["target"] == ["a.example", None, "b.example", "c.example", "d.example"]
    assert got["outcome"] == ["changed", None, "changed", "failed", "failed"]


def test_a_run_that_renews_nothing_changes_nothing():
    got = read(
        f"{T}:DEBUG:certbot._internal.display.obj:Notifying user: No renewals were attempted.",
        f"{T}:DEBUG:certbot._internal.renewal:no renewal failures",
    )
    assert got["kind"] == ["log", "log"]


def test_an_answer_and_a_traceback_belong_to_the_line_above():
    got = read(f"{T}:DEBUG:acme.client:Received response:", "HTTP 200", "", "{}", f"{T}:DEBUG:urllib3.connectionpool:x")
    assert got["message"] == ["Received response:\nHTTP 200\n\n{}", "x"]
    assert got.rejects == []
