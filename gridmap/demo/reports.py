"""Sixty thousand reports of one year, and the truth about each, kept apart from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.crs import from_wgs84
from gridmap.demo.dice import Dice
from gridmap.demo.duties import Duties
from gridmap.demo.ground import in_metres
from gridmap.demo.plane import LATTICE, Plane
from gridmap.demo.report_faults import Faults, spoil
from gridmap.demo.report_owners import draw_owners
from gridmap.demo.report_spots import Spots
from gridmap.demo.report_texts import Subject, compose, load_subjects
from gridmap.demo.report_times import draw_moments
from gridmap.demo.report_truth import draw_truth
from gridmap.demo.streets import Streets

__all__ = ["REPORT_COLUMNS", "TRUTH_COLUMNS", "build_reports"]

Floats = NDArray[np.float64]

REPORT_COLUMNS = (
    "report_id", "received_at", "observed_at", "source", "item", "text",
    "lon", "lat", "coord_sys", "accuracy_m",
)  # fmt: skip
TRUTH_COLUMNS = ("report_id", "lon", "lat", "microgrid", "located", "error", "layer", "owner")


@dataclass(frozen=True)
class _Source:
    """How a source reports: its share, coordinate systems, accuracy and delay."""

    share: float
    systems: tuple[tuple[str, float], ...]
    accuracy: tuple[float, float] | None
    stated: float
    noise: float
    delay_min: float


_SOURCES = {
    "hotline_12345": _Source(
        0.46, (("gcj02", 0.66), ("bd09", 0.1), ("cgcs2000", 0.24)), (20.0, 100.0), 0.3, 0.0, 300.0
    ),
    "app_photo": _Source(0.25, (("wgs84", 0.72), ("gcj02", 0.28)), (5.0, 40.0), 0.94, 0.4, 4.0),
    "grid_worker": _Source(
        0.18, (("cgcs2000", 0.55), ("wgs84", 0.45)), (3.0, 12.0), 0.98, 0.4, 12.0
    ),
    "mailbox": _Source(0.08, (("bd09", 0.6), ("gcj02", 0.4)), None, 0.0, 0.0, 900.0),
    "sensor": _Source(0.03, (("cgcs2000", 1.0),), (1.0, 2.0), 1.0, 0.0, 0.0),
}


def build_reports(
    count: int,
    layers: dict[str, gpd.GeoDataFrame],
    duties: Duties,
    streets: Streets,
    plane: Plane,
    dice: dict[str, Dice],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `count` reports and the truth about them, both in the order of receipt.

    The truth has one row a report: where it happened (EPSG:4326), in which micro-grid, which
    micro-grid its stated position lies in (by the tie rule on a border, empty when in none),
    and what is wrong with the position: empty, ``outside``, ``null_island``, ``missing``,
    ``wrong_datum``, ``region_geocode``, ``on_border`` or ``border_road``; and where the true
    place leaves no doubt, the kind of layer that decides whose the item is, and the owner.
    """
    subjects = _subjects(count, dice["items"])
    sources = _sources(subjects, dice["sources"])
    delay = np.array([_SOURCES[s].delay_min for s in sources])
    moments = draw_moments(
        [s.season for s in subjects],
        [s.hours for s in subjects],
        -np.log(1 - 0.98 * dice["delays"].units(count)) * delay,
        dice["times"],
    )
    subjects = [subjects[i] for i in moments.row]
    sources = [sources[i] for i in moments.row]
    true = _true_places(
        subjects, layers, Spots(layers, duties, streets, plane, dice["places"]), plane
    )
    stated, accuracy = _stated(true, sources, dice["accuracy"])
    systems = _systems(sources, dice["systems"])
    faults = spoil(
        Faults(plane.to_lonlat(true), plane.to_lonlat(stated), systems, accuracy),
        layers,
        streets,
        plane,
        dice["faults"],
    )
    x, y = _in_system(faults.stated, faults.real_system)
    x[faults.blank], y[faults.blank] = np.nan, np.nan
    x[faults.null], y[faults.null] = 0.0, 0.0
    ids = _ids(moments.received)
    reports = pd.DataFrame(
        {
            "report_id": ids,
            "received_at": [m.isoformat() for m in moments.received],
            "observed_at": _observed(moments.observed, dice["observed"]),
            "source": sources,
            "item": [s.item for s in subjects],
            "text": compose(
                subjects, sources, _words(faults.true, layers, streets, plane), dice["texts"]
            ),
            "lon": x,
            "lat": y,
            "coord_sys": faults.systems,
            "accuracy_m": faults.accuracy,
        }
    )
    truth = draw_truth(ids, reports, faults, layers["microgrid"])
    truth["layer"], truth["owner"] = draw_owners(reports, truth, layers, duties, plane)
    return reports[list(REPORT_COLUMNS)], truth[list(TRUTH_COLUMNS)]


