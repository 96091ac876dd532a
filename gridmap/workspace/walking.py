"""Walking: the streets of the store, minutes and reach, how well places serve the homes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gridmap.access import Actor, redact, require, withhold_small
from gridmap.coverage.model import Coverage
from gridmap.crs import to_wgs84, valid_lonlat
from gridmap.errors import BadValue, NotFound
from gridmap.times import to_site
from gridmap.workspace.amounts import amounts_of
from gridmap.workspace.locating import Locating
from gridmap.workspace.rostering import Rostering

if TYPE_CHECKING:
    from gridmap.reach.district import Counted
    from gridmap.reach.model import Floats, Rows, Shapes
    from gridmap.reach.streets import Streets

__all__ = ["ServiceCoverage", "Walks"]

_MOST_LATITUDE = 85.0


@dataclass(frozen=True, slots=True)
class ServiceCoverage:
    """How well places serve the homes of a district, cut down to what the actor may see.

    Attributes
    ----------
    edition, level : str
        Whose areas are counted.
    walking : dict
        ``speed_kmh``, ``detour``, and ``network``: whether there are streets at all.
    rows : list of dict
        One an area and category, and one a category for the whole district (code empty), with
        the `places` that stand there:
        ``level``, ``code``, ``name``, ``name_en``, ``category``, ``places``, ``households``,
        ``within_5``, ``within_10``, ``within_15``, ``straight`` (households whose minutes are
        a straight line), ``share_5``, ``share_10``, ``share_15``; a share is None where it is
        not known, or withheld.
    gaps : list of dict
        For staff: atoms whose homes are farther than a quarter of an hour from each category,
        the most households first.
    """

    edition: str
    level: str
    walking: dict[str, Any]
    rows: list[dict[str, Any]]
    gaps: list[dict[str, Any]]


class Walks(Locating, Rostering):
    """What is near on foot. The network is built once for the roads that are stored."""

    # Turn they were read at, and the places of all gates.
    _gate_points: tuple[int, Floats] | None = None

    def streets(self) -> Streets:
        """Return the network of the stored roads, built when they have changed."""
        from gridmap.reach.streets import Streets

        self._current()
        with self._lock:
            known, turn = self._network, self._routers_of
        if known is not None and known[0] == turn:
            return known[2]
        rows = self.store.records("ground")
        roads = [row for row in rows if row["layer"] == "roads"]
        content = _digest(roads)
        if known is None or known[1] != content:
            made = Streets.from_lines(
                [row["geom"] for row in roads],
                classes=[row["road_class"] for row in roads],
                strata=[row["stratum"] for row in roads],
                foot=[row["foot"] for row in roads],
                walking=self._walking(),
            )
        else:
            made = known[2]
        with self._lock:
            self._network = (turn, content, made)
            self._gate_points = (turn, _gates_of(rows))
        return made

    def minutes_on_foot(
        self, origin: Any, lon: Floats, lat: Floats, *, limit: float = np.inf
    ) -> tuple[Floats, Shapes]:
        """Return minutes on foot from a place or an estate to many points, and how found.

        Parameters
        ----------
        origin : shapely geometry
            EPSG:4326. A point or several; or an estate's outline, which one leaves by its
            gates, and inside of which every point is 0 minutes away.
        lon, lat : float64 (n,)
            EPSG:4326.
        limit : float
            Minutes beyond which an end counts as infinitely far.

        Returns
        -------
        minutes : float64 (n,)
        method : object (n,)
            See :meth:`gridmap.reach.streets.Streets.minutes`.
        """
        from gridmap.reach.model import Method

        streets, ends = self.streets(), np.column_stack([lon, lat])
        if shapely.get_dimensions(origin) == 0:
            return streets.minutes(shapely.get_coordinates(origin), ends, limit=limit)
        minutes, method = streets.minutes(self._gates([origin])[0], ends, limit=limit)
        inside = shapely.intersects(origin, shapely.points(ends))
        minutes[inside], method[inside] = 0.0, Method.STRAIGHT
        return minutes, method

    def reach(
        self,
        x: float | None = None,
        y: float | None = None,
        *,
        minutes: float,
        coord_sys: str = "wgs84",
        estate: str | None = None,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Return the area within some minutes of a place, or of an estate's gates.

        Parameters
        ----------
        x, y : float, optional
            In `coord_sys`; left out when an estate is named.
        minutes : float
            Up to 120.
        estate : str, optional
            Code of an estate.

        Returns
        -------
        dict
            A GeoJSON feature, EPSG:4326, to the centimetre. Its properties are ``method``,
            ``minutes``, ``lon`` and ``lat`` of where it begins (None for an estate),
            ``estate``, ``speed_kmh`` and ``detour``.

        Raises
        ------
        BadValue, NotFound, UnknownCoordSys
        """
        require(actor or self.actor, "reach")
        begin = self._begin(x, y, coord_sys) if estate is None else self._estate_gates(estate)
        streets = self.streets()
        area, method = streets.reach(begin, minutes)
        single = estate is None
        shape = shapely.transform(shapely.orient_polygons(area), lambda xy: xy.round(7))
        return {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(shape),
            "properties": {
                "method": str(method),
                "minutes": minutes,
                "lon": float(begin[0, 0]) if single else None,
                "lat": float(begin[0, 1]) if single else None,
                "estate": estate,
                "speed_kmh": streets.walking.speed_kmh,
                "detour": streets.walking.detour,
            },
        }

    def centre_reach(self, minutes: float = 15.0, category: str = "service_centre") -> list[Any]:
        """Return the area (EPSG:4326) within some minutes of each place of a category.

        In code order. An area is kept as long as the streets are the same.
        """
        streets = self.streets()
        with self._lock:
            if self._reached[0] is not streets:
                self._reached = (streets, {})
            kept = self._reached[1]
        areas = []
        for place in self.store.records("places"):
            if place["category"] == category:
                key = (place["lon"], place["lat"], minutes)
                if key not in kept:
                    kept[key] = streets.reach(key[:2], minutes)[0]
                areas.append(kept[key])
        return areas

    def service_coverage(
        self,
        *,
        level: str | None = None,
        categories: Sequence[str] = (),
        at: str | datetime | None = None,
        homes: tuple[Floats, Floats] | None = None,
        actor: Actor | None = None,
    ) -> ServiceCoverage:
        """Return which share of the households has each kind of place within 5, 10, 15 minutes.

        Parameters
        ----------
        level : str, optional
            Whose areas are counted; the communities, or the level above the atoms.
        categories : sequence of str
            Of the site; all that the actor may see by default.
        at : str or datetime, optional
            Moment whose edition counts; now by default.
        homes : (float64 (n, 2), float64 (n,)), optional
            Places and households of buildings; the atoms' own households by default.

        Raises
        ------
        NotFound
            For a category that does not exist, and when no households are known.
        UnknownLevel
        """
        from gridmap.reach.district import district_gaps, district_rows

        who = actor or self.actor
        require(who, "service_coverage")
        coverage = self.coverage_at(at)
        known = self.categories.seen_by(who).categories
        wanted = tuple(categories) or tuple(known)
        unknown = [c for c in wanted if c not in known]
        if unknown:
            raise NotFound("There is no such category.", got=unknown, allowed=list(known))
        chosen = level or _level(coverage)
        coverage.levels.rank(chosen)
        counted = self._counted(coverage, chosen, wanted, homes)
        walking = self.streets().walking
        return ServiceCoverage(
            coverage.edition,
            chosen,
            {
                "speed_kmh": walking.speed_kmh,
                "detour": walking.detour,
                "network": not self.streets().empty,
            },
            [_shown(who, row) for row in district_rows(counted)],
            district_gaps(counted) if who.is_staff else [],
        )

    # -- inside ---------------------------------------------------------------------

    def _walking(self) -> Any:
        from gridmap.reach.model import Walking

        own = self.settings
        return Walking(own.walking_speed_kmh, own.walking_detour, own.walking_near_m)

    def _begin(self, x: float | None, y: float | None, coord_sys: str) -> Floats:
        if x is None or y is None:
            raise BadValue(
                "A walk begins somewhere.",
                got="no place",
                repair="Give a longitude and a latitude, or an estate.",
            )
        lon, lat = to_wgs84(x, y, coord_sys)
        # Around the poles no degree of longitude has a length to speak of.
        if not bool(valid_lonlat(lon, lat)) or abs(float(lat)) > _MOST_LATITUDE:
            raise NotFound("Nobody walks there.", got=f"{x}, {y} in {coord_sys}")
        return np.array([[float(lon), float(lat)]])

    def _estate_gates(self, code: str) -> Floats:
        for estate in self._estates():
            if estate["code"] == code:
                return self._gates([estate["geom"]])[0]
        raise NotFound("There is no such estate.", got=code)

    def _estates(self) -> list[dict[str, Any]]:
        """Return the red lines that hold today."""
        day = to_site(self.clock(), self.zone).date()
        return [
            row
            for row in self.store.records("overlays")
            if row["kind"] == "estate"
            and (row["valid_from"] is None or row["valid_from"] <= day)
            and (row["valid_to"] is None or day < row["valid_to"])
        ]

    def _gates(self, outlines: list[Any]) -> list[Floats]:
        from gridmap.reach.gates import estate_gates

        return estate_gates(self.streets(), outlines, self._known_gates())

    def _known_gates(self) -> Floats:
        """Return the places of the stored gates, read again when something was stored."""
        self._current()
        with self._lock:
            kept, turn = self._gate_points, self._routers_of
        if kept is not None and kept[0] == turn:
            return kept[1]
        points = _gates_of(self.store.records("ground"))
        with self._lock:
            self._gate_points = (turn, points)
        return points

    def _counted(
        self,
        coverage: Coverage,
        level: str,
        categories: tuple[str, ...],
        given: tuple[Floats, Floats] | None,
    ) -> Counted:
        from gridmap.reach.district import Counted, holder_of, homes_in
        from gridmap.reach.service import Homes, to_nearest

        lonlat, households, atom = (
            self._atom_homes(coverage) if given is None else homes_in(coverage, *given)
        )
        walls = [estate["geom"] for estate in self._estates() if estate["managed"]]
        homes = Homes(lonlat, households, holder_of(walls, lonlat), self._gates(walls))
        rows = coverage.rows(level)
        rows = rows[~coverage.hidden[rows]]
        number = np.full(len(coverage) + 1, -1, dtype=np.int64)
        number[rows] = np.arange(len(rows))
        owner = coverage.ancestors[:, coverage.levels.rank(level)]
        area = number[np.where(atom >= 0, owner[atom], -1)]
        places = self.store.records("places")
        spots = np.array([(p["lon"], p["lat"]) for p in places]).reshape(-1, 2)
        kinds = np.array([p["category"] for p in places], dtype=object)
        codes = self.codes_at(spots, coverage.edition)[level]
        served, count, standing = {}, {}, {}
        for category in categories:
            mine = kinds == category
            at = spots[mine]
            served[category] = to_nearest(self.streets(), homes, at, holder_of(walls, at))
            count[category] = len(at)
            held = Counter(codes[mine].tolist())
            standing[category] = np.array([held[code] for code in coverage.code[rows]], np.int64)
        return Counted(coverage, level, homes, atom, rows, area, served, count, standing)

    def _atom_homes(self, coverage: Coverage) -> tuple[Floats, Floats, Rows]:
        held = amounts_of(self.store, coverage).get("households", {})
        atoms = coverage.atoms[~coverage.hidden[coverage.atoms]]
        households = np.array([held.get(code, 0.0) for code in coverage.code[atoms].tolist()])
        if not households.any():
            raise NotFound(
                "The households are not known, and coverage counts them.",
                got=coverage.edition,
                repair="Import the finest level with a column households (户数), or give the "
                "buildings.",
            )
        lived = households > 0
        return coverage.label_points[atoms[lived]], households[lived], atoms[lived]


