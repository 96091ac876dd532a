"""Work on several batches at once, handed on in their order, never many of them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

__all__ = ["ahead", "cores"]

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ahead(
    work: Callable[[_In], _Out], batches: Iterator[_In], *, threads: int | None = None
) -> Generator[tuple[_In, _Out], None, None]:
    """Yield each batch with what `work` makes of it, in the order of the batches.

    At most two more batches than there are threads are held at a time. What `work` or the
    batches raise is raised here when its turn comes. When that ends it early, work that was
    begun is waited for; not when it is closed, for then the user may have interrupted.

    Parameters
    ----------
    threads : int, optional
        As many as there are processors when not given; they pay as far as `work` leaves
        Python's lock alone.
    """
    count = threads or cores()
    tasks: SimpleQueue[tuple[Future[Any], _In] | None] = SimpleQueue()
    # Daemons, unlike those of a pool, do not hold up a program that was interrupted.
    crew = [Thread(target=_labour, args=(work, tasks), daemon=True) for _ in range(count)]
    for one in crew:
        one.start()
    waiting: deque[tuple[_In, Future[_Out]]] = deque()
    patient = True
    try:
        for batch in batches:
            done: Future[_Out] = Future()
            tasks.put((done, batch))
            waiting.append((batch, done))
            if len(waiting) > count + 1:
                yield _next(waiting)
        while waiting:
            yield _next(waiting)
    except (KeyboardInterrupt, GeneratorExit):
        patient = False
        raise
    finally:
        for _, done in waiting:
            done.cancel()
        for _ in crew:
            tasks.put(None)
        for one in crew if patient else ():
            one.join()


def _next(waiting: deque[tuple[_In, Future[_Out]]]) -> tuple[_In, _Out]:
    batch, done = waiting.popleft()
    return batch, done.result()


def _labour(
    work: Callable[[_In], _Out], tasks: SimpleQueue[tuple[Future[_Out], _In] | None]
) -> None:
    while (task := tasks.get()) is not None:
        done, batch = task
        if done.set_running_or_notify_cancel():
            try:
                done.set_result(work(batch))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                done.set_exception(error)
        # An idle thread keeps no batch alive.
        del task, done, batch
