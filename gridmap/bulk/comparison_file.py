"""A comparison of two plans as a GeoPackage."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.errors import BadValue
from gridmap.planning.compare import Comparison

__all__ = ["check_comparison_name", "write_comparison"]


def check_comparison_name(output: Path) -> None:
    """Raise `BadValue` for a name that is no GeoPackage's: before the work is done for it."""
    if output.suffix.lower() != ".gpkg":
        raise BadValue("A comparison is a GeoPackage.", got=output.name, allowed=".gpkg")


def write_comparison(comparison: Comparison, output: Path) -> dict[str, int]:
    """Write ``before``, ``after``, ``cells`` and the table ``flows``; return rows by layer.

    The file is complete under its name, or not there.

    Raises
    ------
    BadValue, StoreFull
    """
    check_comparison_name(output)
    layers = {
        "before": comparison.grids("before"),
        "after": comparison.grids("after"),
        "cells": comparison.cells(),
    }
    for name, frame in layers.items():
        layers[name] = gpd.GeoDataFrame(frame[frame.geometry.notna()])
    flows = comparison.flows()
    with PendingFile(output) as pending, disk_errors(output):
        for name, frame in layers.items():
            pyogrio.write_dataframe(
                frame, pending.path, layer=name, driver="GPKG", promote_to_multi=True,
                append=pending.path.exists(),
            )  # fmt: skip
        pyogrio.write_dataframe(flows, pending.path, layer="flows", driver="GPKG", append=True)
        pending.commit()
    return {**{name: len(frame) for name, frame in layers.items()}, "flows": len(flows)}
