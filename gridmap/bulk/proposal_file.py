"""A proposed repair as a file for a GIS: what changes, before and after, and what moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridmap.bulk.export import ExportTarget, write_export
from gridmap.bulk.export_formats import ExportFormat
from gridmap.bulk.export_table import ExportLayer
from gridmap.coverage.model import STORED_CRS
from gridmap.coverage.repair.model import Proposal
from gridmap.errors import BadValue

__all__ = ["check_proposal_file", "write_proposal"]

_FORMATS = {".gpkg": ExportFormat.GPKG, ".geojson": ExportFormat.GEOJSON}


def check_proposal_file(path: Path) -> ExportFormat:
    """Return the format that a name's ending tells; `BadValue` for any other."""
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise BadValue(
            "A proposal is written as a GeoPackage or as GeoJSON.",
            got=path.name,
            allowed=list(_FORMATS),
            repair="Give the output such a name.",
        ) from None


def write_proposal(path: Path, proposal: Proposal) -> None:
    """Write the changed areas to `path`, complete under its name or not at all.

    A GeoPackage has the layers ``before``, ``after``, ``moved`` (each piece of ground, from
    whom and to whom) and ``left`` (the faults that stay). GeoJSON holds the changed areas
    only, with a property ``stage``.

    Raises
    ------
    BadValue, StoreFull, UnreadableFile
    """
    kind = check_proposal_file(path)
    before, after = (_changed(proposal, stage) for stage in ("before", "after"))
    if kind is ExportFormat.GPKG:
        frames = {
            "before": before,
            "after": after,
            "moved": _moved(proposal),
            "left": _left(proposal),
        }
    else:
        frames = {"proposal": gpd.GeoDataFrame(pd.concat([before, after], ignore_index=True))}
    layers = [ExportLayer(name, frame) for name, frame in frames.items()]
    write_export(ExportTarget(path, kind, archive=False), layers)


def _changed(proposal: Proposal, stage: str) -> gpd.GeoDataFrame:
    rows = proposal.rows
    before = stage == "before"
    return _frame(
        {
            "stage": [stage] * len(rows),
            "level": [r.level for r in rows],
            "code": [r.code for r in rows],
            "name": [r.name for r in rows],
            "area_m2": [r.before_m2 if before else r.before_m2 + r.net_m2 for r in rows],
            "lost_m2": [r.lost_m2 for r in rows],
            "gained_m2": [r.gained_m2 for r in rows],
            "why": ["; ".join(r.why) for r in rows],
        },
        [r.before if before else r.after for r in rows],
    )


def _moved(proposal: Proposal) -> gpd.GeoDataFrame:
    coverage, found = proposal.coverage, proposal.transfers

    def of(row: int | None, values: Any) -> str:
        return "" if row is None else str(values[row])

    names = np.array(coverage.levels.names, dtype=object)[coverage.rank]
    return _frame(
        {
            "from_level": [of(t.giver, names) for t in found],
            "from_code": [of(t.giver, coverage.code) for t in found],
            "to_level": [of(t.taker, names) for t in found],
            "to_code": [of(t.taker, coverage.code) for t in found],
            "area_m2": [t.area_m2 for t in found],
        },
        [t.geometry for t in found],
    )


def _left(proposal: Proposal) -> gpd.GeoDataFrame:
    faults = [f for f in proposal.left if f.geometry is not None]
    return _frame(
        {
            "kind": [f.kind for f in faults],
            "severity": [f.severity for f in faults],
            "codes": [", ".join(f.codes) for f in faults],
            "area_m2": [f.area_m2 for f in faults],
            "text": [f.text for f in faults],
        },
        [f.geometry for f in faults],
    )


def _frame(columns: dict[str, list[Any]], shapes: list[Any]) -> gpd.GeoDataFrame:
    # An empty column would have no type that a GeoPackage knows.
    table = {
        name: pd.Series(values, dtype="float64" if name.endswith("_m2") else "str")
        for name, values in columns.items()
    }
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=STORED_CRS))
