"""What residents ask: places and services near by, and who is responsible."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.access import Actor, may_see, redact, require, visible_records
from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree, to_wgs84
from gridmap.errors import BadValue, NotFound
from gridmap.places.edit import version_of
from gridmap.places.estates import areas_of_homes, spots_of_estates
from gridmap.places.hours import DayHours, HoursBook
from gridmap.places.model import Place, ServiceItem, is_free
from gridmap.places.rosters import BOARD_ROLES, posts_for, seen_posts
from gridmap.places.search import Found, Wanted, find_items, find_places, is_stale
from gridmap.routing.overlays import Overlay
from gridmap.times import to_site
from gridmap.workspace.facts import POLICY
from gridmap.workspace.walking import Walks

__all__ = ["Origin", "Serving", "no_such_place", "record_as"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody sets out from.

    Attributes
    ----------
    kind : str
        ``point`` or ``estate``.
    shape : geometry
        EPSG:4326.
    name, name_en, code : str
        Of the estate.
    """

    kind: str
    shape: Any
    name: str = ""
    name_en: str = ""
    code: str = ""

    @property
    def spot(self) -> tuple[float, float]:
        """Longitude and latitude of a point of it."""
        point = self.shape.representative_point()
        return float(point.x), float(point.y)

    @property
    def within_m(self) -> float | None:
        """Metres around the spot that lie within the estate on every side; None for a point."""
        if self.kind == "point":
            return None
        spot = np.array(self.spot)
        degree = np.array(metres_per_degree(spot[1]))
        plane = shapely.transform(self.shape, lambda xy: (xy - spot) * degree)
        return float(plane.boundary.distance(shapely.Point(0.0, 0.0)))


_PLACE_FIELDS = tuple(one.name for one in fields(Place))


@dataclass(frozen=True)
class _Held:
    """Records of the store as they were at one of its changes."""

    token: object
    places: tuple[Place, ...]
    items: tuple[ServiceItem, ...]
    estates: tuple[tuple[Overlay, Any], ...]
    # Edition and code of an estate -> codes of the areas that answer for it, by level.
    areas_of_estates: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)

    @cached_property
    def by_code(self) -> dict[str, Place]:
        return {place.code: place for place in self.places}

    @cached_property
    def tree(self) -> shapely.STRtree:
        return shapely.STRtree([shape for _, shape in self.estates])


