"""A folder of sheets: made, gone on with where a run broke off, compared with what is true today.

Beside the sheets lie a manifest, which holds the fingerprint of what each sheet said when it was
made, and an index to open them from. A file appears under its name complete or not at all; a
sheet whose content is what the manifest says is not made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gridmap.bulk.safe_output import disk_errors
from gridmap.errors import BadValue, NotFound
from gridmap.sheets import manifest
from gridmap.sheets.crew import Failed, Job, work_off
from gridmap.sheets.district import District
from gridmap.sheets.fingerprint import fingerprint
from gridmap.sheets.manifest import INDEX, MANIFEST, Entry
from gridmap.sheets.model import Request
from gridmap.sheets.printing import require_printer

__all__ = ["INDEX", "MANIFEST", "Failed", "Made", "Stale", "make_sheets", "renew_sheets",
           "stale_sheets"]  # fmt: skip

_SAVE_S = 5.0

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What a run did.

    Attributes
    ----------
    written, kept : int
        Sheets written, and those that were as they should be.
    folder : Path
    gone : tuple of Stale
        Sheets in the folder of what there is no more: to be taken down, not printed again.
    failed : tuple of Failed
        Sheets that could not be made, each with the reason; all others were.
    """

    written: int
    kept: int
    folder: Path
    gone: tuple[Stale, ...] = ()
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class Stale:
    """A sheet to print again.

    Attributes
    ----------
    file : str
        In the folder, without its ending.
    why : tuple of str
        Of :data:`gridmap.sheets.fingerprint.PARTS`, or ``gone`` when there is no such estate
        or area any more, or ``file_missing``.
    """

    file: str
    request: Request
    name: str
    why: tuple[str, ...]


def make_sheets(
    district: District,
    requests: Sequence[Request],
    folder: Path,
    *,
    pdf: bool = False,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Made:
    """Write sheets into a folder, one file each (two with `pdf`), and the index.

    Sheets that the folder holds as they should be are left alone, so that a run that broke off
    is gone on with by the same call.

    Parameters
    ----------
    processes : int, optional
        How many at a time; as many as there are processors, up to eight, when not given. Each
        holds a district of its own.

    Raises
    ------
    NotInstalled
        When PDFs are asked for and WeasyPrint is missing.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    entries = manifest.read(folder) if (folder / MANIFEST).exists() else {}
    jobs = [Job(one, pdf, entries.get(manifest.file_name(one))) for one in requests]
    return _run(district, jobs, folder, entries, processes, progress)


def renew_sheets(
    district: District,
    folder: Path,
    *,
    kind: str | None = None,
    level: str | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Made:
    """Make the sheets of a folder anew that say what is not true any more; all others stay.

    As PDF as well where they were so before. `kind` and `level` narrow which are looked at.

    Raises
    ------
    NotFound
        When the folder holds no manifest.
    """
    entries = manifest.read(folder)
    found = [
        one
        for one in stale_sheets(district, folder)
        if kind in (None, one.request.kind) and level in (None, one.request.level)
    ]
    gone = tuple(one for one in found if "gone" in one.why)
    jobs = [Job(one.request, entries[one.file].pdf, None) for one in found if "gone" not in one.why]
    made = _run(district, jobs, folder, entries, processes, progress)
    kept = len(entries) - made.written - len(made.failed) - len(gone)
    return Made(made.written, kept, folder, gone, made.failed)


def stale_sheets(
    district: District, folder: Path, *, progress: Progress | None = None
) -> list[Stale]:
    """Return the sheets of a folder that do not say any more what is true today, by file.

    Raises
    ------
    NotFound
        When the folder holds no manifest.
    """
    entries = manifest.read(folder)
    found = []
    for number, (file, entry) in enumerate(sorted(entries.items())):
        if progress is not None:
            progress(number, len(entries))
        why = _changed(district, entry)
        if not why and not manifest.is_there(folder, file, entry):
            why = ("file_missing",)
        if why:
            found.append(Stale(file, entry.request, entry.name, why))
    if progress is not None:
        progress(len(entries), len(entries))
    return found


def _run(
    district: District,
    jobs: Sequence[Job],
    folder: Path,
    entries: dict[str, Entry],
    processes: int | None,
    progress: Progress | None,
) -> Made:
    """Work off jobs; what was made is in the manifest however the run ends."""
    if any(job.pdf for job in jobs):
        require_printer()
    written = 0
    failed: list[Failed] = []
    saved = time.monotonic()
    if progress is not None:
        progress(0, len(jobs))
    try:
        made = work_off(district, jobs, folder, processes=processes)
        for number, (job, entry) in enumerate(zip(jobs, made, strict=True), start=1):
            if isinstance(entry, Failed):
                failed.append(entry)
            elif entry is not None:
                entries[manifest.file_name(job.request)] = entry
                written += 1
            if time.monotonic() - saved > _SAVE_S:
                manifest.save(folder, entries)
                saved = time.monotonic()
            if progress is not None:
                progress(number, len(jobs))
    finally:
        manifest.save(folder, entries)
        index = manifest.index_page(entries, demo=bool(district.site["demo"]))
        manifest.write(folder / INDEX, index.encode())
    kept = len(jobs) - written - len(failed)
    return Made(written, kept, folder, failed=tuple(failed))


def _changed(district: District, entry: Entry) -> tuple[str, ...]:
    try:
        today = fingerprint(district, entry.request)
    except (NotFound, BadValue):
        return ("gone",)
    return tuple(part for part, digest in today.items() if entry.parts.get(part) != digest)
