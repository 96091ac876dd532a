"""Which column of a layer holds what."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.codes import clean_code, clean_name, same_column
from gridmap.coverage.importing.privacy import looks_personal
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.read import Layer
from gridmap.errors import MissingColumn

__all__ = ["ColumnMap", "chosen_columns", "column_names", "column_values", "find_column"]

# What columns of codes are called; a postal code is that of a whole sub-district.
_CODES = re.compile(
    r"(?!.*(?:邮政|邮编|post|zip))(?:.*code|id|gid|geoid\w*|.*cd|prec\w*id|gridid|wgbm|wgdm|bm"
    r"|.*(?:编码|代码|编号|代号))",
    re.IGNORECASE,
)
# Programs number rows under such a name, whatever the rows are called.
_ROW_NUMBERS = re.compile(r"g?id", re.IGNORECASE)
_NAMES = re.compile(r"(?:.*[\W_])?name|.*mc|.*名称|.*(?:街道|社区|村|网格)名", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column of the source holds what.

    Attributes
    ----------
    code, name, name_en, parent, kind : str or None
        Column names, exactly as in the file; None when the file has none.
    keep : tuple of str
        Columns to store although they look personal. Other columns are stored as
        attributes of the areas unless they look personal.
    also : tuple of (str, str)
        Pairs of a system of codes and the column that holds the areas' codes in it.
    aliases : tuple of str
        Columns of other names of the areas, several in a cell divided by ``;``, ``、`` or ``,``.
    """

    code: str | None
    name: str | None
    name_en: str | None = None
    parent: str | None = None
    kind: str | None = None
    keep: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def mapped(self) -> tuple[str, ...]:
        """The columns named, without `keep`."""
        named = (self.code, self.name, self.name_en, self.parent, self.kind)
        return (
            *(c for c in named if c is not None),
            *(column for _, column in self.also),
            *self.aliases,
        )


def find_column(layer: Layer, name: str) -> str:
    """Return `name` if the layer has that column, else raise `MissingColumn`.

    The message lists the columns there are and the nearest; nothing is matched loosely,
    for a near match may be another column.
    """
    if name in layer.columns:
        return name
    near = [c for c in layer.columns if same_column(c, name)]
    # A shapefile keeps ten bytes of a name: three Chinese characters in UTF-8.
    near += [c for c in layer.columns if len(c) >= 2 and name.startswith(c)]
    near += difflib.get_close_matches(name, layer.columns, n=3, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'?" if near else "Name one of those."
    raise MissingColumn(
        f"The layer '{layer.layer_name}' has no such column.",
        got=name,
        allowed=layer.columns or "none: the layer has only geometry",
        repair=hint,
    )


def column_values(
    layer: Layer, column: str | None, rows: NDArray[np.int64] | None = None
) -> list[Any] | None:
    """Return a column as read, of all rows or of some; None when `column` is None."""
    if column is None:
        return None
    values = layer.frame[column]
    return list(values.tolist() if rows is None else values.iloc[rows].tolist())


def column_names(layer: Layer, column: str | None, rows: NDArray[np.int64]) -> list[str]:
    """Return a column of names, cleaned; empty texts when `column` is None."""
    values = column_values(layer, column, rows)
    return [""] * len(rows) if values is None else [clean_name(v) for v in values]


def chosen_columns(
    layer: Layer, code: str | None = None, name: str | None = None
) -> tuple[ColumnMap, list[ImportNote]]:
    """Return which columns call the areas of a layer: those named, else the likeliest there are.

    Parameters
    ----------
    layer : Layer
    code, name : str, optional
        Columns as the caller names them.

    Returns
    -------
    columns : ColumnMap
        Without a code when no column looks like one of codes or those that do have one for less
        than half of the rows, and without a name likewise.
    notes : list of ImportNote
        What was taken unasked, and what else would have been there to take.

    Raises
    ------
    MissingColumn
        When a column named is not there.
    """
    for column in (code, name):
        if column is not None:
            find_column(layer, column)
    notes = []
    if code is None:
        code, others = _likeliest_code(layer)
        notes.append(_code_note(code, others))
    if name is None:
        name = _likeliest_name(layer)
        if name is not None:
            text = f"Names are read from the column '{name}'; --name names another."
            notes.append(ImportNote("name_column", "info", text))
    return ColumnMap(code, name), notes


def _likeliest_code(layer: Layer) -> tuple[str | None, list[str]]:
    """Return the column with the most codes, and the others that look like one.

    Half of the rows must have a code of their own, else it is that of the level above: taken
    for theirs, nearly every row would be a duplicate. Row numbers never repeat: they would hide
    the codes that do.
    """
    counts = _distinct(layer, _CODES, clean_code)

    def rank(column: str) -> tuple[bool, int]:
        return not _ROW_NUMBERS.fullmatch(column), counts[column]

    own = [column for column in counts if 2 * counts[column] >= len(layer)]
    code = max(own, key=rank, default=None)
    return code, [column for column in counts if column != code]


def _likeliest_name(layer: Layer) -> str | None:
    """Return the column with the most names; those of the level above are none.

    One in which nobody has a name is taken all the same: that they are missing is to be told.
    """
    counts = _distinct(layer, _NAMES, clean_name)
    name = max(counts, key=counts.__getitem__, default=None)
    return None if name is None or 0 < 2 * counts[name] < len(layer) else name


def _distinct(layer: Layer, called: re.Pattern[str], clean: Callable[[Any], str]) -> dict[str, int]:
    """Return how many different filled values the columns of such names have."""
    return {
        column: len({clean(value) for value in layer.frame[column].tolist()} - {""})
        for column in layer.columns
        if called.fullmatch(column) and not looks_personal(column)
    }


def _code_note(code: str | None, others: Sequence[str]) -> ImportNote:
    if code is None:
        what = "No column looks like one of codes"
        if others:
            what = f"More than half of the rows have no code of their own in {', '.join(others)}"
        text = f"{what}; areas are called by their row. --code names one."
    else:
        beside = f", not by {', '.join(others)}" if others else ""
        text = f"Areas are called by the column '{code}'{beside}; --code names another."
    return ImportNote("code_column", "info", text)