def _subjects(count: int, dice: Dice) -> list[Subject]:
    known = load_subjects()
    return [known[i] for i in dice.weighted([s.weight for s in known], count)]


def _sources(subjects: list[Subject], dice: Dice) -> list[str]:
    names = [n for n in _SOURCES if n != "sensor"]
    rows = dice.weighted([_SOURCES[n].share for n in names], len(subjects))
    luck = dice.units(len(subjects))
    return [
        "sensor" if subject.alarm and throw < 0.32 else names[row]
        for subject, row, throw in zip(subjects, rows, luck, strict=True)
    ]


def _true_places(
    subjects: list[Subject], layers: dict[str, gpd.GeoDataFrame], spots: Spots, plane: Plane
) -> Floats:
    """Return where the reports happened, metres; all of it inside the district."""
    true = np.empty((len(subjects), 2))
    where = np.array([s.where for s in subjects])
    for kind in sorted(set(where.tolist())):
        rows = np.flatnonzero(where == kind)
        true[rows] = spots.draw(kind, len(rows))
    tree = shapely.STRtree(in_metres(layers["subdistrict"].geometry.to_numpy(), plane))
    abroad = np.ones(len(true), dtype=bool)
    abroad[tree.query(shapely.points(true), "within")[0]] = False
    # The far side of a street on the district's border is not the district's business.
    true[abroad] = spots.home_of(true[abroad])
    return true


def _stated(true: Floats, sources: list[str], dice: Dice) -> tuple[Floats, Floats]:
    """Return stated places in metres and accuracies in metres, NaN where none is given."""
    plans = [_SOURCES[s] for s in sources]
    low = np.array([p.accuracy[0] if p.accuracy else np.nan for p in plans])
    high = np.array([p.accuracy[1] if p.accuracy else np.nan for p in plans])
    accuracy = np.round(low * (high / low) ** dice.units(len(plans)), 1)
    noise = np.array([p.noise for p in plans])
    error = np.column_stack([dice.bells(len(plans)), dice.bells(len(plans))])
    reach = np.where(np.isnan(accuracy), 0.0, accuracy) * noise / np.sqrt(2.0)
    stated = true + error * reach[:, None]
    accuracy[dice.units(len(plans)) >= np.array([p.stated for p in plans])] = np.nan
    return stated, accuracy


def _systems(sources: list[str], dice: Dice) -> NDArray[np.object_]:
    luck = dice.units(len(sources))
    systems = np.empty(len(sources), dtype=object)
    for row, (source, throw) in enumerate(zip(sources, luck, strict=True)):
        total = 0.0
        for name, share in _SOURCES[source].systems:
            total += share
            systems[row] = name
            if throw < total:
                break
    return systems


def _in_system(lonlat: Floats, systems: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Return the positions in each one's own system, seven decimals."""
    x, y = lonlat[:, 0].copy(), lonlat[:, 1].copy()
    for name in ("gcj02", "bd09"):
        rows = np.flatnonzero(systems == name)
        x[rows], y[rows] = from_wgs84(lonlat[rows, 0], lonlat[rows, 1], name)
    return np.rint(x * LATTICE) / LATTICE, np.rint(y * LATTICE) / LATTICE


def _ids(received: list[datetime]) -> list[str]:
    """Return R, the day and the number of the report on it."""
    ids: list[str] = []
    day, number = "", 0
    for moment in received:
        today = moment.strftime("%Y%m%d")
        number = number + 1 if today == day else 1
        day = today
        ids.append(f"R{today}-{number:04d}")
    return ids


def _observed(observed: list[datetime], dice: Dice) -> list[str | None]:
    """Return the times seen; one in five reports does not say."""
    known = dice.units(len(observed)) >= 0.2
    return [m.isoformat() if k else None for m, k in zip(observed, known, strict=True)]


def _words(
    true: Floats, layers: dict[str, gpd.GeoDataFrame], streets: Streets, plane: Plane
) -> list[dict[str, str]]:
    """Return place, address and street in words for every report."""
    building = layers["building"]
    metres = plane.to_metres(true)
    points = shapely.points(metres)
    homes = plane.to_metres(building[["entrance_lon", "entrance_lat"]].to_numpy())
    nearest = shapely.STRtree(shapely.points(homes)).nearest(points)
    place = building["name"].to_numpy()[nearest]
    address, _, row = streets.address(points)
    street = streets.frame["name"].to_numpy()[row]
    return [
        {"place": p, "address": a, "street": s}
        for p, a, s in zip(place, address, street, strict=True)
    ]
