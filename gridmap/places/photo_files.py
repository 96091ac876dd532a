"""The photos that a table of places names: files beside it, read with every fault located."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gridmap.errors import BadValue
from gridmap.pictures import Photo
from gridmap.places.photos import MOST_PHOTOS, PhotoWords, PlacePhoto, worded
from gridmap.places.record import Record
from gridmap.places.sheet import Column

__all__ = ["PHOTO_COLUMNS", "PhotoFolder", "cell_name", "photo_cells", "photo_parts"]

_SEPARATOR = "|"
# What sets the parts of a cell apart, and the files of a part.
_BARS, _COMMAS = "|｜", "、;；,，"
# A picture elsewhere: it is linked, never fetched.
_ADDRESS = re.compile(r"https?://[^\s]+")

# Words of several photos are set apart as their files are: by bars, for they may hold commas.
_WORDS = {
    "photo_caption": "caption",
    "photo_caption_en": "caption_en",
    "photo_alt": "alt",
    "photo_alt_en": "alt_en",
    "photo_credit": "credit",
    "photo_licence": "licence",
    "photo_shown_to": "shown_to",
}
PHOTO_COLUMNS = (
    Column("photo", ("照片", "图片")),
    Column("photo_caption", ("照片说明",)),
    Column("photo_caption_en", ("照片英文说明",)),
    Column("photo_alt", ("照片替代文字",)),
    Column("photo_alt_en", ("照片英文替代文字",)),
    Column("photo_credit", ("照片来源", "摄影")),
    Column("photo_licence", ("照片许可",)),
    Column("photo_shown_to", ("照片公开范围",)),
)
_SHOWN_TO = {"公开": "public", "所有人": "public", "内部": "staff", "仅工作人员": "staff"}


class PhotoFolder:
    """Reads the files that a table's column ``photo`` names.

    Parameters
    ----------
    folder : Path
        Of the table: names are relative to it, and lead nowhere else.
    most_bytes : int
        A larger file is not read.
    clean : callable
        Returns what is kept of a picture; raises `BadValue`.
    known : callable
        Returns the photo that a place has already, by code and SHA-256 of the file; else None.
        A file that an export wrote is taken as it is, not encoded anew.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int,
        clean: Callable[[bytes], Photo],
        known: Callable[[str, str, bytes], Photo | None] = lambda *_: None,
    ) -> None:
        self._folder = folder.resolve()
        self._most = most_bytes
        self._clean = clean
        self._known = known

    def photos(self, record: Record) -> tuple[PlacePhoto, ...]:
        """Return the photos that a row names, its faults noted on it."""
        _, names = photo_parts(record.text("photo"))
        if len(names) > MOST_PHOTOS:
            record.refuse("photo", "names too many photos", allowed=f"at most {MOST_PHOTOS}")
            return ()
        words = _words(record, len(names))
        found = [self._read(record, name) for name in names]
        kept = [one.sha256 for one in found if one is not None]
        if len(set(kept)) < len(kept):
            record.refuse("photo", "names the same picture twice")
        return tuple(
            PlacePhoto(photo, said)
            for photo, said in zip(found, words, strict=True)
            if photo is not None
        )

    def _read(self, record: Record, name: str) -> Photo | None:
        path = self._path(record, name)
        if path is None:
            return None
        try:
            size = path.stat().st_size
            raw = path.read_bytes() if size <= self._most else b""
        except OSError as error:
            what = f"names the file '{name}', which cannot be read: {error.strerror or error}"
            record.refuse("photo", what)
            return None
        if size > self._most:
            what = f"names the file '{name}', which is too large: {size:,} bytes"
            record.refuse("photo", what, allowed=f"at most {self._most:,} bytes")
            return None
        code = record.code("code", needed=False)
        known = self._known(code, hashlib.sha256(raw).hexdigest(), raw)
        if known is not None:
            return known
        try:
            return self._clean(raw)
        except BadValue as error:
            what = f"names the file '{name}', which is not taken: {error.message.rstrip('.')}"
            record.refuse("photo", what, allowed=error.allowed or "a photo")
            return None

    def _path(self, record: Record, name: str) -> Path | None:
        """Return the file of a name, or note that there is none, or none that may be read."""
        plain = name.replace("\\", "/")
        try:
            # Some systems write a letter and its accent apart.
            spelt = [self._folder / unicodedata.normalize(form, plain) for form in ("NFC", "NFD")]
            path = next((one for one in spelt if one.is_file()), spelt[0]).resolve()
            there = path.is_file()
        except (OSError, ValueError):
            record.refuse("photo", f"names '{name[:40]}', which is no name of a file")
            return None
        if re.match(r"/|[A-Za-z]:", plain) or not path.is_relative_to(self._folder):
            record.refuse("photo", f"names '{name}', which is not below the table's own folder")
        elif not there:
            record.refuse("photo", f"names the file '{name}', which is not there")
        else:
            return path
        return None


def photo_parts(cell: str) -> tuple[str, list[str]]:
    """Return the address of a picture elsewhere and the files that a cell names."""
    parts = [part.strip() for part in re.split(f"[{_BARS}]", cell)]
    addresses = [part for part in parts if _ADDRESS.fullmatch(part)]
    files = [
        name.strip()
        for part in parts
        if part not in addresses
        for name in re.split(f"[{_COMMAS}]", part)
        if name.strip()
    ]
    return (addresses[0] if addresses else ""), files


def cell_name(name: str) -> str:
    """Return the name of a folder as a cell can hold it: what a cell or a path parts, in percent.

    Two names stay two.
    """
    parting = {*_BARS, *_COMMAS, "\\", ":", "%"}
    bare = len(name) - len(name.lstrip())
    return "".join(
        quote(letter, safe="") if at < bare or letter in parting or not letter.isprintable()
        else letter
        for at, letter in enumerate(name)
    )  # fmt: skip


def _words(record: Record, count: int) -> list[PhotoWords]:
    """Return what a row says of each of its photos, its faults noted on it."""
    found: list[dict[str, str]] = [{} for _ in range(count)]
    for column, name in _WORDS.items():
        cell = record.text(column)
        if not cell:
            continue
        parts = [part.strip() for part in re.split(f"[{_BARS}]", cell)]
        if len(parts) > count:
            record.refuse(column, "says more than there are photos", allowed=f"{count} parts")
            continue
        # What is said once of whom they are from, and for whom, is said of all.
        if len(parts) == 1 and name in {"credit", "licence", "shown_to"}:
            parts *= count
        for at, part in enumerate(parts):
            said = _SHOWN_TO.get(part, part) if name == "shown_to" else part
            try:
                worded({name: said} if said else {})
            except BadValue as error:
                record.refuse(column, "cannot be taken: " + error.message.rstrip("."))
            else:
                found[at] |= {name: said} if said else {}
    return [PhotoWords(**words) for words in found]


def photo_cells(
    address: str, photos: Sequence[Mapping[str, Any]], files: Sequence[str]
) -> dict[str, str]:
    """Return the cells that name photos, as :class:`PhotoFolder` reads them."""
    cells = {"photo": _SEPARATOR.join([*filter(None, [address]), *files])}
    for column, name in _WORDS.items():
        parts = [_one_part(one[name]) if one.get(name) else "" for one in photos]
        # All bars, or what is said of the first alone would be said of all.
        cells[column] = _SEPARATOR.join(parts) if any(parts) else ""
    return cells


def _one_part(text: str) -> str:
    # A bar would begin the words of the next photo.
    return text.replace("|", "/").replace("｜", "/")
