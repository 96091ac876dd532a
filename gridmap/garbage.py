"""The collector of cyclic garbage, put off while many small objects are made."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collecting_later"]

# Held by who put the collector off: they alone bring it back.
_turn = threading.Lock()


@contextmanager
def collecting_later() -> Iterator[None]:
    """Put the collector off: work that makes answers by the thousand, and no cycles, is searched
    for nothing again and again, with all that a service holds.

    May be nested. Of threads that do so at a time the one that came first ends it for all: the
    collector is then merely back early, and never off for as long as others go on to come.
    """
    first = _turn.acquire(blocking=False)
    running = first and gc.isenabled()
    try:
        if running:
            gc.disable()
        yield
    finally:
        if running:
            gc.enable()
        if first:
            _turn.release()
