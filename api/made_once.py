"""What takes long to make and many ask for: made once, by one maker for each key."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

__all__ = ["MadeOnce"]

V = TypeVar("V")


class MadeOnce(Generic[V]):
    """Keeps what was made lately, by key.

    Who asks for what is being made waits for that; what has another key is kept, and made,
    meanwhile.

    Parameters
    ----------
    most : int
        So many are kept, those asked for last.
    kept_s : float
        What was begun so long ago is made anew.
    clock : callable
        Seconds.
    """

    def __init__(
        self, most: int, *, kept_s: float = math.inf, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most = most
        self._kept_s = kept_s
        self._clock = clock
        self._lock = Lock()
        self._made: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()
        self._making: dict[Hashable, Future[V]] = {}

    def kept(self, key: Hashable) -> V | None:
        """Return what was made lately; None when it has to be made."""
        with self._lock:
            return self._found(key)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return what was made lately, or make it; what `make` raises, all who wait are told."""
        with self._lock:
            found = self._found(key)
            if found is not None:
                return found
            making = self._making.get(key)
            others = making is not None
            if making is None:
                making = self._making[key] = Future()
        if others:
            return making.result()
        begun = self._clock()
        try:
            made = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            making.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._made[key] = begun, made
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        making.set_result(made)
        return made

    def _found(self, key: Hashable) -> V | None:
        found = self._made.get(key)
        if found is None or self._clock() - found[0] >= self._kept_s:
            return None
        self._made.move_to_end(key)
        return found[1]
