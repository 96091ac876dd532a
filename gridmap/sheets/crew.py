"""Sheets made one after the other, here or by several processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from pathlib import Path

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

__all__ = ["Job", "work_off"]

# A process takes seconds to begin with a district at hand: not for a handful of sheets.
_WORTH_PROCESSES = 8


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


def work_off(
    district: District, jobs: Sequence[Job], folder: Path, *, processes: int = 1
) -> Iterator[Entry | None]:
    """Yield for each job in its order what was made, None where nothing had to be."""
    processes = min(processes, len(jobs) // _WORTH_PROCESSES)
    if processes < 2:
        yield from (make(district, job, folder) for job in jobs)
        return
    # Not forked: whoever calls may have threads, and so have the libraries that draw text.
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(district, folder),
    )
    try:
        waiting = [pool.submit(_made_there, job) for job in jobs]
        for future in waiting:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def make(district: District, job: Job, folder: Path) -> Entry | None:
    """Make a sheet; None when it is there as it should be."""
    request, known = job.request, job.known
    file = manifest.file_name(request)
    sheet, frame = compose(district, request)
    parts = fingerprint_of(district, sheet, frame)
    if known is not None and _is_as_it_should_be(known, parts, job.pdf, folder):
        return None
    drawn = "" if request.kind == "card" else draw(district, sheet, frame, paper_of(request.paper))
    html = render(sheet, drawn)
    manifest.write(folder / f"{file}.html", html.encode())
    if job.pdf:
        manifest.write(folder / f"{file}.pdf", to_pdf(html))
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


def _made_there(job: Job) -> Entry | None:
    district, folder = _HELD["here"]
    return make(district, job, folder)
