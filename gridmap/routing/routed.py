"""Decisions of many reports: those alike share their answers, each is an object when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from gridmap.routing.book import Decision
from gridmap.routing.grouped import Grouped

__all__ = ["Routed"]


class Routed(Sequence[Decision]):
    """Decisions of n reports, read like a list.

    Parameters
    ----------
    grouped : Grouped (n,)
    alone : callable
        Decides a report by its number that is not of the groups; asked once for each.
    """

    def __init__(self, grouped: Grouped, alone: Callable[[int], Decision]) -> None:
        self.grouped = grouped
        self.alone = {n: alone(n) for n in (grouped.head < 0).nonzero()[0].tolist()}

    def __len__(self) -> int:
        return len(self.grouped.head)

    @overload
    def __getitem__(self, n: int) -> Decision: ...
    @overload
    def __getitem__(self, n: slice) -> list[Decision]: ...
    def __getitem__(self, n: int | slice) -> Decision | list[Decision]:
        if isinstance(n, slice):
            return [self[one] for one in range(*n.indices(len(self)))]
        if not -len(self) <= n < len(self):
            raise IndexError(n)
        n %= len(self)
        known = self.alone.get(n)
        return self.grouped.decision(n) if known is None else known

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
