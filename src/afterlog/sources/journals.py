"""The systemd journal's binary files, read by the ``journalctl`` of this machine where there is one.

It is given one file by its path and prints JSON lines, which the parser of journald's JSON reads. Nothing is run from
the directory that is analysed: only a ``journalctl`` in the system's own directories.

https://www.freedesktop.org/software/systemd/man/latest/journalctl.html
"""

from __future__ import annotations

import contextlib
import glob
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from afterlog.errors import InputError

MAGIC: Final = b"LPKSHHRH"
_PLACES: Final = ("/usr/bin/journalctl", "/bin/journalctl", "/usr/local/bin/journalctl")
_CHUNK_BYTES: Final = 1 << 20


def journalctl() -> str | None:
    """Give the path of this machine's journalctl; None where there is none."""
    return next((place for place in _PLACES if os.access(place, os.X_OK)), None)


def journal_lines(program: str, file: Path) -> Iterator[bytes]:
    """Give the entries of a journal file as JSON lines.

    Raises:
        InputError: journalctl cannot read it, or not to its end; everything before has been given.

    """
    # --file takes a pattern, and names come from anywhere
    command = [program, f"--file={glob.escape(str(file.absolute()))}", "--output=json", "--all", "--no-pager"]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryFile() as errors:
        # the program stands at a fixed place of the system, and the file's name is one argument: no shell
        running = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
        ended = False
        try:
            while running.stdout is not None and (chunk := running.stdout.read(_CHUNK_BYTES)):
                yield chunk
            ended = True
        finally:
            if not ended:
                with contextlib.suppress(OSError):
                    running.kill()
            if running.stdout is not None:
                running.stdout.close()
            status = running.wait()
        if status:
            errors.seek(0)
            told = errors.read(2_000).decode(errors="backslashreplace").strip().splitlines()
            raise InputError(f"journalctl could not read all of it ({told[-1] if told else f'exit code {status}'})")


def spooled_lines(program: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Give the entries of a journal file that lies within an archive or elsewhere; it is copied first.

    Raises:
        InputError: as `journal_lines`, or the copy cannot be made.

    """
    with tempfile.NamedTemporaryFile(prefix="afterlog-", suffix=".journal") as copy:
        for chunk in chunks:
            copy.write(chunk)
        copy.flush()
        yield from journal_lines(program, Path(copy.name))
