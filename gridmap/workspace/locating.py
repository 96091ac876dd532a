"""Points to areas, and areas by code."""

from __future__ import annotations

import time
from bisect import bisect_right
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.access import Actor, may_see, redact, require
from gridmap.coverage.editions import Edition, EditionState
from gridmap.coverage.families import BASE, Family
from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.locate.atlas import Atlas
from gridmap.locate.borders import Floats
from gridmap.locate.locator import AreaColumns
from gridmap.locate.model import Location, Locations, Points
from gridmap.workspace.base import REFRESH_SECONDS, Base

__all__ = ["Locating"]


class Locating(Base):
    """What everybody asks: which area holds this point, and what is that area."""

    def locate(
        self,
        x: float,
        y: float,
        *,
        coord_sys: str = "wgs84",
        accuracy_m: float | None = None,
        at: str | datetime | None = None,
        level: str | None = None,
        actor: Actor | None = None,
    ) -> Location:
        """Return the areas that hold one point; see :class:`gridmap.locate.model.Location`."""
        require(actor or self.actor, "locations")
        return self.atlas.locate_one(
            x,
            y,
            coord_sys=coord_sys,
            accuracy_m=accuracy_m,
            at=self._moment(at),
            now=self.clock(),
            level=level,
        )

    def locate_at_hand(
        self, x: float, y: float, *, coord_sys: str = "wgs84", actor: Actor | None = None
    ) -> dict[str, Location] | None:
        """Return where one point lies now, by family of grids; None when that has to wait.

        Exactly what :meth:`locate` and :meth:`locate_in_families` answer, the base grids by
        name among the families. Nothing is read from the store, so that a caller who must
        not wait may ask: None means the store is to be asked first, by those.
        """
        who = actor or self.actor
        require(who, "locations")
        answering = self._at_hand()
        if answering is None:
            return None
        atlases, families = answering
        now = self.clock()
        found = {}
        for family in families:
            if may_see(who, family.visibility):
                atlas = atlases[family.name]
                if not atlas.has_at_hand(now):
                    return None
                found[family.name] = atlas.locate_one(x, y, coord_sys=coord_sys, now=now)
        return found

    def compact_at_hand(
        self, lon: Floats, lat: Floats, *, actor: Actor | None = None
    ) -> tuple[str, AreaColumns] | None:
        """Return edition, areas and statuses of plain points now, when that need not wait.

        In the base grids, as :meth:`locate_many` with `areas_only` answers; see
        :meth:`gridmap.locate.atlas.Atlas.compact`. None: ask by that method.
        """
        require(actor or self.actor, "locations")
        answering, now = self._at_hand(), self.clock()
        if answering is None or not answering[0][BASE].has_at_hand(now):
            return None
        return answering[0][BASE].compact(lon, lat, now)

    def _at_hand(self) -> tuple[dict[str, Atlas], list[Family]] | None:
        # Without the lock: who holds it may be reading the store.
        self.keep_fresh()
        fresh = time.monotonic() - self._checked < REFRESH_SECONDS
        return self._answering if fresh else None

    def codes_at(
        self, spots: NDArray[np.float64], edition: str, *, actor: Actor | None = None
    ) -> dict[str, NDArray[np.object_]]:
        """Return by level the codes of the areas that points (degrees, (n, 2)) lie in."""
        points = Points(spots[:, 0].copy(), spots[:, 1].copy())
        found = self.locate_many(points, edition=edition, areas_only=True, actor=actor)
        return {level: found.codes[level] for level in found.levels.names}

    def locate_many(
        self,
        points: Points,
        *,
        level: str | None = None,
        edition: str | None = None,
        family: str = BASE,
        margins: bool = False,
        areas_only: bool = False,
        actor: Actor | None = None,
    ) -> Locations:
        """Return the areas of a family of grids that hold each of many points, as arrays.

        With `areas_only` the areas and statuses alone, much faster; see
        :meth:`gridmap.locate.atlas.Atlas.locate`.
        """
        who = actor or self.actor
        require(who, "locations")
        self._may_see_family(family, who)
        return self.atlas_of(family).locate(
            points,
            now=self.clock(),
            level=level,
            edition=edition,
            margins=margins,
            areas_only=areas_only,
        )

    def areas(
        self,
        level: str,
        *,
        parent: str | None = None,
        at: str | datetime | None = None,
        limit: int | None = None,
        offset: int = 0,
        actor: Actor | None = None,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many areas of a level are in force at a moment, and a page of them.

        In code order; `limit` None means all from `offset` on. `parent` keeps the areas
        whose parent has that code.
        """
        who = actor or self.actor
        coverage = self.coverage_at(at)
        rows = coverage.rows(level)
        if parent is not None:
            above = coverage.parent[rows]
            rows = rows[(above >= 0) & (coverage.code[above] == parent)]
        page = rows[offset:] if limit is None else rows[offset : offset + limit]
        return len(rows), [redact(who, "areas", self._record(coverage, int(r))) for r in page]

    def area(
        self,
        level: str,
        code: str,
        *,
        at: str | datetime | None = None,
        geometry: bool = False,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Return one area in force at a moment, with its geometry as a mapping if asked.

        Rings are as GeoJSON has them: counter-clockwise outside, clockwise around holes.
        """
        coverage = self.coverage_at(at)
        row = coverage.row(level, code)
        record = self._record(coverage, row)
        if geometry:
            shape = coverage.shapes[row]
            record["geometry"] = None if shape is None else _geojson(shape)
        return redact(actor or self.actor, "areas", record)

    def coverage_at(self, at: str | datetime | None = None) -> Coverage:
        """Return the coverage in force at a moment; `NotFound` when there is none."""
        moment = self._moment(at) or self.clock()
        locator = self.atlas.locator_at(moment)
        if locator is None:
            raise NotFound(
                "No edition is in force at that time.",
                got=moment.isoformat(),
                allowed=[
                    f"{e.name} from {e.effective_from.isoformat()}"
                    for e in self.store.editions(BASE)
                    if e.state is EditionState.PUBLISHED and e.effective_from
                ]
                or "no published edition yet",
                repair="Publish one: gridmap publish EDITION --from DATE --commit.",
            )
        return locator.coverage

    def edition_at(self, at: str | datetime | None = None, *, family: str = BASE) -> Edition | None:
        """Return the edition of a family in force at a moment, or None."""
        moment = self._moment(at) or self.clock()
        editions = self._current()[1]
        return next((e for e in editions if e.family == family and e.in_force(moment)), None)

    def next_change(self, moment: datetime) -> datetime | None:
        """Return when the next edition of any family comes into force after a moment."""
        self._current()
        return self.next_change_at_hand(moment)

    def next_change_at_hand(self, moment: datetime) -> datetime | None:
        """Return what :meth:`next_change` does, by the editions that answer: nothing waits."""
        starts = self._starts
        place = bisect_right(starts, moment)
        return starts[place] if place < len(starts) else None

    def _record(self, coverage: Coverage, row: int) -> dict[str, Any]:
        area = coverage.area(row)
        lon, lat = coverage.label_points[row]
        return {
            "level": area.level,
            "code": area.code,
            "name": area.name,
            "name_en": area.name_en,
            "kind": area.kind,
            "provisional": area.provisional,
            "parent_level": area.parent_level,
            "parent_code": area.parent_code,
            "edition": coverage.edition,
            "lon": None if np.isnan(lon) else round(float(lon), 7),
            "lat": None if np.isnan(lat) else round(float(lat), 7),
        }


def _geojson(shape: Any) -> dict[str, Any]:
    mapping: dict[str, Any] = shapely.geometry.mapping(shapely.orient_polygons(shape))
    return mapping
