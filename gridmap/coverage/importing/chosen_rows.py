"""Some rows of a layer alone: one level of a layer that holds several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.codes import clean_code
from gridmap.coverage.importing.columns import find_column
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.read import Layer
from gridmap.errors import BadValue

__all__ = ["only_rows"]


def only_rows(layer: Layer, where: Sequence[str]) -> tuple[Layer, NDArray[np.int64]]:
    """Return a layer with the rows that meet all conditions, and which of its rows they are.

    Parameters
    ----------
    layer : Layer
    where : sequence of str
        ``COL=VALUE`` each; values are compared as codes are, cleaned.

    Raises
    ------
    MissingColumn
    BadValue
        When a condition is no such text, or no row meets them all.
    """
    keep = np.ones(len(layer), dtype=bool)
    for condition in where:
        column, equals, value = (part.strip() for part in condition.partition("="))
        if not (equals and column):
            raise BadValue(
                "Rows are chosen by COL=VALUE.", got=condition, allowed="for example 层级=网格"
            )
        found = [clean_code(v) for v in layer.frame[find_column(layer, column)].tolist()]
        keep &= np.array([one == clean_code(value) for one in found], dtype=bool)
        if not keep.any():
            raise BadValue(
                f"No row of the layer '{layer.layer_name}' is chosen.",
                got=" and ".join(where),
                allowed=[f"{column}={one}" for one in sorted(set(found))],
            )
    rows = np.flatnonzero(keep)
    if not where:
        return layer, rows
    text = f"Of {len(layer)} rows {len(rows)} are read: those where {' and '.join(where)}."
    note = ImportNote("rows_chosen", "info", text)
    frame = layer.frame.iloc[rows].reset_index(drop=True)
    chosen = replace(layer, frame=frame, geometry=layer.geometry[rows], notes=(*layer.notes, note))
    return chosen, rows
