"""A locate function by arithmetic alone, and small files to feed it."""

import csv
import gzip
from datetime import UTC, datetime

import numpy as np

from gridmap.areas import Levels
from gridmap.bulk.assign import assign
from gridmap.crs import to_wgs84
from gridmap.locate.model import Locations, LocationStatus, NearArea
from gridmap.times import site_zone

LEVELS = Levels(["community", "grid"])
ZONE = site_zone("Asia/Shanghai")
# From this moment another edition answers.
REDRAW = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)
ADDED = [
    "community", "grid", "location_status", "certain_level", "margin_m", "candidates",
    "nearest", "nearest_m", "edition", "warning",
]  # fmt: skip


def locate(points):
    """Communities are whole degrees, grids tenths of them; west of 100 degrees is outside.

    An accuracy above 100 m reaches the next grid in the east.
    """
    n = len(points)
    out = {name: np.full(n, None, object) for name in (*LEVELS.names, "certain", "edition")}
    lon, lat = np.full(n, np.nan), np.full(n, np.nan)
    status, warning = np.full(n, "inside", object), np.full(n, "", object)
    margin, candidates, nearest = np.full(n, np.nan), {}, {}
    for i in range(n):
        system = points.coord_sys if isinstance(points.coord_sys, str) else points.coord_sys[i]
        x, y = to_wgs84(points.x[i : i + 1], points.y[i : i + 1], system)
        out["edition"][i] = "e1"
        if points.at is not None and points.at[i] is not None and points.at[i] >= REDRAW:
            out["edition"][i] = "e2"
        if not np.isfinite(x[0]) or (x[0] == 0 and y[0] == 0):
            status[i] = LocationStatus.INVALID.value
            warning[i] = points.note[i] if points.note is not None and points.note[i] else "bad"
            continue
        lon[i], lat[i] = x[0], y[0]
        if lon[i] < 100:
            status[i] = LocationStatus.OUTSIDE.value
            nearest[i] = NearArea("grid", "100.0", (100 - lon[i]) * 90_000)
            continue
        tenth = int(np.floor(lon[i] * 10))
        out["community"][i], out["grid"][i] = str(tenth // 10), f"{tenth // 10}.{tenth % 10}"
        out["certain"][i], margin[i] = "grid", 12.3456
        if points.accuracy_m is not None and points.accuracy_m[i] > 100:
            status[i] = LocationStatus.AMBIGUOUS.value
            out["certain"][i] = "community"
            east = tenth + 1
            candidates[i] = (
                NearArea("grid", out["grid"][i], 0.0),
                NearArea("grid", f"{east // 10}.{east % 10}", 99.0),
            )
    return Locations(
        lon=lon,
        lat=lat,
        status=status,
        edition=out["edition"],
        levels=LEVELS,
        codes={name: out[name] for name in LEVELS.names},
        certain_level=out["certain"],
        margin_m=margin,
        margins_m={},
        candidates=candidates,
        nearest=nearest,
        warning=warning,
    )


def run(source, output, **options):
    """Assign with the stub."""
    return assign(source, output, **{"locate": locate, "zone": ZONE, **options})


def write(path, text, encoding="utf-8"):
    """Write text or bytes; gzipped when the name says so."""
    data = text if isinstance(text, bytes) else text.encode(encoding)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read_csv(path, delimiter=","):
    """Rows as dictionaries, as Python's csv module reads them."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))
