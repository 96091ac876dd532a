"""What the board of ownership reviews looks at: the place, who could own it, what was ruled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely

from gridmap.access import Action, Actor, Scope, reach, require
from gridmap.crs import metres_per_degree
from gridmap.routing.decision import Router
from gridmap.routing.overlays import OVERLAY_KINDS, Overlay
from gridmap.routing.rulings import RULING
from gridmap.times import to_site
from gridmap.workspace.ruling import Rulings

if TYPE_CHECKING:
    from gridmap.maps.sketch import Sketch

__all__ = ["Board", "surroundings"]

_REACH_M = 150.0


class Board(Rulings):
    """For the page on which ownership is settled."""

    def review_sketch(self, number: int, *, lang: str = "zh", actor: Actor | None = None) -> Sketch:
        """Return a drawing of a review's place: borders, overlays, rulings, its reports."""
        from gridmap.maps.sketch import Sketch

        _, row = self._review_of(number, Action.REVIEW_SEE, actor)
        if row["lon"] is None:
            return Sketch()
        place = (row["lon"], row["lat"])
        spots = [
            ("report", f"#{one['report_id']}", one["lon"], one["lat"])
            for one in row["held"]
            if one["lon"] is not None
        ]
        spots.append(("place", "", *place))
        own = (row["area_level"], row["area_code"])
        today = self.clock().astimezone(self.zone).date()
        return surroundings(self._router_now(row), spots, own=own, today=today, lang=lang)

    def rulings(self, *, lang: str = "zh", actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the rulings within reach as GeoJSON features, for staff, by their codes.

        A ruling is about its ground and its owner: it is within reach where its ground meets the
        actor's areas, if they have any, and its owner is one of their departments, if they have
        any. Those that have ended, or do not hold yet, are among them: ``in_force`` tells. One
        that was imported, and not made by the board here, has no ``review``.
        """
        who = actor or self.actor
        require(who, "reviews")
        scopes = reach(self._may(who, Action.REVIEW_SEE), Action.REVIEW_SEE)
        today = to_site(self.clock(), self.zone).date()
        reviews = self.store.reviews_ruled()
        locator = self.atlas.locator_at(self.clock())
        edition = None if locator is None else locator.coverage.edition
        lands = [(scope.departments, self._land(scope, edition)) for scope in scopes]
        found = []
        for record in self.store.records("overlays"):
            one = Overlay(**{name: value for name, value in record.items() if name != "geom"})
            shape = record["geom"]
            if one.kind != RULING or not any(
                (not bodies or one.owner in bodies) and (land is None or _meets(land, shape))
                for bodies, land in lands
            ):
                continue
            english = lang == "en" and one.name_en
            properties = {
                "code": one.code,
                "name": one.name_en if english else one.name,
                "owner": one.owner,
                "owner_name": self._named(edition, one.owner, lang),
                "items": list(one.items),
                "source": one.source,
                "valid_from": str(one.valid_from),
                "valid_to": None if one.valid_to is None else str(one.valid_to),
                "in_force": one.in_force(today),
                "review": reviews.get(one.code),
            }
            geometry = None if shape is None else orjson.loads(shapely.to_geojson(shape))
            found.append({"type": "Feature", "geometry": geometry, "properties": properties})
        return found

    def _land(self, scope: Scope, edition: str | None) -> Any:
        """Return the ground of a scope's areas, prepared; None where areas do not narrow it."""
        if not scope.areas:
            return None
        if edition is None:
            return shapely.Polygon()
        land = self.router(edition).answers.territory.ground(scope.areas)
        shapely.prepare(land)
        return land

    def possible_owners(
        self, number: int, *, lang: str = "zh", actor: Actor | None = None
    ) -> list[tuple[str, str]]:
        """Return code and name of everybody who could own what a review is about."""
        _, row = self._review_of(number, Action.REVIEW_SEE, actor)
        parties = self._router_now(row).parties
        return [(code, parties[code].label(lang)) for code in parties]

    def overlays_at(
        self, number: int, *, lang: str = "zh", actor: Actor | None = None
    ) -> list[tuple[str, str]]:
        """Return code and name of the overlays that lie at a review's place today."""
        _, row = self._review_of(number, Action.REVIEW_SEE, actor)
        if row["lon"] is None:
            return []
        known = self._router_now(row).answers.overlays
        today = self.clock().astimezone(self.zone).date()
        at = np.array([row["lon"]]), np.array([row["lat"]])
        found = [known.overlays[o] for o in known.around(*at).touched[0]]
        return [(o.code, _label(o, lang)) for o in found if o.in_force(today)]


def surroundings(
    router: Router,
    spots: Sequence[tuple[str, str, float, float]],
    *,
    own: tuple[str | None, str | None],
    today: date,
    lang: str,
) -> Sketch:
    """Draw what lies around some places: borders, overlays and rulings in force on a day.

    Parameters
    ----------
    spots : sequence of (kind, label, lon, lat)
        EPSG:4326; at least one.
    own : level and code
        Of the area that is told apart from the others.
    """
    from gridmap.maps.sketch import sketch

    kx, ky = metres_per_degree(spots[-1][3])
    lons, lats = [s[2] for s in spots], [s[3] for s in spots]
    more_x, more_y = 3 * _REACH_M / float(kx), 3 * _REACH_M / float(ky)
    window = shapely.box(
        min(lons) - more_x, min(lats) - more_y, max(lons) + more_x, max(lats) + more_y
    )
    shapely.prepare(window)
    coverage = router.answers.territory.coverage
    shapes: list[tuple[str, str, Any]] = []
    for at in coverage.atoms[shapely.intersects(window, coverage.geometry[coverage.atoms])]:
        name = coverage.levels[int(coverage.rank[at])].name
        kind = "own" if own == (name, str(coverage.code[at])) else "atom"
        shapes.append((kind, "", coverage.geometry[at]))
    known = router.answers.overlays
    for overlay, shape in zip(known.overlays, known.geometry, strict=True):
        if shape is None or not overlay.in_force(today) or not window.intersects(shape):
            continue
        kind = "ruling" if overlay.kind == RULING else "overlay"
        shapes.append((kind, _label(overlay, lang), shape))
    return sketch(shapes, spots, reach_m=_REACH_M)


def _meets(land: Any, shape: Any) -> bool:
    """True when ground lies in some land, and does not only border it."""
    return bool(shape is not None and land.intersects(shape) and not land.touches(shape))


def _label(overlay: Overlay, lang: str) -> str:
    kind = OVERLAY_KINDS[overlay.kind][lang == "en"]
    name = (overlay.name_en if lang == "en" else "") or overlay.name
    return f"{kind} {name}".strip()
