"""How well places serve a district, as CSV or as a GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.coverage.model import STORED_CRS
from gridmap.errors import BadValue

__all__ = ["check_coverage_name", "write_service_coverage"]

Records = Sequence[Mapping[str, Any]]


def check_coverage_name(output: Path) -> None:
    """Raise `BadValue` for a name of another kind of file: before the work is done for it."""
    if output.suffix.lower() not in {".csv", ".gpkg"}:
        raise BadValue(
            "Coverage is a table or a map layer.", got=output.name, allowed=".csv, .gpkg"
        )


def write_service_coverage(
    rows: Records, gaps: Records, shapes: Mapping[tuple[str, str], Any], output: Path
) -> dict[str, int]:
    """Write the rows as CSV, or rows and gaps as the layers of a GeoPackage.

    Parameters
    ----------
    rows, gaps : sequence of mappings
        See :class:`gridmap.workspace.walking.ServiceCoverage`.
    shapes : mapping of (level, code) to geometry
        EPSG:4326.
    output : Path
        Complete under its name, or not there.

    Returns
    -------
    dict of str to int
        Rows by layer.

    Raises
    ------
    BadValue, StoreFull
    """
    check_coverage_name(output)
    with PendingFile(output) as pending, disk_errors(output):
        if output.suffix.lower() == ".csv":
            pd.DataFrame(rows).to_csv(pending.path, index=False, encoding="utf-8-sig")
            done = {"coverage": len(rows)}
        else:
            done = {}
            for name, records in (("coverage", rows), ("gaps", gaps)):
                if not records:
                    continue
                frame = gpd.GeoDataFrame(
                    records,
                    geometry=[shapes.get((r["level"], r["code"])) for r in records],
                    crs=STORED_CRS,
                )
                pyogrio.write_dataframe(
                    frame, pending.path, layer=name, driver="GPKG", promote_to_multi=True,
                    append=bool(done),
                )  # fmt: skip
                done[name] = len(frame)
        pending.commit()
    return done
