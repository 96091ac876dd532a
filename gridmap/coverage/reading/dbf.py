"""The attribute table of a shapefile as bytes: which encoding, characters cut in half or damaged.

GDAL decodes strictly, so one character cut by a field's width, or one byte lost on the way, makes
a whole file unreadable. Here cut bytes are blanked in a copy and damaged ones become ``?``; how
many, and where, is reported.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.reading.encoding import mend
from gridmap.errors import UnreadableFile

__all__ = ["Dbf", "Field", "Mended"]

_HEADER = 32
_FIELD = 32
_END_OF_FIELDS = 0x0D
_DELETED = ord("*")


@dataclass(frozen=True, slots=True)
class Field:
    """One column: raw name, type letter, where its description and its values stand."""

    name: bytes
    kind: str
    described_at: int
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class Mended:
    """A table whose texts all decode, and what had to be changed for it.

    Attributes
    ----------
    data : bytes
        The whole file; the same object when nothing had to be changed.
    cut_names : tuple of str
        Columns whose name ends in a cut character, which is left out.
    cut_values : int
        How many values end in a cut character, which is blanked.
    double_names : dict of str to str
        Names put in the place of those that an earlier column has, and what they stand for: the
        driver gives columns of one name the values of the last.
    damaged_names : tuple of str
        Columns with ``?`` in their name for damaged bytes.
    damaged_rows : tuple of int
        Rows, from 0 and without those marked as deleted, with ``?`` for damaged bytes.
    """

    data: bytes
    cut_names: tuple[str, ...]
    cut_values: int
    double_names: dict[str, str]
    damaged_names: tuple[str, ...]
    damaged_rows: tuple[int, ...]


@dataclass(frozen=True)
class Dbf:
    """A .dbf file in memory.

    Attributes
    ----------
    data : bytes
        The whole file.
    rows : int
        Number of records the header promises (checked against the size).
    fields : tuple of Field
    header_length, record_length : int
        Bytes.
    """

    data: bytes
    rows: int
    fields: tuple[Field, ...]
    header_length: int
    record_length: int

    @classmethod
    def parse(cls, data: bytes, name: str) -> Dbf:
        """Read the header; `name` is for messages.

        Raises
        ------
        UnreadableFile
            When it is no .dbf, or shorter than its header promises.
        """
        if len(data) < _HEADER + 1:
            raise _broken(name, "is too short to be an attribute table")
        rows, header, record = struct.unpack_from("<IHH", data, 4)
        if header < _HEADER + 1 or record < 1 or header > len(data):
            raise _broken(name, "is not an attribute table")
        # The end mark may be missing; records may not.
        if len(data) < header + rows * record:
            there = max(0, len(data) - header) // record
            raise _broken(name, f"is cut short: {there} of {rows} records are there")
        fields = _fields(data, header)
        if any(f.offset + f.width > record for f in fields):
            raise _broken(name, "is damaged: its columns do not fit its rows")
        return cls(data, rows, fields, header, record)

    @property
    def language(self) -> int:
        """The language driver byte, a hint at the code page; 0 when unset."""
        return self.data[29]

    @cached_property
    def texts(self) -> tuple[bytes, ...]:
        """Field names and distinct text values that hold a byte above 0x7F."""
        names = [f.name for f in self.fields]
        values = [v for f in self.fields if f.kind == "C" for v in self._distinct(f)]
        return tuple(dict.fromkeys(t for t in names + values if any(b > 0x7F for b in t)))

    def mended(self, encoding: str) -> Mended:
        """Return the file with cut characters blanked and damaged ones replaced by ``?``.

        Columns of one name are told apart.
        """
        out = bytearray(self.data)
        cut_names: list[str] = []
        damaged_names: list[str] = []
        double_names: dict[str, str] = {}
        seen: set[bytes] = set()
        for number, field in enumerate(self.fields, start=1):
            name, damaged, cut = mend(field.name, encoding)
            kept = name[: len(name) - cut] or b"FIELD%d" % number
            if damaged or cut:
                (damaged_names if damaged else cut_names).append(kept.decode(encoding))
            written = kept
            if kept.rstrip() in seen:
                written = b"~%d~" % number
                double_names[written.decode()] = kept.rstrip().decode(encoding)
            seen.add(kept.rstrip())
            if damaged or cut or written != kept:
                out[field.described_at : field.described_at + 11] = written[:11].ljust(11, b"\0")
        cuts, rows = 0, set[int]()
        for field in self.fields:
            if field.kind == "C":
                cut_here, damaged_here = self._mend_values(out, field, encoding)
                cuts += cut_here
                rows |= damaged_here
        return Mended(
            self.data if out == self.data else bytes(out),
            tuple(cut_names),
            cuts,
            double_names,
            tuple(damaged_names),
            self._among_living(rows),
        )

    def _among_living(self, records: Iterable[int]) -> tuple[int, ...]:
        """Return the rows that records are, from 0: those marked as deleted are none."""
        living = self._records[:, 0] != _DELETED
        row = np.cumsum(living) - 1
        return tuple(int(row[at]) for at in sorted(records) if living[at])

    @cached_property
    def _records(self) -> NDArray[np.uint8]:
        flat = np.frombuffer(
            self.data, np.uint8, self.rows * self.record_length, self.header_length
        )
        return flat.reshape(self.rows, self.record_length)

    def _column(self, field: Field) -> NDArray[np.bytes_]:
        """Values of one field, trailing NULs gone, for the rows with a byte above 0x7F."""
        raw = self._records[:, field.offset : field.offset + field.width]
        return np.ascontiguousarray(raw).view(f"S{field.width}").ravel()

    def _distinct(self, field: Field) -> list[bytes]:
        return [bytes(v).rstrip() for v in np.unique(self._column(field))]

    def _mend_values(self, out: bytearray, field: Field, encoding: str) -> tuple[int, set[int]]:
        """Mend the values of a field in `out`; return how many were cut, and damaged records."""
        distinct, which = np.unique(self._column(field), return_inverse=True)
        cuts, rows = 0, set[int]()
        for number, value in enumerate(distinct):
            text, damaged, cut = mend(bytes(value).rstrip(), encoding)
            if not (damaged or cut):
                continue
            text = text[: len(text) - cut] + b" " * cut
            for row in np.flatnonzero(which == number).tolist():
                start = self.header_length + row * self.record_length + field.offset
                out[start : start + len(text)] = text
                cuts += bool(cut)
                if damaged:
                    rows.add(row)
        return cuts, rows


def _fields(data: bytes, header: int) -> tuple[Field, ...]:
    fields = []
    offset = 1  # the deletion mark comes first
    for at in range(_HEADER, header - 1, _FIELD):
        if data[at] == _END_OF_FIELDS or at + _FIELD > len(data):
            break
        kind = chr(data[at + 11])
        # Text wider than 255 bytes keeps the high byte where numbers keep their decimals.
        width = data[at + 16] + (256 * data[at + 17] if kind == "C" else 0)
        name = data[at : at + 11].split(b"\0")[0]
        fields.append(Field(name, kind, at, offset, width))
        offset += width
    return tuple(f for f in fields if f.width)


def _broken(name: str, what: str) -> UnreadableFile:
    return UnreadableFile(
        f"The file {what}.",
        got=name,
        repair="Copy all parts of the shapefile again (.shp, .shx, .dbf, .prj, .cpg).",
    )
