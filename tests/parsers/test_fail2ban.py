"""What Fail2ban says becomes."""

from reading_back import Read

from afterlog.registry import registry

SYSLOG = b"<29>Nov 22 14:28:04 web-01 fail2ban.actions[12766]: NOTICE [sshd] Ban 192.0.2.9\n<30>Nov 22 14:28:05 web-01 fail2ban.server[12766]: INFO Exiting Fail2ban\n"


def test_a_ban_is_no_change_but_has_its_client():
    got = Read(
        registry()["fail2ban"],
        b"2026-11-22 14:17:16,449 fail2ban.actions        [795]: NOTICE  [sshd] Ban 2001:db8::7\n",
        registry(),
    )
    assert [got[name] for name in ("kind", "client", "verb", "jail", "severity")] == [
        ["log"],
        ["2001:db8::7"],
        ["Ban"],
        ["sshd"],
        [10],
    ]


def test_in_syslog_its_own_level_counts_and_is_taken_off():
    got = Read(registry()["syslog"], SYSLOG, registry())
    assert (got["severity"], got["message"]) == ([10, 9], ["[sshd] Ban 192.0.2.9", "Exiting Fail2ban"])
    assert (got["kind"], got["action"], got["client"]) == (["log", "change"], [None, "stop"], ["192.0.2.9", None])
