"""Which column of a layer holds what."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.codes import clean_name, same_column
from gridmap.coverage.reading.read import Layer
from gridmap.errors import MissingColumn

__all__ = ["ColumnMap", "column_names", "column_values", "find_column"]


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
