"""The edits of a draft, as they are asked for, logged, and made again.

An edit that was accepted is logged as settled: what it chose (new codes, the atoms that a lasso
held) stands in it, so that the log alone says what came of it, whatever is in use later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Any, ClassVar

from gridmap.errors import BadValue

__all__ = [
    "CUT_RULE",
    "EDITS",
    "Describe",
    "Edit",
    "Exclusive",
    "MergeAtoms",
    "MergeGrids",
    "MovePoints",
    "Reassign",
    "Recode",
    "Regroup",
    "Renumber",
    "ReplaceBorder",
    "SplitAtom",
    "SplitGrid",
    "edit_from",
    "edit_record",
]

Point = tuple[float, float]
Line = tuple[Point, ...]

# How edits that are made now cut areas of several polygons: each polygon by itself, and one that
# no line goes through stays with a part. Edits of older logs have 0: each polygon is a part.
CUT_RULE = 1


@dataclass(frozen=True, slots=True)
class Reassign:
    """Give atoms to another grid.

    Attributes
    ----------
    to : str
        Code of the grid.
    atoms : tuple of str
        One, or a brushed set.
    lasso : GeoJSON polygon or None
        Instead: the atoms whose inner point lies in it, EPSG:4326.
    """

    op: ClassVar[str] = "reassign"
    to: str
    atoms: tuple[str, ...] = ()
    lasso: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MergeGrids:
    """Make one grid of several; `code` is chosen by the rule of succession if empty."""

    op: ClassVar[str] = "merge_grids"
    grids: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class SplitGrid:
    """Divide a grid: each part of its atoms becomes a grid, what is left stays one.

    Attributes
    ----------
    grid : str
    parts : tuple of tuple of str
        Atoms; or none, and lines that cross the grid, EPSG:4326: atoms that they cross are cut.
    codes : tuple of str
        Of what is left, then of the parts; of the sides from west to east, along lines.
    lines : tuple of line
    along : str
        What the lines are, where they are of the base data.
    cuts : tuple of str
        Of the parts of atoms that are new, in the order in which they were cut.
    rule : int
        See `CUT_RULE`.
    """

    op: ClassVar[str] = "split_grid"
    grid: str
    parts: tuple[tuple[str, ...], ...] = ()
    codes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    along: str = ""
    cuts: tuple[str, ...] = ()
    rule: int = 0


@dataclass(frozen=True, slots=True)
class Regroup:
    """Give many atoms to grids at once, as a suggestion does.

    Attributes
    ----------
    grids : mapping of str to tuple of str
        Atoms that come into a grid, by its code; one that is not there is made.
    titles : mapping of str to (str, str)
        Names of grids that are made, in both languages; by the pattern if not given.
    source : str
        Whose plan it is.
    """

    op: ClassVar[str] = "regroup"
    grids: Mapping[str, tuple[str, ...]]
    titles: Mapping[str, tuple[str, str]] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class SplitAtom:
    """Cut an atom along lines that cross it, EPSG:4326.

    Attributes
    ----------
    codes : tuple of str
        Of the parts that do not keep the atom's code, west to east.
    along : str
        What the lines are, where they are of the base data.
    rule : int
        See `CUT_RULE`.
    """

    op: ClassVar[str] = "split_atom"
    atom: str
    lines: tuple[Line, ...]
    codes: tuple[str, ...] = ()
    along: str = ""
    rule: int = 0


@dataclass(frozen=True, slots=True)
class MergeAtoms:
    """Make one atom of neighbours in one grid."""

    op: ClassVar[str] = "merge_atoms"
    atoms: tuple[str, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceBorder:
    """Draw the border between two atoms anew, from end to end, EPSG:4326."""

    op: ClassVar[str] = "replace_border"
    between: tuple[str, str]
    line: Line


@dataclass(frozen=True, slots=True)
class MovePoints:
    """Drag vertices of borders, junctions too: whatever has them follows. EPSG:4326."""

    op: ClassVar[str] = "move_points"
    moves: tuple[tuple[Point, Point], ...]


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Make an exclusive grid of an outline; atoms that it cuts are divided along it.

    Attributes
    ----------
    outline : GeoJSON polygon
        EPSG:4326.
    code, title : str
    codes : tuple of str
        Of the parts of atoms that are new, in the order in which they were cut.
    along : str
        What the outline is of, where it is of the base data.
    rule : int
        See `CUT_RULE`.
    """

    op: ClassVar[str] = "exclusive"
    outline: Mapping[str, Any]
    code: str = ""
    title: str = ""
    title_en: str = ""
    codes: tuple[str, ...] = ()
    along: str = ""
    rule: int = 0


