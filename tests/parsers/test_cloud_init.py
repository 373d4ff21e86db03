"""What cloud-init's log becomes."""

from reading_back import Read

from afterlog.registry import registry


def test_the_first_stage_is_a_boot_and_the_others_are_not():
    lines = [
        f"2017-05-22 18:02:0{n},088 - util.py[DEBUG]: Cloud-init v. 0.7.9 running '{stage}' at Mon, 22 May 2017 18:02:01 +0000. Up 2.0 seconds."
        for n, stage in enumerate(["init-local", "init", "modules:config", "modules:final"])
    ]
    got = Read(registry()["cloud-init"], "\n".join(lines).encode(), registry())
    assert got["action"] == ["boot", None, None, None]
    assert got["stage"] == ["init-local", "init", "modules:config", "modules:final"]


def test_a_traceback_belongs_to_the_line_above():
    got = Read(
        registry()["cloud-init"],
        b"2017-05-22 18:02:01,088 - util.py[WARNING]: failed\nTraceback (most recent call last):\n  x\n",
        registry(),
    )
    assert (got["severity"], got["message"]) == ([13], ["failed\nTraceback (most recent call last):\n  x"])
