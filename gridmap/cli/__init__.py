"""The command line. Heavy libraries are loaded by the commands that need them."""

from __future__ import annotations

import io
import signal
import sys
import traceback
from types import FrameType

__all__ = ["main"]

# BSD's EX_SOFTWARE: told apart from 1, which is `check` finding faults.
BUG = 70


def main() -> None:
    """Run the command line and leave with its exit code."""
    from gridmap.cli.app import app

    # A terminal that lacks a character is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _ended)
    try:
        app()
    except Exception:  # noqa: BLE001 - the last handler before the shell
        traceback.print_exc()
        sys.stderr.write(
            "This is a bug in gridmap, not a mistake of yours. "
            "Please report it with the lines above.\n"
        )
        sys.exit(BUG)


def _ended(number: int, frame: FrameType | None) -> None:
    """Leave as after Ctrl-C, so that nothing half-written stays behind."""
    del frame
    sys.exit(128 + number)
