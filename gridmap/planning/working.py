"""Regions worked off, here or by a pool of processes, in an order that changes nothing."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from types import TracebackType
from typing import Any, Self

from gridmap.errors import Conflict
from gridmap.planning.engine import ANNEAL, Outcome, Survey, settle, survey
from gridmap.planning.region import Region, Weights
from gridmap.planning.rules import Limits

__all__ = ["Crew"]

# Fewer regions than these are done before a process has started.
_WORTH_PROCESSES = 12


class Crew:
    """Does the work on regions; results come in the order of the regions.

    Parameters
    ----------
    workers : int
    seed : int
    progress, stop
        See :func:`gridmap.planning.suggest.suggest`.
    """

    def __init__(
        self,
        workers: int,
        seed: int,
        progress: Callable[[int, int | None], None] | None,
        stop: Callable[[], bool] | None,
    ) -> None:
        self._workers, self._seed = workers, seed
        self._progress, self._stop = progress, stop
        self._pool: ProcessPoolExecutor | None = None
        self._done = self._all = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def survey(
        self,
        regions: Sequence[Region],
        limits: Limits,
        weights: Sequence[Weights],
        counts: Sequence[Sequence[int]],
    ) -> list[Survey]:
        """Return what each region costs; one without numbers to try has no cost."""
        todo = [at for at, one in enumerate(counts) if one]
        done = self._run(
            survey,
            [
                (regions[at], limits.floor, limits.ceiling, weights, counts[at], self._seed)
                for at in todo
            ],
        )
        void = Survey(tuple({} for _ in weights), ANNEAL, False)
        out = [void] * len(regions)
        for at, found in zip(todo, done, strict=True):
            out[at] = found
        return out

    def settle(
        self,
        regions: Sequence[Region],
        limits: Limits,
        questions: Sequence[tuple[int, Weights, int, bool]],
    ) -> list[Outcome | None]:
        """Return the divisions of regions.

        Parameters
        ----------
        questions : sequence of (int, Weights, int, bool)
            The place of a region, the weights, the number of grids, and whether grids may
            leave the band. Those of one region are answered together.
        """
        groups: dict[tuple[int, bool], list[int]] = {}
        for at, (place, _, _, elastic) in enumerate(questions):
            groups.setdefault((place, elastic), []).append(at)
        done = self._run(
            settle,
            [
                (
                    regions[place],
                    limits.floor,
                    limits.ceiling,
                    [questions[at][1:3] for at in asked],
                    self._seed,
                    elastic,
                )
                for (place, elastic), asked in groups.items()
            ],
        )
        out: list[Outcome | None] = [None] * len(questions)
        for asked, found in zip(groups.values(), done, strict=True):
            for at, one in zip(asked, found, strict=True):
                out[at] = one
        return out

    def _run(self, work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
        self._all += len(jobs)
        if self._workers < 2 or len(jobs) < _WORTH_PROCESSES:
            return [self._step(work(*job)) for job in jobs]
        if self._pool is None:
            # Not forked: a server has threads, and a solver's library may have its own.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context)
        # The largest first, so that none is begun last of all.
        order = sorted(range(len(jobs)), key=lambda at: (-len(jobs[at][0]), at))
        waiting: dict[Future[Any], int] = {self._pool.submit(work, *jobs[at]): at for at in order}
        out: list[Any] = [None] * len(jobs)
        for future in as_completed(waiting):
            out[waiting[future]] = self._step(future.result())
        return out

    def _step(self, result: Any) -> Any:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._all)
        if self._stop is not None and self._stop():
            raise Conflict(
                "The suggestion was stopped.", got=f"{self._done} of {self._all} steps done"
            )
        return result