@dataclass(frozen=True, slots=True)
class Describe:
    """Set names, kind and attributes of a grid or an atom; what is None stays."""

    op: ClassVar[str] = "describe"
    level: str
    code: str
    name: str | None = None
    name_en: str | None = None
    kind: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recode:
    """Give a grid or an atom another code, one that was never in use."""

    op: ClassVar[str] = "recode"
    level: str
    code: str
    to: str


@dataclass(frozen=True, slots=True)
class Renumber:
    """Number the grids by the rule: heirs keep their codes, the others take the next ones.

    Attributes
    ----------
    within : str
        Code of the area above the grids; all of them if empty.
    codes : mapping of str to str
        What came of it.
    """

    op: ClassVar[str] = "renumber"
    within: str = ""
    codes: Mapping[str, str] | None = None
    titles: Mapping[str, tuple[str, str]] | None = None


Edit = (
    Reassign
    | MergeGrids
    | SplitGrid
    | Regroup
    | SplitAtom
    | MergeAtoms
    | ReplaceBorder
    | MovePoints
    | Exclusive
    | Describe
    | Recode
    | Renumber
)

EDITS: Mapping[str, type[Edit]] = {
    kind.op: kind
    for kind in (
        Reassign, MergeGrids, SplitGrid, SplitAtom, MergeAtoms, ReplaceBorder, MovePoints,
        Exclusive, Describe, Recode, Renumber, Regroup,
    )
}  # fmt: skip


def edit_from(record: Mapping[str, Any]) -> Edit:
    """Return the edit that a JSON object describes: ``op`` and its fields.

    Raises
    ------
    BadValue
        When there is no such edit, or a field is missing or not one of it.
    """
    kind = EDITS.get(str(record.get("op")))
    if kind is None:
        raise BadValue("There is no such edit.", got=record.get("op"), allowed=list(EDITS))
    given = {k: _frozen(k, v) for k, v in record.items() if k != "op"}
    known = {one.name: str(one.type) for one in fields(kind)}
    for name, value in given.items():
        if name in known and not any(_KINDS[one](value) for one in known[name].split(" | ")):
            raise BadValue(
                f"'{name}' of '{kind.op}' cannot be this.",
                got=repr(value)[:80],
                allowed=known[name],
                repair="The fields of each edit are in /docs, under POST /api/drafts/N/edits.",
            )
    try:
        return kind(**given)
    except TypeError as error:
        raise BadValue(
            f"These are not the fields of '{kind.op}'.", got=", ".join(given), allowed=[*known]
        ) from error


def edit_record(edit: Edit) -> dict[str, Any]:
    """Return an edit as a JSON object; fields that say nothing are left out."""
    silent = {one.name: _default(one) for one in fields(edit)}
    said = {k: v for k, v in asdict(edit).items() if v != silent[k]}
    return {"op": edit.op, **said}


def _default(one: Field[Any]) -> Any:
    """Return what a field is when nothing is given; an empty text where it is None says much."""
    return one.default if one.default_factory is MISSING else one.default_factory()


def _frozen(name: str, value: Any) -> Any:
    """Lists as tuples, but for GeoJSON and attributes, which stay as they are."""
    if name in ("lasso", "outline", "attributes"):
        return value
    if isinstance(value, list | tuple):
        return tuple(_frozen("", one) for one in value)
    if isinstance(value, Mapping):
        return {k: _frozen("", v) for k, v in value.items()}
    return value


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(x, int | float) and not isinstance(x, bool) for x in value)
    )


def _all(asked: Callable[[Any], bool], *, count: int | None = None) -> Callable[[Any], bool]:
    """Return a question: is it a list, of so many, of which each is so?"""
    return lambda value: (
        isinstance(value, tuple) and count in (None, len(value)) and all(map(asked, value))
    )


def _by_code(asked: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a question: is it an object with codes as names, of which each value is so?"""
    return lambda value: isinstance(value, Mapping) and all(map(asked, value.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# By the types that the fields above are annotated with.
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "str": _is_text,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "None": lambda value: value is None,
    "Line": _all(_is_point),
    "Mapping[str, Any]": lambda value: isinstance(value, Mapping),
    "Mapping[str, str]": _by_code(_is_text),
    "Mapping[str, tuple[str, ...]]": _by_code(_all(_is_text)),
    "Mapping[str, tuple[str, str]]": _by_code(_all(_is_text, count=2)),
    "tuple[Line, ...]": _all(_all(_is_point)),
    "tuple[str, ...]": _all(_is_text),
    "tuple[str, str]": _all(_is_text, count=2),
    "tuple[tuple[Point, Point], ...]": _all(_all(_is_point, count=2)),
    "tuple[tuple[str, ...], ...]": _all(_all(_is_text)),
}
