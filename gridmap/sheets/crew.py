"""Sheets made one after the other, here or by several processes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from pathlib import Path

from gridmap.bulk.ahead import cores
from gridmap.errors import GridmapError
from gridmap.sheets import manifest
from gridmap.sheets.content import compose
from gridmap.sheets.district import District
from gridmap.sheets.drawing import draw
from gridmap.sheets.fingerprint import fingerprint_of
from gridmap.sheets.manifest import Entry
from gridmap.sheets.model import Request
from gridmap.sheets.page import render
from gridmap.sheets.papers import paper_of
from gridmap.sheets.printing import to_pdf

__all__ = ["Failed", "Job", "work_off"]

_log = logging.getLogger(__name__)

# A process takes seconds to begin with a district at hand: not for a handful of sheets.
_WORTH_PROCESSES = 8
# Nobody said how many: a machine with many processors has other work as well.
_MOST_UNASKED = 8
# Processes that end one after the other, each with another sheet: it is not the sheets.
_MOST_ENDED = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One sheet to make, unless it is there as it should be.

    Attributes
    ----------
    request : Request
    pdf : bool
        As PDF as well.
    known : Entry or None
        What the folder's manifest has of it.
    """

    request: Request
    pdf: bool
    known: Entry | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A sheet that could not be made, and why; what the folder has of it stays."""

    request: Request
    why: str


Outcome = Entry | Failed | None


def work_off(
    district: District, jobs: Sequence[Job], folder: Path, *, processes: int | None = None
) -> Iterator[Outcome]:
    """Yield for each job in its order what was made, None where nothing had to be.

    A sheet that fails takes no other with it, not even by ending the process that makes it.
    """
    processes = min(cores(), _MOST_UNASKED) if processes is None else processes
    processes = min(processes, len(jobs) // _WORTH_PROCESSES)
    if processes < 2:
        yield from (make(district, job, folder) for job in jobs)
        return
    done: dict[int, Outcome] = {}
    at = ended = 0
    while at < len(jobs):
        pool = _pool(district, folder, processes)
        try:
            waiting = {
                n: pool.submit(_made_there, jobs[n]) for n in range(at, len(jobs)) if n not in done
            }
            while at < len(jobs):
                if at not in done:
                    done[at] = waiting[at].result()
                    ended = 0
                yield done.pop(at)
                at += 1
        except BrokenProcessPool:
            ended += 1
            if ended == _MOST_ENDED:
                raise
            done |= {n: one.result() for n, one in waiting.items() if n >= at and _is_made(one)}
            if at not in done:
                done[at] = _alone(district, jobs[at], folder)
        finally:
            pool.shutdown(cancel_futures=True)


def _is_made(one: Future[Outcome]) -> bool:
    return one.done() and not one.cancelled() and one.exception() is None


def _alone(district: District, job: Job, folder: Path) -> Outcome:
    """Make a sheet in a process that makes no other, for it may be the one that ends it."""
    pool = _pool(district, folder, 1)
    try:
        return pool.submit(_made_there, job).result()
    except BrokenProcessPool:
        return Failed(job.request, "the process that made it came to its end")
    finally:
        pool.shutdown(cancel_futures=True)


def make(district: District, job: Job, folder: Path) -> Outcome:
    """Make a sheet; None when it is there as it should be."""
    request, known = job.request, job.known
    file = manifest.file_name(request)
    try:
        sheet, frame = compose(district, request)
        parts = fingerprint_of(district, sheet, frame)
        if known is not None and _is_as_it_should_be(known, parts, job.pdf, folder):
            return None
        paper = paper_of(request.paper)
        html = render(sheet, "" if request.kind == "card" else draw(district, sheet, frame, paper))
        pdf = to_pdf(html) if job.pdf else b""
    except Exception as error:  # noqa: BLE001 - one sheet that fails is told, and takes no other along
        _log.debug("sheet %s", file, exc_info=True)
        kind = "" if isinstance(error, GridmapError) else f"{type(error).__name__}: "
        return Failed(request, f"{kind}{error}")
    manifest.write(folder / f"{file}.html", html.encode())
    if job.pdf:
        manifest.write(folder / f"{file}.pdf", pdf)
    else:
        (folder / f"{file}.pdf").unlink(missing_ok=True)
    return Entry(
        **asdict(request),
        name=sheet.name.say(request.lang),
        where=" · ".join(one.say(request.lang) for one in sheet.chain),
        pdf=job.pdf,
        as_of=str(sheet.site["as_of"]),
        edition=str(sheet.site["edition"]),
        parts=parts,
    )


def _is_as_it_should_be(known: Entry, parts: dict[str, str], pdf: bool, folder: Path) -> bool:
    same = known.parts == parts and known.pdf >= pdf
    return same and manifest.is_there(folder, manifest.file_name(known.request), known)


def _pool(district: District, folder: Path, processes: int) -> ProcessPoolExecutor:
    # Not forked: whoever calls may have threads, and so have the libraries that draw text.
    return ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(district, folder),
    )


# -- in a process of its own -----------------------------------------------------------------

_HELD: dict[str, tuple[District, Path]] = {}


def _begin(district: District, folder: Path) -> None:
    _HELD["here"] = (district, folder)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the run was killed: nothing else would tell a process that waits for work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _made_there(job: Job) -> Outcome:
    district, folder = _HELD["here"]
    return make(district, job, folder)