def _gates_of(ground: Sequence[Mapping[str, Any]]) -> Floats:
    """Return the places of the gates among the ground, degrees (n, 2)."""
    known = [row["geom"] for row in ground if row["layer"] == "gates"]
    points: Floats = shapely.get_coordinates(shapely.centroid(known)).reshape(-1, 2)
    return points


def _digest(roads: Sequence[Mapping[str, Any]]) -> bytes:
    digest = hashlib.sha256()
    for row in roads:
        said = (row["code"], row["road_class"], row["stratum"], row["foot"])
        digest.update(repr(said).encode() + shapely.to_wkb(row["geom"]))
    return digest.digest()


def _level(coverage: Coverage) -> str:
    names = coverage.levels.names
    return "community" if "community" in names else names[max(len(names) - 2, 0)]


def _shown(who: Actor, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its shares as the actor may see them."""
    from gridmap.reach.service import LIMITS

    total = row["households"]
    shares: dict[str, float | None] = {}
    for limit in LIMITS:
        near = row[f"within_{limit}"]
        # Who lacks a place is as easily told as who has one.
        seen, least = withhold_small(who, {"near": near, "far": total - near})
        told = total > 0 and None not in seen.values()
        shares[f"share_{limit}"] = round(near / total, 2 if least else 4) if told else None
    return redact(who, "service_coverage", {**row, **shares})
