"""What stands in the district: ground, overlays, parties, places, organisations, rosters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.access import Action, Actor, redact, visible_records
from gridmap.coverage.editions import EditionState
from gridmap.coverage.model import STORED_CRS
from gridmap.coverage.reading.read import split_source
from gridmap.errors import BadValue, Conflict
from gridmap.places.ground import read_ground
from gridmap.places.model import GROUND_LAYERS, POST_KINDS, POST_MODES, POST_ROLES, Place, Post
from gridmap.places.photos import PlacePhoto
from gridmap.places.read import (
    Areas,
    read_organisations,
    read_pictured_places,
    read_posts,
    read_service_items,
)
from gridmap.places.rosters import at_rest, roster_clashes, seen_posts
from gridmap.routing.overlays import OVERLAY_KINDS, Overlay, OverlayMap
from gridmap.routing.parties import Party
from gridmap.routing.read import read_overlays, read_parties
from gridmap.routing.territory import Territory
from gridmap.times import to_site
from gridmap.workspace.facts_state import STATE_KINDS, FactState
from gridmap.workspace.place_photos import PlacePhotos

__all__ = ["FACT_KINDS", "Facts", "FactsOutcome"]

# The layer of `gridmap.access` whose policy each kind of record follows.
POLICY = {"places": "places", "organisations": "organisations", "posts": "rosters"}


# Who may change a kind; overlays and parties decide routes.
_ACTIONS = {
    "places": Action.PLACE_EDIT,
    "service_items": Action.PLACE_EDIT,
    "organisations": Action.PLACE_EDIT,
    "posts": Action.ROSTER_EDIT,
    "ground": Action.GROUND_EDIT,
    **dict.fromkeys(GROUND_LAYERS, Action.GROUND_EDIT),
}

# Records of these are about an area.
_IN_AREAS = frozenset({"service_items", "organisations", "posts"})

# Records of these tables belong into the district.
_IN_DISTRICT = frozenset({"places", "organisations", "overlays"})

FACT_KINDS = (
    "places",
    "service_items",
    "organisations",
    "posts",
    "parties",
    *OVERLAY_KINDS,
    *GROUND_LAYERS,
)


@dataclass(frozen=True)
class FactsOutcome:
    """What an import of records did, or would do when `committed` is False.

    Attributes
    ----------
    unchecked : int
        Records whose area could not be checked, for no edition is published yet.
    outside : tuple of str
        Codes of what touches no area of an edition in force or to come: wrong coordinates, or
        a wrong system of them. Water, roads and other ground go on beyond the district.
    """

    kind: str
    rows: int
    added: int
    changed: int
    committed: bool
    photos: int = 0
    unchecked: int = 0
    outside: tuple[str, ...] = ()


class Facts(PlacePhotos):
    """District records, kept by code."""

    # How many callers have several imports under way that count as one change.
    _gathering = 0

    def put_records(
        self,
        kind: str,
        records: Iterable[Mapping[str, Any]],
        *,
        replace: bool = False,
        actor: Actor | None = None,
    ) -> tuple[int, int]:
        """Store records of a kind; return how many were new and how many were changed.

        See :func:`gridmap.store.records.put_records`.

        Raises
        ------
        BadValue
            Also for an overlay or a post that nothing could be routed by.
        Conflict
            When a post cannot be held beside a stored one.
        """
        self._may(actor, _action(kind))
        rows = [dict(record) for record in records]
        _require_usable(kind, rows)
        if kind == "posts":
            counts = self._put_posts(rows, replace)
        else:
            counts = self.store.put_records(kind, rows, replace=replace)
        self._follow(kind)
        return counts

    def import_records(
        self,
        kind: str,
        source: str | Path,
        *,
        coord_sys: str | None = None,
        encoding: str | None = None,
        replace: bool = False,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> FactsOutcome:
        """Read a file of places, organisations, posts, parties, estates or ground.

        A dry run unless `commit`. A record takes the place of the one with its code; with
        `replace` all others of the kind go.

        Parameters
        ----------
        kind : str
            One of :data:`FACT_KINDS`. Overlays are named by their kind (``estate``), ground
            by its layer (``roads``).
        source : str or Path
            CSV, workbook (.xlsx), GeoPackage, GeoJSON or Shapefile, ``FILE[:LAYER]``. A table of
            places may name photos: files in its own folder or below. A place whose row names
            some has those afterwards and no others; where none is named nothing changes.

        Raises
        ------
        FaultyTable
            With every faulty cell by file, row and column. Areas have to be of an edition in
            force or to come; before one is published, they are counted as `unchecked`.
        Conflict
            When a post cannot be held beside one that was stored meanwhile.
        """
        if kind not in FACT_KINDS:
            raise BadValue("There is no such kind of record.", got=kind, allowed=FACT_KINDS)
        who = self._may(actor, _action(kind))
        self.foreign(split_source(str(source))[0])
        photos: dict[str, tuple[PlacePhoto, ...]] = {}
        areas = self._areas_ahead() if kind in _IN_AREAS else None
        if kind == "places":
            table = kind
            places, photos = self._read_places(source, coord_sys, encoding)
            rows = [asdict(one) for one in places]
        else:
            table, rows = self._read_facts(
                kind, source, coord_sys, encoding, areas=areas, replace=replace
            )
        pictures = sum(map(len, photos.values()))
        unchecked = sum(bool(row.get("area_code")) for row in rows) if areas is None else 0
        outside = self._outside(rows) if table in _IN_DISTRICT else ()
        if not commit:
            return FactsOutcome(kind, len(rows), 0, 0, False, pictures, unchecked, outside)
        alike = {"overlays": {"kind": kind}, "ground": {"layer": kind}}
        if table == "posts":
            added, changed = self._put_posts(rows, replace)
        else:
            added, changed = self.store.put_records(
                table, rows, replace=replace, only=alike.get(table), photos=photos, by=who.name
            )
        self._follow(table)
        return FactsOutcome(kind, len(rows), added, changed, True, pictures, unchecked, outside)

    @contextmanager
    def as_one_change(self) -> Iterator[None]:
        """Keep one state of what answers for reports after several imports, not one of each.

        Reports that come in meanwhile are answered by what is there then, and that is kept
        with them. When an import fails, what was stored before it is kept all the same.
        """
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1
            self._keep_answering()

    def _follow(self, kind: str) -> None:
        """See what was written; keep what answers for reports with its time."""
        self._expire()
        if kind in STATE_KINDS and not self._gathering:
            self._keep_answering()

    def _keep_answering(self) -> None:
        self._bases.keep_state(FactState(self.store.records_of(STATE_KINDS)))

    def _put_posts(self, rows: Sequence[Mapping[str, Any]], replace: bool) -> tuple[int, int]:
        """Store posts, at rest where the other roster of their area holds at that moment."""

        def decide(stored: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
            if not replace:
                _require_free(rows, stored)
            return at_rest(rows, stored)

        return self.store.change_records("posts", decide, replace=replace)

    def _areas_ahead(self) -> Areas | None:
        """Return the areas of the editions in force, to come, and drafted.

        None where nothing is published yet. A roster is made ready before the edition that
        brings its grids is in force.
        """
        found = [locator.coverage for locator in self.atlas.locators_from(self.clock())]
        if not found:
            return None
        drafts = (one for one in self.store.editions() if one.state is EditionState.DRAFT)
        found += [self._stored_coverage(one) for one in drafts]
        return frozenset(
            (names[rank], code)
            for one in found
            for names in [one.levels.names]
            for rank, code in zip(one.rank.tolist(), one.code.tolist(), strict=True)
        )

    def _outside(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        """Return the codes of records that lie in no area in force or to come."""
        covers = [locator.coverage for locator in self.atlas.locators_from(self.clock())]
        shapes = np.empty(len(rows), dtype=object)
        shapes[:] = [_shape_of(row) for row in rows]
        lost = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        for coverage in covers:
            tree = shapely.STRtree(coverage.geometry[coverage.atoms])
            lost[tree.query(shapes, predicate="intersects")[0]] = False
        return tuple(rows[i]["code"] for i in np.flatnonzero(lost).tolist()) if covers else ()

    def _read_places(
        self, source: str | Path, coord_sys: str | None, encoding: str | None
    ) -> tuple[list[Place], dict[str, tuple[PlacePhoto, ...]]]:
        folder = self.photo_folder(split_source(str(source))[0].parent)
        return read_pictured_places(
            source,
            folder,
            coord_sys=coord_sys,
            encoding=encoding,
            categories=self.categories,
        )

    def _read_facts(
        self,
        kind: str,
        source: str | Path,
        coord_sys: str | None,
        encoding: str | None,
        *,
        areas: Areas | None,
        replace: bool,
    ) -> tuple[str, list[dict[str, Any]]]:
        """Return the store's kind and the rows of a file; with `replace` they stand alone."""
        levels = self.levels()
        simple: dict[str, Callable[[], Sequence[Any]]] = {
            "service_items": lambda: read_service_items(
                source, levels=levels, areas=areas, encoding=encoding
            ),
            "posts": lambda: read_posts(
                source,
                levels=levels,
                areas=areas,
                today=to_site(self.clock(), self.zone).date(),
                stored=() if replace else map(_post, self.store.records("posts")),
                encoding=encoding,
            ),
            "parties": lambda: read_parties(source, encoding=encoding),
        }
        if kind in simple:
            return kind, [asdict(one) for one in simple[kind]()]
        if kind == "organisations":
            known = {row["code"] for row in self.store.records("organisations")}
            bodies = read_organisations(
                source,
                levels=levels,
                areas=areas,
                known=known,
                coord_sys=coord_sys,
                encoding=encoding,
            )
            return "organisations", [asdict(body) for body in bodies]
        if kind in OVERLAY_KINDS:
            overlays, shapes = read_overlays(
                source,
                kind,
                parties=self._owners(),
                items=self.books.items(),
                asset_types=self.book.asset_types,
                coord_sys=coord_sys,
                encoding=encoding,
            )
            return "overlays", _with_shapes(overlays, shapes)
        ground, shapes = read_ground(source, kind, coord_sys=coord_sys, encoding=encoding)
        return "ground", _with_shapes(ground, shapes)

    def _owners(self) -> Mapping[str, Party] | None:
        """Return everybody who can own an overlay; None while no body was entered."""
        own = [Party(**row) for row in self.store.records("parties")]
        if not own:
            return None
        known = {d.code: Party(d.code, d.name, d.name_en) for d in self.book.departments.values()}
        locator = self.atlas.locator_at(self.clock())
        if locator is not None:
            known |= {body.code: body for body in Territory(locator.coverage).parties()}
        return known | {party.code: party for party in own}

    def records(self, kind: str, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind with the fields this actor may see, in code order."""
        who = actor or self.actor
        rows = self.place_records() if kind == "places" else self.store.records(kind)
        if kind == "posts":
            return seen_posts(who, rows)
        return visible_records(who, POLICY.get(kind, kind), rows)

    def place_records(self) -> list[dict[str, Any]]:
        """Return all places, each with the visibility that its category gives it."""
        tree = self.categories
        return [
            {**row, "visibility": tree.visibility(row["category"])}
            for row in self.store.records("places")
        ]

    def rosters(self, day: date, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the posts held on a day with the fields this actor may see, in code order."""
        held = [post for post in self.store.records("posts") if Post(**post).on_duty(day)]
        return seen_posts(actor or self.actor, held)

    def catalogue(self, name: str | None = None, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return items, classes and departments as plain records, in table order.

        `name` is that of a further catalogue; `NotFound` when there is no such one.
        """
        book = self.books.of(name)
        found = book.catalogue
        items = [asdict(item) for item in found]
        for item in items:
            item["handling_level"] = item.pop("level")
        record = {
            "name": found.name,
            "label": found.shape.label or found.name,
            "label_en": found.shape.label_en or found.shape.label or found.name,
            "catalogues": list(self.books.by_name),
            "classes": [asdict(one) for one in found.classes.values()],
            "departments": [asdict(one) for one in book.departments.values()],
            "items": items,
        }
        return redact(actor or self.actor, "catalogue", record)

    def ground(self, *, buildings: bool = False) -> dict[str, gpd.GeoDataFrame]:
        """Return water, parks, railways and roads for drawing, by layer (EPSG:4326).

        With `buildings` the houses as well: a document of a whole district would be too large
        with them, a sheet of one estate is empty without.
        """
        layers: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.records("ground"):
            if row["layer"] == "gates" or (row["layer"] == "buildings" and not buildings):
                continue
            layers.setdefault(row["layer"], []).append(row)
        return {
            layer: gpd.GeoDataFrame(rows, geometry="geom", crs=STORED_CRS)
            for layer, rows in layers.items()
        }


def _action(kind: str) -> Action:
    return _ACTIONS.get(kind, Action.RULES_IMPORT)


def _require_usable(kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what the router cannot read: one such record would stop every route."""
    if kind == "overlays":
        shapes = np.empty(len(rows), dtype=object)
        shapes[:] = [row.get("geom") for row in rows]
        OverlayMap([_overlay(row) for row in rows], shapes)
    if kind == "posts":
        for row in rows:
            if row.get("role") not in POST_ROLES or row.get("kind") not in POST_KINDS:
                raise BadValue(
                    f"The post '{row.get('code')}' is of no known role or kind.",
                    got=f"{row.get('role')}, {row.get('kind')}",
                    allowed=[*POST_ROLES, *POST_KINDS],
                )
            if row.get("mode") and row["mode"] not in POST_MODES:
                raise BadValue(
                    f"The post '{row.get('code')}' is of no known roster.",
                    got=row["mode"],
                    allowed=["", *POST_MODES],
                )


def _require_free(rows: Sequence[Mapping[str, Any]], stored: list[dict[str, Any]]) -> None:
    """Refuse a post that cannot be held beside a stored one."""
    posts = [_post(row) for row in rows]
    for n, held, rule in roster_clashes(posts, map(_post, stored)):
        what = f"another of '{held.person}'" if rule == "person" else "its role in its area"
        raise Conflict(
            f"The basic post '{posts[n].code}' cannot be held beside a stored one.",
            got=f"'{held.code}', {what}",
            repair="Put its last day into the same table, or replace all posts.",
        )


def _post(row: Mapping[str, Any]) -> Post:
    needed = dict.fromkeys(("code", "person", "name", "role", "kind", "level", "area_code"), "")
    return Post(**{**needed, **_given(row, Post)})


def _overlay(row: Mapping[str, Any]) -> Overlay:
    return Overlay(**{"code": "", "kind": "", "name": "", **_given(row, Overlay)})


def _shape_of(row: Mapping[str, Any]) -> shapely.Geometry | None:
    """Where a record lies: its geometry, or its position."""
    if "geom" in row:
        return row["geom"]
    return None if row.get("lon") is None else shapely.Point(row["lon"], row["lat"])


def _given(row: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    known = {field.name for field in fields(kind)}
    return {name: value for name, value in row.items() if name in known}


def _with_shapes(records: Iterable[Any], shapes: NDArray[np.object_]) -> list[dict[str, Any]]:
    return [{**asdict(one), "geom": shape} for one, shape in zip(records, shapes, strict=True)]