class Serving(Walks):
    """Places, services and the people of a grid, as the public and staff may see them."""

    _kept_places: _Held | None = None
    _houses_kept: tuple[object, NDArray[np.object_]] | None = None
    _hours_kept: HoursBook | None = None
    _bounds_kept: tuple[object, tuple[float, float, float, float]] | None = None
    _light_ground: tuple[object, list[dict[str, Any]]] | None = None

    # -- places -------------------------------------------------------------------------

    def find_places(
        self,
        wanted: Wanted,
        *,
        at: str | datetime | None = None,
        actor: Actor | None = None,
    ) -> list[dict[str, Any]]:
        """Return the places that fit, as records, the nearest first where an origin is given.

        Beside the place's own fields: ``photos``, ``free``, ``stale``, ``minutes`` and ``method``
        (None without an origin) and ``open``, an :class:`~gridmap.places.hours.Opening`.
        """
        who = actor or self.actor
        require(who, "places")
        moment = self._moment(at) or self.clock()
        tree = self.categories.seen_by(who)
        found = find_places(
            [place for place in self._served().places if place.category in tree.categories],
            wanted,
            at=moment,
            book=self.hours_book,
            walk=self.minutes_on_foot,
            categories=tree,
        )
        photos = self.photos_seen(who)
        return [redact(who, "places", self._place_shown(one, moment, photos)) for one in found]

    def place(
        self,
        code: str,
        *,
        origin: Origin | None = None,
        at: str | datetime | None = None,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Return one place as :meth:`find_places` does, and its areas by level."""
        who = actor or self.actor
        require(who, "places")
        moment = self._moment(at) or self.clock()
        one = self._place_of(code, who)
        wanted = Wanted(origin=None if origin is None else origin.shape)
        found = find_places(
            [one], wanted, at=moment, book=self.hours_book, walk=self.minutes_on_foot
        )
        shown = self._place_shown(found[0], moment, self.photos_seen(who))
        record = redact(who, "places", shown | {"version": version_of(one)})
        return record | {"areas": self._areas_at(one.lon, one.lat, moment)}

    def place_photo(
        self, code: str, sha256: str, *, thumb: bool = False, actor: Actor | None = None
    ) -> tuple[bytes, bool]:
        """Return a photo of a place as JPEG, or a small one; and True when it is the public's.

        Raises
        ------
        NotFound
            Also when the place or the photo is not for the actor.
        """
        who = actor or self.actor
        require(who, "places")
        place = self._place_of(code, who)
        known = {one["sha256"] for one in self.photos_seen(who).get(code, [])}
        if sha256 not in known:
            raise NotFound("The place has no such photo.", got=sha256[:12])
        # What the public sees of a place that is for staff is nothing.
        public = may_see(Actor.resident(), self.categories.visibility(place.category)) and any(
            one["sha256"] == sha256 for one in self.photos_seen(Actor.resident()).get(code, [])
        )
        return self.store.place_photo(code, sha256, thumb=thumb), public

    def week_of(
        self, code: str, *, at: str | datetime | None = None, actor: Actor | None = None
    ) -> list[DayHours]:
        """Return the hours of a place on seven days from a moment's day on."""
        who = actor or self.actor
        require(who, "places")
        moment = self._moment(at) or self.clock()
        first = to_site(moment, self.zone).date()
        return self.hours_book.week(self._place_of(code, who), first)

    @property
    def hours_book(self) -> HoursBook:
        """The evaluator of hours by the site's zone, calendar and school holidays."""
        calendar, schools = self.book.calendar, self.school_days
        with self._lock:
            kept = self._hours_kept
            if kept is None or kept.calendar is not calendar or kept.schools is not schools:
                kept = self._hours_kept = HoursBook(self.zone, calendar, schools)
            return kept

    def wanted(
        self,
        *,
        category: str | None = None,
        open_only: bool = False,
        origin: Origin | None = None,
        within: float | None = None,
        accessible: bool = False,
        free: bool = False,
        text: str | None = None,
    ) -> Wanted:
        """Return what is looked for; `BadValue` for minutes without a place to start from.

        No place is of a category that there is not.
        """
        if within is not None and origin is None:
            raise BadValue(
                "Minutes are counted from somewhere.",
                got=f"within {within:g}",
                repair="Add near=LON,LAT or estate=CODE.",
            )
        tree = self.categories
        names = [name for name in (category or "").split(",") if name]
        return Wanted(
            categories=frozenset(names).union(
                *(tree.under(name) for name in names if name in tree.branches)
            ),
            open_only=open_only,
            origin=None if origin is None else origin.shape,
            within=within,
            accessible=accessible,
            free=free,
            words=tuple((text or "").split()),
        )

    # -- where from ---------------------------------------------------------------------

    def origin(
        self, *, near: str | None = None, estate: str | None = None, coord_sys: str = "wgs84"
    ) -> Origin | None:
        """Return where somebody sets out from: ``LON,LAT``, or an estate by code or name.

        Raises
        ------
        BadValue, UnknownCoordSys
            When it is no position.
        NotFound
            When there is no such estate, or several; :meth:`origins` tells them apart.
        """
        if near:
            x, y = _pair(near)
            lon, lat = to_wgs84([x], [y], coord_sys)
            if not np.isfinite(lon[0]):
                raise BadValue("This is no position on Earth.", got=near, allowed="LON,LAT")
            return Origin("point", shapely.Point(float(lon[0]), float(lat[0])))
        if not estate:
            return None
        meant = self.origins(estate)
        if len(meant) != 1:
            raise NotFound(
                "Several estates have such a name." if meant else "There is no such estate.",
                got=estate,
                allowed=[self.asked_as(one) for one in meant[:10]] or None,
                repair="Give its full name, or its code.",
            )
        return meant[0]

    def origins(self, estate: str) -> list[Origin]:
        """Return the estates that a text can mean: by code, else by name, else by a part of them.

        In the order of their codes.
        """
        found = [
            Origin("estate", shape, one.name, one.name_en, one.code)
            for one, shape in self.estates(estate)
        ]
        coded = [one for one in found if one.code == estate]
        named = [one for one in found if estate in (one.name, one.name_en)]
        return coded or named or found

    def asked_as(self, origin: Origin, lang: str = "zh") -> str:
        """Return what an estate is asked for by: a name that means it alone, else its code."""
        names = (origin.name_en, origin.name) if lang == "en" else (origin.name,)
        for name in names:
            if name and [one.code for one in self.origins(name)] == [origin.code]:
                return name
        return origin.code

    def estates(self, text: str = "") -> list[tuple[Overlay, Any]]:
        """Return the estates in force whose code or name holds a text, with their outlines."""
        today = to_site(self.clock(), self.zone).date()
        word = text.casefold()
        return [
            (one, shape)
            for one, shape in self._served().estates
            if (one.valid_from is None or one.valid_from <= today)
            and (one.valid_to is None or today < one.valid_to)
            and any(word in name.casefold() for name in (one.code, one.name, one.name_en))
        ]

    # -- my grid ------------------------------------------------------------------------

    def my_grid(self, origin: Origin, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return who is responsible where somebody is: areas, work phones, the estate's firm.

        For the public as for staff only what stands on the public board. An estate that several
        areas share has all of them, as on its board: nobody knows in which of its houses one is.
        """
        who = actor or self.actor
        now = self.clock()
        areas = self.areas_of(origin)
        place = {(area["level"], area["code"]): n for n, area in enumerate(areas)}
        estate = self._estate_of(origin)
        require(who, POLICY["posts"])
        found = posts_for(
            self._posts_held(to_site(now, self.zone).date()),
            place,
            "" if estate is None else estate["code"],
        )
        held = seen_posts(Actor.resident(), found)
        # In each role area by area.
        held.sort(key=lambda post: place.get((post["level"], post["area_code"]), -1))
        shown = [post for role in BOARD_ROLES for post in held if post["role"] == role]
        return {"areas": areas, "posts": shown, "estate": estate}

    def areas_of(self, origin: Origin) -> list[dict[str, Any]]:
        """Return the areas where somebody sets out from, coarse to fine.

        Those that hold a point; of an estate all that answer for it, most houses first.
        """
        moment = self.clock()
        locator = self.atlas.locator_at(moment)
        if origin.kind == "point" or locator is None:
            return self._areas_at(*origin.spot, moment)
        coverage = locator.coverage
        held = self._served()
        key = coverage.edition, origin.code
        found = held.areas_of_estates.get(key)
        if found is None:
            shape = np.array([origin.shape], dtype=object)
            spots, _ = spots_of_estates(shape, self._houses(held.token))
            codes = self.codes_at(spots, coverage.edition, actor=Actor.resident())
            found = held.areas_of_estates[key] = areas_of_homes(codes)
        return _named(coverage, found)

    def _posts_held(self, day: date) -> list[dict[str, Any]]:
        """Return the posts held on a day, from what is at hand."""
        self._current()
        rows = self._state().records.get("posts", [])
        return [row for row in rows if _is_held(row, day)]

    def _estate_of(self, origin: Origin) -> dict[str, Any] | None:
        if origin.kind == "estate":
            found = [one for one, _ in self._served().estates if one.code == origin.code]
        else:
            held = self._served()
            hits = held.tree.query(origin.shape, predicate="intersects") if held.estates else []
            current = {one.code for one, _ in self.estates()}
            found = [held.estates[i][0] for i in hits if held.estates[i][0].code in current]
        if not found:
            return None
        one = found[0]
        firms = {row["code"]: row for row in self._state().records.get("parties", [])}
        firm = firms.get(one.owner, {})
        return {
            "code": one.code,
            "name": one.name,
            "name_en": one.name_en,
            "managed": one.managed,
            "firm": firm.get("name", ""),
            "firm_en": firm.get("name_en", ""),
            "phone": firm.get("phone", ""),
        }

    # -- services -----------------------------------------------------------------------

    def find_services(
        self, text: str = "", *, origin: Origin | None = None, actor: Actor | None = None
    ) -> list[dict[str, Any]]:
        """Return the services that fit what one needs, in code order.

        With an origin, those that are given there: whose area served holds it or some of the
        estate's houses, or that are given everywhere.
        """
        who = actor or self.actor
        found = find_items(self._served().items, text.split())
        if origin is not None:
            codes = {(a["level"], a["code"]) for a in self.areas_of(origin)}
            found = [i for i in found if not i.level or (i.level, i.area_code) in codes]
        return visible_records(who, "service_items", [asdict(item) for item in found])

    # -- what the pages' map is drawn upon ------------------------------------------------

    def district_bounds(self) -> tuple[float, float, float, float] | None:
        """Return west, south, east, north of the edition in force; None without one."""
        locator = self.atlas.locator_at(self.clock())
        if locator is None:
            return None
        coverage = locator.coverage
        kept = self._bounds_kept
        if kept is None or kept[0] is not coverage:
            west, south, east, north = shapely.total_bounds(coverage.geometry[coverage.atoms])
            kept = (coverage, (float(west), float(south), float(east), float(north)))
            self._bounds_kept = kept
        return kept[1] if np.isfinite(kept[1][0]) else None

    def light_ground(self) -> list[dict[str, Any]]:
        """Return the ground as GeoJSON features that are light enough for a phone.

        Layer and rank are ``l`` and ``r``; vertices are kept to a metre or two.
        """
        self._current()
        with self._lock:
            kept, token = self._light_ground, self._token
        if kept is not None and kept[0] == token:
            return kept[1]
        features = [
            {
                "type": "Feature",
                "properties": {"l": layer, "r": rank},
                "geometry": json.loads(shape),
            }
            for layer, frame in self.ground().items()
            for rank, shape in _lightened(layer, frame)
        ]
        with self._lock:
            self._light_ground = (token, features)
        return features

    # -- inside -------------------------------------------------------------------------

    def _place_of(self, code: str, who: Actor) -> Place:
        """Return a place that the actor may see."""
        place = self._served().by_code.get(code)
        if place is None or not may_see(who, self.categories.visibility(place.category)):
            raise no_such_place(code)
        return place

    def _place_shown(
        self, one: Found, moment: datetime, photos: Mapping[str, list[dict[str, Any]]]
    ) -> dict[str, Any]:
        place = one.place
        today = to_site(moment, self.zone).date()
        return {name: getattr(place, name) for name in _PLACE_FIELDS} | {
            "free": is_free(place.price),
            "stale": is_stale(place, today),
            "photos": photos.get(place.code, []),
            "minutes": None if one.minutes is None else round(one.minutes, 1),
            "method": one.method,
            "open": one.opening,
        }

    def _areas_at(self, lon: float, lat: float, moment: datetime) -> list[dict[str, Any]]:
        """Return the areas that hold a point, coarse to fine; none without an edition."""
        locator = self.atlas.locator_at(moment)
        if locator is None:
            return []
        found = self.atlas.locate_one(lon, lat, now=moment, coord_sys="wgs84")
        return _named(locator.coverage, {k: [v] for k, v in found.areas.items() if v is not None})

    def _houses(self, token: object) -> NDArray[np.object_]:
        """Return a point of every house, as they were at a change of the store."""
        with self._lock:
            kept = self._houses_kept
        if kept is None or kept[0] != token:
            rows = self.store.records("ground")
            shapes = [row["geom"] for row in rows if row["layer"] == "buildings"]
            kept = (token, shapely.point_on_surface(np.array(shapes, dtype=object)))
            with self._lock:
                self._houses_kept = kept
        return kept[1]

    def _served(self) -> _Held:
        self._current()
        with self._lock:
            token = self._token
            if self._kept_places is None or self._kept_places.token != token:
                found = self.store.records_of(("places", "service_items"))
                self._kept_places = _Held(
                    token,
                    tuple(record_as(Place, row) for row in found["places"]),
                    tuple(record_as(ServiceItem, row) for row in found["service_items"]),
                    tuple(_estates(self._state().records.get("overlays", []))),
                )
            return self._kept_places


def _named(coverage: Coverage, codes: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return areas with their names, in the order of the levels."""
    return [
        {"level": level, "code": code, "name": area.name, "name_en": area.name_en}
        for level, some in codes.items()
        for code in some
        for area in (coverage.area(coverage.row(level, code)),)
    ]


def _lightened(layer: str, frame: gpd.GeoDataFrame) -> Iterator[tuple[int | None, str]]:
    """Yield rank and GeoJSON of the features of a layer that are large enough to be seen."""
    ranks = frame["rank"].to_numpy() if layer == "roads" else [None] * len(frame)
    shapes = shapely.set_precision(
        shapely.simplify(frame.geometry.to_numpy(), 2e-5), 1e-5, mode="pointwise"
    )
    for shape, rank in zip(shapes, ranks, strict=True):
        if shape is not None and not shape.is_empty:
            known = rank is not None and rank == rank  # noqa: PLR0124 - NaN
            yield int(rank) if known else None, shapely.to_geojson(shape)


def _is_held(row: Mapping[str, Any], day: date) -> bool:
    """As `Post.on_duty`, of a row: thousands are asked at a time."""
    first, end = row["valid_from"], row["valid_to"]
    return not row.get("rests") and (first is None or first <= day) and (end is None or day < end)


def no_such_place(code: str) -> NotFound:
    """Return what is raised where there is no such place."""
    return NotFound("There is no such place.", got=code, repair="See /api/places.")


def record_as(kind: Any, row: Mapping[str, Any]) -> Any:
    """Return a stored row as what it is a record of, such as a `Place`."""
    names = {one.name for one in fields(kind)}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k in names})


def _estates(rows: list[dict[str, Any]]) -> list[tuple[Overlay, Any]]:
    return [(record_as(Overlay, row), row["geom"]) for row in rows if row["kind"] == "estate"]


def _pair(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadValue(
            "'near' is not a position.", got=text[:60], allowed="LON,LAT, such as 117.02,36.66"
        ) from error
    return x, y
