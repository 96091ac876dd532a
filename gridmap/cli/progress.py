"""How far a long command came: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import typer

__all__ = ["Pace", "Progress", "ProgressLines", "progress_bar"]

# What is done, and what there is in all when that is known.
Progress = Callable[[int, int | None], None]
Clock = Callable[[], float]

_WINDOW_S = 30.0
_LINE_S = 15.0


class Pace:
    """How fast it goes, of the last half minute, and how long the rest will take at that.

    It begins with the first call, so that what an earlier run did is not taken for speed.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, done: int) -> None:
        """Take note of what is done now."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW_S:
            self._seen.popleft()

    @property
    def speed(self) -> float | None:
        """Done in a second; None before that is known."""
        if len(self._seen) < 2:
            return None
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - began) if now > began and done > before else None

    def rate(self) -> str:
        """Return the speed as text, empty before it is known."""
        return "" if self.speed is None else f"{self.speed:,.0f}/s"

    def left(self, total: int | None) -> str:
        """Return the time left as text, empty when it is not known."""
        if self.speed is None or total is None:
            return ""
        rest = max(0, total - self._seen[-1][1])
        return f"{timedelta(seconds=round(rest / self.speed))} left"


class ProgressLines:
    """Prints a line every quarter of a minute; work that takes less prints nothing."""

    def __init__(self, label: str, clock: Clock = time.monotonic) -> None:
        self._label = label
        self._clock = clock
        self._pace = Pace(clock)
        self._next = clock() + _LINE_S

    def __call__(self, done: int, total: int | None) -> None:
        """Take note of how far it is."""
        self._pace.add(done)
        if self._clock() < self._next:
            return
        self._next = self._clock() + _LINE_S
        share = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        said = [share, self._pace.rate(), self._pace.left(total)]
        typer.echo(f"{self._label}: {', '.join(filter(None, said))}", err=True)


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Yield a function that moves a bar on a terminal, and prints lines elsewhere."""
    if not sys.stderr.isatty():
        yield ProgressLines(label)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        # The bar's own speed and time begin anew whenever the total does, and that of a
        # text file is an estimate that every batch corrects.
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, rate="", left="")
        pace = Pace()

        def move(done: int, total: int | None) -> None:
            pace.add(done)
            bar.update(task, completed=done, total=total, rate=pace.rate(), left=pace.left(total))

        yield move
