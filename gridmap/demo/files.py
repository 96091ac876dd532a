"""Writing the district: whole files or none, the same bytes each time."""

from __future__ import annotations

import errno
import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from gridmap.demo.notice import NOTE, NOTE_EN
from gridmap.errors import BadValue, StoreFull

__all__ = ["save_layers", "save_pictures", "save_table"]

# GDAL writes the present time into a GeoPackage unless told another one.
_STAMP = "2026-07-01T00:00:00.000Z"
_SEVEN = ("lon", "lat")


def save_layers(layers: dict[str, gpd.GeoDataFrame], path: Path) -> Path:
    """Write the layers to one GeoPackage and return its path."""
    with _replacing(path, ".gpkg") as part, _stamped():
        for number, (name, frame) in enumerate(layers.items()):
            pyogrio.write_dataframe(
                frame,
                part,
                layer=name,
                driver="GPKG",
                append=number > 0,
                SPATIAL_INDEX="NO",
                promote_to_multi=len(set(frame.geom_type)) > 1,
                layer_metadata={"note": NOTE, "note_en": NOTE_EN, "licence": "CC0-1.0"},
            )
    return path


def save_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV and return its path; coordinates keep seven decimals."""
    shown = table.copy()
    for name in [c for c in _SEVEN if c in table]:
        shown[name] = ["" if math.isnan(v) else f"{v:.7f}" for v in table[name]]
    with _replacing(path, ".csv") as part:
        shown.to_csv(part, index=False, encoding="utf-8", lineterminator="\n")
    return path


def save_pictures(pictures: Mapping[str, bytes], folder: Path) -> None:
    """Write pictures by name into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        with _replacing(folder / name, ".jpg") as part:
            part.write_bytes(data)


@contextmanager
def _replacing(path: Path, suffix: str) -> Iterator[Path]:
    """Give a temporary path in the same folder that becomes `path` when all went well."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            part = Path(folder) / f"part{suffix}"
            yield part
            part.replace(path)
    except (OSError, DataSourceError, DataLayerError, FeatureError) as error:
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull("No room is left for the demo's files.", got=path) from error
        raise BadValue(
            "A file of the demo cannot be written.",
            got=f"{path}: {error}",
            repair="Name a folder that is there and may be written to, with 50 MB of room.",
        ) from error


@contextmanager
def _stamped() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _STAMP})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
