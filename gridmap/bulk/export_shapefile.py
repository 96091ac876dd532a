"""What a shapefile can hold: names of ten bytes, texts of 254, no true and false."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.bulk.export_table import ExportLayer

__all__ = ["SUFFIXES", "cut_text", "fit_layer", "indexes_of", "parts_of", "short_names"]

NAME_BYTES = 10
TEXT_BYTES = 254
# The main file last: without it nobody takes the others for a shapefile.
SUFFIXES = (".cpg", ".prj", ".dbf", ".shx", ".shp")
# Where programs look rows up (of GDAL; of ESRI), by place or by value; never written here.
_INDEXES = {".qix", ".idm", ".ind", ".sbn", ".sbx", ".fbn", ".fbx", ".ain", ".aih"}
# Of one column, whose name stands before it: ``out.code.atx``.
_COLUMN_INDEX = ".atx"
_SHOWN = 3


def cut_text(text: str, size: int) -> str:
    """Return the beginning of `text` that fits into `size` bytes of UTF-8, characters whole."""
    return text.encode("utf-8")[:size].decode("utf-8", "ignore")


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each column name one of at most ten bytes; no two are alike.

    Cut at the border of a character, unless another column has that name (whatever its
    case): then the end makes room for a number. Names that fit keep theirs.
    """
    names = list(names)
    fitting = [name for name in names if len(name.encode("utf-8")) <= NAME_BYTES]
    taken: set[str] = set()
    out: dict[str, str] = {}
    for name in [*fitting, *(name for name in names if name not in fitting)]:
        short, number = cut_text(name, NAME_BYTES).rstrip("_ ") if name not in fitting else name, 2
        while short.casefold() in taken:
            short = f"{cut_text(name, NAME_BYTES - len(str(number)) - 1)}_{number}"
            number += 1
        taken.add(short.casefold())
        out[name] = short
    return {name: out[name] for name in names}


def fit_layer(layer: ExportLayer) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return a layer as a shapefile can hold it, and what had to give way."""
    frame = layer.frame.copy()
    names = short_names(str(c) for c in frame.columns if c != frame.geometry.name)
    notes = [_renamed(layer.level, names)] if any(k != v for k, v in names.items()) else []
    for column in names:
        values = frame[column]
        if isinstance(values.dtype, pd.BooleanDtype):
            frame[column] = values.astype("Int64")
        elif values.dtype == np.float64:
            if not _fits(values.to_numpy()):
                notes.append(f"{layer.level}: the numbers of '{column}' are written as text.")
                texts = [None if np.isnan(v) else repr(v) for v in values.tolist()]
                frame[column] = pd.array(texts, dtype="str")
        elif isinstance(values.dtype, pd.StringDtype):
            long = [isinstance(v, str) and len(v.encode("utf-8")) > TEXT_BYTES for v in values]
            if any(long):
                notes.append(_cut(layer.level, column, frame.loc[long, "code"].tolist()))
                frame[column] = values.map(
                    lambda text: cut_text(text, TEXT_BYTES), na_action="ignore"
                )
    return frame.rename(columns=names), notes


def _fits(values: NDArray[np.float64]) -> bool:
    """True when GDAL's column of 24 digits, 15 behind the point, keeps nine that count."""
    size = np.abs(values[~np.isnan(values) & (values != 0)])
    return bool(np.all((size >= 1e-6) & (size < 1e7)))


def _renamed(level: str, names: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{long}' is '{short}'" for long, short in names.items() if long != short)
    return f"{level}: a shapefile's names have {NAME_BYTES} bytes: {pairs}."


def _cut(level: str, column: str, codes: list[str]) -> str:
    more = f" and {len(codes) - _SHOWN:,} more" if len(codes) > _SHOWN else ""
    return (
        f"{level}: texts of '{column}' were cut to {TEXT_BYTES} bytes, all a shapefile holds: "
        f"{', '.join(codes[:_SHOWN])}{more}. Export a GeoPackage to keep them."
    )


def parts_of(path: Path) -> list[Path]:
    """Return the files that make up a shapefile on disk, the main one last."""
    found = (path.with_suffix(suffix) for suffix in SUFFIXES)
    return [part for part in found if part.exists()]


def indexes_of(path: Path) -> list[Path]:
    """Return the indexes that programs have made beside a shapefile.

    They say which rows are where, and no program looks whether the file is still the one that
    they were made of: with another, areas are missing from the map.
    """
    return [
        found
        for found in path.parent.iterdir()
        if (found.stem == path.stem and found.suffix.lower() in _INDEXES)
        or (Path(found.stem).stem == path.stem and found.suffix.lower() == _COLUMN_INDEX)
    ]
