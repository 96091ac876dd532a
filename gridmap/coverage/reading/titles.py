"""Names of columns, made different where a file has several columns of one name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

__all__ = ["told_apart"]


def told_apart(names: Iterable[str]) -> list[str]:
    """Return the names, those that an earlier column has with a number behind them.

    Examples
    --------
    >>> told_apart(["code", "code", "name"])
    ['code', 'code_2', 'name']
    """
    names = list(names)
    taken = set(names)
    given: list[str] = []
    for name in names:
        new = name
        if name in given:
            new = next(n for n in (f"{name}_{i}" for i in count(2)) if n not in taken)
        given.append(new)
        taken.add(new)
    return given
