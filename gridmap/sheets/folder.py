"""A folder of sheets: made, gone on with where a run broke off, compared with what is true today.

Beside the sheets lie a manifest, which holds the fingerprint of what each sheet said when it was
made, and an index to open them from. A file appears under its name complete or not at all; a
sheet whose content is what the manifest says is not made again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from jinja2 import Environment, StrictUndefined

from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.errors import BadValue, NotFound, UnreadableFile
from gridmap.i18n import translate
from gridmap.sheets.content import compose
from gridmap.sheets.district import District
from gridmap.sheets.drawing import draw
from gridmap.sheets.fingerprint import fingerprint, fingerprint_of
from gridmap.sheets.model import Request
from gridmap.sheets.page import render
from gridmap.sheets.papers import paper_of
from gridmap.sheets.printing import to_pdf

__all__ = ["INDEX", "MANIFEST", "Made", "Stale", "make_sheets", "stale_sheets"]

MANIFEST = "sheets.json"
INDEX = "index.html"
_FORMAT = 1
_SAVE_S = 5.0

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What a run did: sheets written, and those that were as they should be."""

    written: int
    kept: int
    folder: Path


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


@dataclass
class _Entry:
    kind: str
    level: str
    code: str
    paper: str
    lang: str
    name: str
    where: str
    pdf: bool
    as_of: str
    edition: str
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def request(self) -> Request:
        return Request(self.kind, self.level, self.code, self.paper, self.lang)


def make_sheets(
    district: District,
    requests: Sequence[Request],
    folder: Path,
    *,
    pdf: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Write sheets into a folder, one file each (two with `pdf`), and the index.

    Sheets that the folder holds as they should be are left alone, so that a run that broke off
    is gone on with by the same call.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    entries = _read(folder) if (folder / MANIFEST).exists() else {}
    written = kept = 0
    saved = time.monotonic()
    try:
        for number, request in enumerate(requests):
            if progress is not None:
                progress(number, len(requests))
            if _make(district, request, folder, entries, pdf=pdf):
                written += 1
            else:
                kept += 1
            if time.monotonic() - saved > _SAVE_S:
                _save(folder, entries)
                saved = time.monotonic()
    finally:
        _save(folder, entries)
        _write(folder / INDEX, _index(entries, district).encode())
    if progress is not None:
        progress(len(requests), len(requests))
    return Made(written, kept, folder)


def stale_sheets(
    district: District, folder: Path, *, progress: Progress | None = None
) -> list[Stale]:
    """Return the sheets of a folder that do not say any more what is true today, by file.

    Raises
    ------
    NotFound
        When the folder holds no manifest.
    """
    entries = _read(folder)
    found = []
    for number, (file, entry) in enumerate(sorted(entries.items())):
        if progress is not None:
            progress(number, len(entries))
        why = _changed(district, entry)
        if not why and not _there(folder, file, entry):
            why = ("file_missing",)
        if why:
            found.append(Stale(file, entry.request, entry.name, why))
    if progress is not None:
        progress(len(entries), len(entries))
    return found


# -- one sheet -----------------------------------------------------------------------------


def _make(
    district: District, request: Request, folder: Path, entries: dict[str, _Entry], *, pdf: bool
) -> bool:
    """Make a sheet; False when it is there as it should be."""
    file = _file_name(request)
    sheet, frame = compose(district, request)
    parts = fingerprint_of(district, sheet, frame)
    known = entries.get(file)
    if known and known.parts == parts and known.pdf >= pdf and _there(folder, file, known):
        return False
    html = render(sheet, "" if request.kind == "card" else _drawn(district, sheet, frame, request))
    _write(folder / f"{file}.html", html.encode())
    if pdf:
        _write(folder / f"{file}.pdf", to_pdf(html))
    else:
        (folder / f"{file}.pdf").unlink(missing_ok=True)
    entries[file] = _Entry(
        **asdict(request),
        name=sheet.name.say(request.lang),
        where=" · ".join(one.say(request.lang) for one in sheet.chain),
        pdf=pdf,
        as_of=str(sheet.site["as_of"]),
        edition=str(sheet.site["edition"]),
        parts=parts,
    )
    return True


def _drawn(district: District, sheet: Any, frame: Any, request: Request) -> str:
    return draw(district, sheet, frame, paper_of(request.paper))


def _file_name(request: Request) -> str:
    code = quote(request.code, safe="~")
    lang = "" if request.lang == "zh" else f"-{request.lang}"
    return f"{request.kind}-{request.level}-{code}-{request.paper}{lang}"


def _changed(district: District, entry: _Entry) -> tuple[str, ...]:
    try:
        today = fingerprint(district, entry.request)
    except (NotFound, BadValue):
        return ("gone",)
    return tuple(part for part, digest in today.items() if entry.parts.get(part) != digest)


def _there(folder: Path, file: str, entry: _Entry) -> bool:
    endings = (".html", ".pdf") if entry.pdf else (".html",)
    return all((folder / f"{file}{ending}").is_file() for ending in endings)


# -- manifest and index ----------------------------------------------------------------------


def _read(folder: Path) -> dict[str, _Entry]:
    path = folder / MANIFEST
    try:
        held = orjson.loads(path.read_bytes())
        if held["format"] != _FORMAT:
            raise ValueError(f"format {held['format']}")
        return {file: _Entry(**entry) for file, entry in held["sheets"].items()}
    except FileNotFoundError:
        raise NotFound(
            "There are no sheets in this folder.",
            got=folder,
            repair="Make them with `gridmap sheets make --out FOLDER`.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(
            "The list of sheets in this folder cannot be read.",
            got=f"{path}: {error}",
            repair="Remove it and make the sheets anew.",
        ) from error


def _save(folder: Path, entries: dict[str, _Entry]) -> None:
    content = {"format": _FORMAT, "sheets": {k: asdict(v) for k, v in sorted(entries.items())}}
    _write(folder / MANIFEST, orjson.dumps(content, option=orjson.OPT_INDENT_2))


def _write(path: Path, content: bytes) -> None:
    with PendingFile(path) as pending, disk_errors(path):
        pending.path.write_bytes(content)
        pending.commit()


def _index(entries: dict[str, _Entry], district: District) -> str:
    """Return the page that lists the sheets of the folder, by where they are."""
    lang = _usual(entry.lang for entry in entries.values())
    groups: dict[str, list[dict[str, Any]]] = {}
    for file, entry in sorted(entries.items(), key=lambda item: (item[1].where, item[0])):
        row = {"href": quote(file), "entry": entry}
        row["kind"] = translate(f"sheet.title.{entry.kind}", lang)
        groups.setdefault(entry.where, []).append(row)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = (files("gridmap.sheets") / "templates" / "index.html.j2").read_text("utf-8")
    return environment.from_string(text).render(
        lang=lang,
        title=translate("sheet.index.title", lang),
        count=translate("sheet.index.count", lang, n=len(entries)),
        demo=translate("map.demo", lang) if district.site["demo"] else "",
        groups=groups,
    )


def _usual(values: Iterable[str]) -> str:
    return Counter(values).most_common(1)[0][0] if (values := list(values)) else "zh"
