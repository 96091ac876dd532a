"""Shapefiles: are all parts there and whole, and in which encoding is the text.

Order of evidence for the encoding: what the caller says; the .cpg, if the text decodes
so and does not turn into mojibake; UTF-8; the language byte of the .dbf; GB18030. A few
damaged bytes do not speak against an encoding: they are reported.
"""

from __future__ import annotations

import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.archive import copy_file
from gridmap.coverage.reading.dbf import Dbf
from gridmap.coverage.reading.decoding import damage_note
from gridmap.coverage.reading.encoding import (
    GB18030,
    UTF8,
    Misread,
    codec_name,
    first_undecodable,
    fits,
    misread,
    sniff,
)
from gridmap.errors import UnreadableFile, WrongEncoding

__all__ = ["PARTS", "Prepared", "parts", "prepare"]

# What makes up a shapefile, as far as it is read here.
PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")

_SHP_MAGIC = 9994
_LANGUAGES = {0x4D: GB18030, 0x7A: GB18030, 0x4F: "Big5", 0x78: "Big5"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A shapefile ready to be read: where, in which encoding, and what there is to say.

    `called` tells what columns are called that the file read has under another name.
    """

    path: Path
    encoding: str
    notes: tuple[ImportNote, ...]
    called: dict[str, str]


def parts(path: Path) -> dict[str, Path]:
    """Return the parts that lie beside `path`, by lower-case suffix, whatever their case.

    Where ``WG.shp`` and ``wg.shp`` are two shapefiles, each has only the parts of its own case.
    """
    alike = [
        p
        for p in sorted(path.parent.iterdir())
        if p.stem.casefold() == path.stem.casefold() and p.suffix.lower() in PARTS
    ]
    shapefiles = {p.stem for p in alike if p.suffix.lower() == ".shp"}
    if path.stem in shapefiles and len(shapefiles) > 1:
        alike = [p for p in alike if p.stem == path.stem]
    # What bears the very name comes last, and stands for its suffix.
    alike.sort(key=lambda p: (p.stem == path.stem, p == path))
    return {p.suffix.lower(): p for p in alike}


def prepare(path: Path, encoding: str | None, scratch: Path) -> Prepared:
    """Check the parts of a shapefile, find its encoding and mend broken characters in a copy.

    Parameters
    ----------
    path : Path
        The .shp.
    encoding : str or None
        What the caller says; None finds it.
    scratch : Path
        A folder for a mended copy, emptied by the caller.

    Raises
    ------
    UnreadableFile
        When a part is missing, broken or cut short.
    WrongEncoding
        When the text is not in the encoding given.
    """
    found = parts(path)
    for suffix in (".shx", ".dbf"):
        if suffix not in found:
            raise UnreadableFile(
                f"A shapefile has several parts; the {suffix} is missing beside this one.",
                got=path.name,
                repair="Copy .shp, .shx, .dbf, .prj and .cpg together, or give a zip of them.",
            )
    _check_length(found[".shp"], path.name)
    _check_length(found[".shx"], found[".shx"].name)
    table = Dbf.parse(found[".dbf"].read_bytes(), found[".dbf"].name)
    chosen, notes = _encoding(table, encoding, found.get(".cpg"))
    mended = table.mended(chosen)
    if mended.cut_names or mended.cut_values:
        notes.append(_cut_note(mended.cut_names, mended.cut_values))
    if mended.damaged_names or mended.damaged_rows:
        notes.append(damage_note(mended.damaged_rows, chosen, "?", mended.damaged_names))
    prj_works = ".prj" not in found or _is_crs(found[".prj"].read_bytes())
    if not prj_works:
        text = "The .prj cannot be read; the layer counts as without a coordinate system."
        notes.append(ImportNote("prj_unreadable", "warning", text))
        del found[".prj"]
    if mended.data is not table.data or not prj_works or _is_scattered(path, found):
        path = _staged(found, mended.data, scratch)
    return Prepared(path, chosen, tuple(notes), mended.double_names)


def _is_scattered(path: Path, found: dict[str, Path]) -> bool:
    """True when a part's name differs from the .shp's in case: the driver would not find it."""
    return any(
        part.stem != path.stem or part.suffix not in {suffix, suffix.upper()}
        for suffix, part in found.items()
    )


def _is_crs(raw: bytes) -> bool:
    """True when the bytes of a .prj define a coordinate system."""
    try:
        CRS.from_user_input(raw.decode("utf-8"))
    except (CRSError, UnicodeDecodeError):
        return False
    return True


def _check_length(path: Path, name: str) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    size = path.stat().st_size
    if len(header) < 100 or struct.unpack_from(">i", header)[0] != _SHP_MAGIC:
        raise UnreadableFile(
            "The file is not a shapefile.", got=name, repair="Export the layer again."
        )
    promised = 2 * struct.unpack_from(">i", header, 24)[0]
    if size < promised:
        raise UnreadableFile(
            f"The shapefile is cut short: {size:,} of {promised:,} bytes are there.",
            got=name,
            repair="Copy all its parts again.",
        )


def _encoding(table: Dbf, given: str | None, cpg: Path | None) -> tuple[str, list[ImportNote]]:
    if given is not None:
        return _as_given(table, codec_name(given), given), []
    declared = _declared(cpg)
    if declared is not None and _plausible(table, declared):
        return declared, []
    chosen = sniff(table.texts)
    hinted = _LANGUAGES.get(table.language)
    # Big5 decodes as GB18030 too, into other characters; UTF-8 cannot be mistaken.
    if hinted and chosen != UTF8 and _plausible(table, hinted):
        chosen = hinted
    if not table.texts:
        return chosen, []
    if declared is None:
        why = "The shapefile does not say its encoding"
        return chosen, [ImportNote("encoding_guessed", "info", f"{why}; read as {chosen}.")]
    why = f"The .cpg says {declared}, but the text is not in it"
    return chosen, [ImportNote("encoding_wrong", "warning", f"{why}; read as {chosen}.")]


def _as_given(table: Dbf, encoding: str, given: str) -> str:
    """Return `encoding` unless the text is certainly not in it."""
    if _plausible(table, encoding):
        return encoding
    bad = None if fits(table.texts, encoding) else first_undecodable(table.texts, encoding)
    evidence = None if bad is not None else _mojibake(table, encoding)
    shown = (
        f"bytes {bad[:12].hex(' ')}"
        if bad is not None
        else f"'{evidence.found}' where '{evidence.likely}' is meant"
        if evidence
        else ""
    )
    raise WrongEncoding(
        f"The text of the shapefile is not in the encoding given ({shown}).",
        got=given,
        allowed=[sniff(table.texts)],
        repair="Leave out --encoding to have it found.",
    )


def _declared(cpg: Path | None) -> str | None:
    """Return what the .cpg says; None when there is none or it is not understood."""
    if cpg is None:
        return None
    label = cpg.read_bytes()[:64].decode("ascii", "ignore").strip("\ufeff\0 \r\n\t")
    try:
        return codec_name(label) if label else None
    except WrongEncoding:
        return None


def _plausible(table: Dbf, encoding: str) -> bool:
    return fits(table.texts, encoding) and _mojibake(table, encoding) is None


def _mojibake(table: Dbf, encoding: str) -> Misread | None:
    return misread(t.decode(encoding, "ignore") for t in table.texts)


def _cut_note(names: tuple[str, ...], values: int) -> ImportNote:
    what = []
    if names:
        what.append(f"column names ({', '.join(names)})")
    if values:
        what.append(f"{values} values")
    return ImportNote(
        "text_cut",
        "warning",
        f"The fixed width of the shapefile cut {' and '.join(what)} inside a character; "
        "the broken character is left out.",
    )


def _staged(found: dict[str, Path], table: bytes, scratch: Path) -> Path:
    """Lay a copy with the mended table into `scratch`; big parts are linked if possible."""
    for suffix, part in found.items():
        target = scratch / f"mended{suffix}"
        if suffix == ".dbf":
            copy_file(table, target)
        elif suffix != ".cpg":  # the encoding is passed on, not read again
            try:
                os.symlink(part.resolve(), target)
            except OSError:  # no links on this system or for this user
                shutil.copyfile(part, target)
    return scratch / "mended.shp"
