"""Levels and areas: the words every other room uses.

A *level* is one step of the hierarchy (sub-district, community, grid, micro-grid);
names and depth are data. An *area* is one polygon's worth of responsibility at a level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from gridmap.errors import BadValue, UnknownLevel

__all__ = [
    "DEFAULT_LEVELS",
    "KINDS",
    "MAX_DEPTH",
    "PROVISIONAL_MARK",
    "Area",
    "Level",
    "Levels",
    "provisional_code",
    "tie_key",
]

MAX_DEPTH = 6

# Kinds of area. "remainder" is the part of a parent that no child covers.
KINDS = ("basic", "exclusive", "remainder")

# Provisional codes hold this mark. It sorts after ASCII letters and digits, so of two
# areas that touch a point the one with a real code is preferred.
PROVISIONAL_MARK = "~"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")

_KNOWN_LABELS = {
    "district": ("区", "District"),
    "subdistrict": ("街道", "Sub-district"),
    "community": ("社区", "Community"),
    "village": ("行政村", "Village"),
    "grid": ("网格", "Grid"),
    "microgrid": ("微网格", "Micro-grid"),
    "courtyard": ("庭院", "Courtyard"),
    "estate": ("小区", "Estate"),
    "building": ("楼栋", "Building"),
    # What a file without levels is made of.
    "area": ("区域", "Area"),
}


@dataclass(frozen=True, slots=True)
class Level:
    """One step of the hierarchy.

    Attributes
    ----------
    name : str
        Identifier (``[a-z][a-z0-9_]*``); also the name of the column that `assign` adds.
    label, label_en : str
        What pages show, in Chinese and in English.
    """

    name: str
    label: str = ""
    label_en: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise BadValue(
                "A level's name must be usable as a column name.",
                got=self.name,
                allowed="lower-case letters, digits and underscores, starting with a letter",
                repair="Give its label after such a name: NAME=LABEL, for example town=乡镇.",
            )
        known = _KNOWN_LABELS.get(self.name, (self.name, self.name.replace("_", " ").capitalize()))
        if not self.label:
            object.__setattr__(self, "label", known[0])
        if not self.label_en:
            object.__setattr__(self, "label_en", known[1])

    @classmethod
    def read(cls, text: str, label: str = "", label_en: str = "") -> Level:
        """Return the level that ``NAME`` or ``NAME=LABEL`` means; `label` where it gives none."""
        name, _, own = (part.strip() for part in text.partition("="))
        return cls(name, own or label, label_en)


class Levels(Sequence[Level]):
    """The ordered levels of a store, coarse to fine (1 to 6 of them, names unique)."""

    __slots__ = ("_by_name", "_levels")

    def __init__(self, levels: Iterable[Level | str]) -> None:
        self._levels = tuple(x if isinstance(x, Level) else Level(x) for x in levels)
        self._by_name = {level.name: rank for rank, level in enumerate(self._levels)}
        if not 1 <= len(self._levels) <= MAX_DEPTH:
            raise BadValue(
                "A hierarchy has 1 to 6 levels.", got=len(self._levels), allowed="1 to 6"
            )
        if len(self._by_name) != len(self._levels):
            raise BadValue("A level is named twice.", got=",".join(self.names))

    @overload
    def __getitem__(self, index: int) -> Level: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Level, ...]: ...
    def __getitem__(self, index: int | slice) -> Level | tuple[Level, ...]:
        return self._levels[index]

    def __len__(self) -> int:
        return len(self._levels)

    def __iter__(self) -> Iterator[Level]:
        return iter(self._levels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Levels) and self._levels == other._levels

    def __hash__(self) -> int:
        return hash(self._levels)

    def __repr__(self) -> str:
        return f"Levels({', '.join(self.names)})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names, coarse to fine."""
        return tuple(level.name for level in self._levels)

    @property
    def finest(self) -> Level:
        """The last level."""
        return self._levels[-1]

    def rank(self, name: str) -> int:
        """Return the place of level `name`, 0 for the coarsest; `UnknownLevel` if absent."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownLevel(
                "There is no such level.",
                got=name,
                allowed=self.names,
                repair="See `gridmap levels`; add one with `--under LEVEL` or `levels --set`.",
            ) from None

    def with_level(self, name: str, *, under: str) -> Levels:
        """Return these levels with a new one placed directly below `under`."""
        at = self.rank(under) + 1
        return Levels([*self._levels[:at], Level(name), *self._levels[at:]])


DEFAULT_LEVELS = Levels(["subdistrict", "community", "grid", "microgrid"])


@dataclass(frozen=True, slots=True)
class Area:
    """One area of an edition, without its geometry.

    Attributes
    ----------
    id : int
        Opaque, never reused, of this edition alone.
    level : str
        Name of its level.
    code : str
        Unique within level and edition.
    name, name_en : str
        Empty when unknown.
    parent_level, parent_code : str or None
        Link to the parent; None at the top or where the link is missing.
    kind : str
        One of :data:`KINDS`.
    provisional : bool
        True when the code was made up because the source had none or a duplicate.
    """

    id: int
    level: str
    code: str
    name: str
    name_en: str = ""
    parent_level: str | None = None
    parent_code: str | None = None
    kind: str = "basic"
    provisional: bool = False


def tie_key(code: str) -> bytes:
    """Order of the tie rule: UTF-8 byte order, the same on every machine and locale."""
    return code.encode("utf-8", "surrogatepass")


def provisional_code(code: str, number: int) -> str:
    """Return the provisional code for the `number`-th area with a blank or taken `code`.

    ``provisional_code("", 1)`` is ``~1``; the second area called ``0410`` gets ``0410~2``.
    """
    return f"{code}{PROVISIONAL_MARK}{number}"
