"""Overlays among themselves: who contradicts whom, who is never asked, who is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.routing.answers import Answers
from gridmap.routing.overlays import ASSET, OVERLAY_KINDS, Overlay, class_rank
from gridmap.routing.owner import estate_firm
from gridmap.routing.route_faults import RouteFault, of_overlays
from gridmap.routing.spots import Spots

__all__ = ["overlay_faults"]

Geometries = NDArray[np.object_]

# Square degrees, about 1 m²: two red lines that overlap by less were meant to touch.
_TOUCH = 1e-10
# Places within an overlay that ended, asked for who answers there now.
_SAMPLES = 16
# Without an owner these decide nothing; a park or a river strip leaves it to the department.
_NEED_OWNER = (ASSET, "construction_site", "exclusive_site")


def overlay_faults(answers: Answers, places: Spots, day: date) -> Iterator[RouteFault]:
    """Yield what is wrong with the overlays of a router on a day."""
    yield from _conflicting(answers, day)
    yield from _shadowed(answers, places, day)
    yield from _ownerless(answers, day)
    yield from _unknown_owners(answers, day)
    yield from _unknown_items(answers, day)
    yield from _out_of_force(answers, day)


def _live(answers: Answers, day: date) -> list[int]:
    overlays = answers.overlays
    there = np.flatnonzero(has_shape(overlays.geometry)).tolist()
    return [o for o in there if overlays.overlays[o].in_force(day)]


def _inside(answers: Answers, row: int) -> shapely.Geometry:
    return shapely.point_on_surface(polygonal(answers.overlays.geometry[[row]])[0])


# -- contradictions -----------------------------------------------------------------------------


def _conflicting(answers: Answers, day: date) -> Iterator[RouteFault]:
    """Overlays of one kind and priority that overlap and name different owners for one item.

    The smaller code would win, which is a rule for machines, not a decision.
    """
    overlays, live = answers.overlays, _live(answers, day)
    shapes = polygonal(overlays.geometry)
    drawn = polygonal(overlays.geometry[live]) if live else np.empty(0, dtype=object)
    one, other = shapely.STRtree(drawn).query(drawn, predicate="intersects")
    for i, j in zip(one[one < other].tolist(), other[one < other].tolist(), strict=True):
        a, b = live[i], live[j]
        first, second = overlays.overlays[a], overlays.overlays[b]
        if not _contradict(answers, first, second):
            continue
        if first.kind == ASSET:
            # Of two assets the nearer one decides: only at one place nobody can tell.
            if shapely.equals(overlays.drawn[a], overlays.drawn[b]):
                point = shapely.point_on_surface(overlays.drawn[a])
                yield of_overlays(
                    "conflicting", "error", (first, second), point, "proof.conflicting"
                )
            continue
        shared = shapely.intersection(shapes[a], shapes[b])
        if shapely.area(shared) > _TOUCH:
            point = shapely.point_on_surface(shared)
            yield of_overlays("conflicting", "error", (first, second), point, "proof.conflicting")


def _contradict(answers: Answers, one: Overlay, other: Overlay) -> bool:
    if (one.kind, one.priority) != (other.kind, other.priority):
        return False
    if one.kind == "road" and class_rank(one) != class_rank(other):
        return False
    claims = _claimant(answers, one), _claimant(answers, other)
    if "" in claims or claims[0] == claims[1]:
        return False
    own, theirs = _items(answers, one), _items(answers, other)
    return not own or not theirs or bool(own & theirs)


def _claimant(answers: Answers, overlay: Overlay) -> str:
    """Return who an overlay says owns it; empty if nobody."""
    if overlay.kind == "estate":
        return estate_firm(overlay) if overlay.managed else "open"
    if overlay.kind == "street_front":
        return overlay.owner or "SQ"
    if overlay.kind == "road" and not overlay.owner:
        known = answers.book.road_classes.get(overlay.road_class)
        return known.department if known is not None else ""
    return overlay.owner


def _items(answers: Answers, overlay: Overlay) -> frozenset[str]:
    """Return the items that an overlay answers alone; empty for those of its kind."""
    known = answers.book.asset_types.get(overlay.asset_type)
    if not overlay.items and known is not None:
        return frozenset(known.items)
    return frozenset(overlay.items)


# -- never asked -----------------------------------------------------------------------------------


def _shadowed(answers: Answers, places: Spots, day: date) -> Iterator[RouteFault]:
    """Overlays in force that decide no item anywhere, for others of their kind come first."""
    overlays, live = answers.overlays, _live(answers, day)
    asked: set[int] = set()
    for there in places.together:
        for n, o in enumerate(there):
            if o not in asked and not any(_hides(answers, before, o) for before in there[:n]):
                asked.add(o)
    coverage = answers.territory.coverage
    ground = shapely.STRtree(polygonal(coverage.geometry[coverage.atoms]))
    for o in live:
        if o in asked:
            continue
        shape = polygonal(overlays.geometry[[o]])[0]
        beyond = not len(ground.query(shape, predicate="intersects"))
        rule = "proof.beyond" if beyond else "proof.shadowed"
        point = _inside(answers, o)
        yield of_overlays("shadowed", "warning", (overlays.overlays[o],), point, rule)


def _hides(answers: Answers, before: int, after: int) -> bool:
    """True when the first of two overlays at a place leaves nothing to the second."""
    one, other = answers.overlays.overlays[before], answers.overlays.overlays[after]
    if one.kind != other.kind:
        return False
    own, theirs = _items(answers, one), _items(answers, other)
    return not own or bool(theirs and theirs <= own)


# -- who owns them, and what they name ------------------------------------------------------------


def _ownerless(answers: Answers, day: date) -> Iterator[RouteFault]:
    """Assets and sites that decide nothing, for nobody is known to own them; one a kind."""
    known = answers.overlays.overlays
    for kind in _NEED_OWNER:
        rows = [o for o in _live(answers, day) if known[o].kind == kind and not known[o].owner]
        if rows:
            point = _inside(answers, rows[0])
            some = [known[o] for o in rows]
            name, name_en = OVERLAY_KINDS[kind]
            yield of_overlays(
                "ownerless", "warning", some, point, "proof.ownerless",
                layer=name, layer_en=name_en, places=str(len(rows)),
            )  # fmt: skip


def _unknown_owners(answers: Answers, day: date) -> Iterator[RouteFault]:
    """Owners that are entered nowhere; one fault for each."""
    named: dict[str, list[int]] = {}
    by_place = {d.code for d in answers.book.departments.values() if d.by_place}
    for o in _live(answers, day):
        owner = answers.overlays.overlays[o].owner
        if owner and owner not in answers.parties and owner not in by_place:
            named.setdefault(owner, []).append(o)
    for owner, rows in sorted(named.items()):
        some = [answers.overlays.overlays[o] for o in rows]
        point = _inside(answers, rows[0])
        yield of_overlays("unknown_body", "warning", some, point, "proof.unknown_owner", body=owner)


def _unknown_items(answers: Answers, day: date) -> Iterator[RouteFault]:
    """Items and types that are in no table; one fault for each."""
    book = answers.book
    names = {book.named(item) for item in book.catalogue}
    items: dict[str, list[int]] = {}
    types: dict[str, list[int]] = {}
    for o in _live(answers, day):
        overlay = answers.overlays.overlays[o]
        for item in overlay.items:
            # What belongs to another catalogue is that one's business.
            if item not in names and ":" not in item and book.of_site:
                items.setdefault(item, []).append(o)
        if overlay.asset_type and not overlay.items and overlay.asset_type not in book.asset_types:
            types.setdefault(overlay.asset_type, []).append(o)
    for kind, found in (("unknown_item", items), ("unknown_type", types)):
        for name, rows in sorted(found.items()):
            some = [answers.overlays.overlays[o] for o in rows]
            point = _inside(answers, rows[0])
            about = (name,) if kind == "unknown_item" else ()
            yield of_overlays(kind, "error", some, point, f"proof.{kind}", items=about, what=name)


# -- not in force ----------------------------------------------------------------------------------


def _out_of_force(answers: Answers, day: date) -> Iterator[RouteFault]:
    overlays = answers.overlays
    for o in np.flatnonzero(has_shape(overlays.geometry)).tolist():
        one = overlays.overlays[o]
        if one.in_force(day):
            continue
        point = _inside(answers, o)
        if one.valid_to is None or one.valid_to > day:
            since = str(one.valid_from)
            yield of_overlays("not_yet", "info", (one,), point, "proof.not_yet", day=since)
            continue
        items, hole = _hole(answers, o, day)
        rule = "proof.expired_hole" if items else "proof.expired"
        yield of_overlays(
            "expired", "error" if items else "warning", (one,), hole if items else point, rule,
            items=items, day=str(one.valid_to), count=str(len(items)),
        )  # fmt: skip


def _hole(answers: Answers, row: int, day: date) -> tuple[tuple[str, ...], shapely.Geometry]:
    """Return the items that nobody owns since an overlay ended, and a place where that shows.

    It answered them as long as it was in force, and nobody took over.
    """
    one = answers.overlays.overlays[row]
    if not one.owner:
        return (), None
    ours = [code for code in answers.known if answers.relevant(code, (row,)) != ((), ())]
    for point, seat in _samples(answers, row):
        touched = answers.overlays.around(np.array([point.x]), np.array([point.y])).touched[0]
        now = answers.in_force(touched, day)
        before = tuple(sorted({*now, row}))
        lost = tuple(
            code
            for code in ours
            if answers.owner(code, seat, now).review
            and not answers.owner(code, seat, before).review
        )
        if lost:
            return lost, point
    return (), None


def _samples(answers: Answers, row: int) -> Iterator[tuple[shapely.Geometry, int]]:
    """Yield places within an overlay, one an area, with the number of the seat there."""
    territory, shape = answers.territory, polygonal(answers.overlays.geometry[[row]])[0]
    coverage = territory.coverage
    rows = coverage.atoms[has_shape(coverage.geometry[coverage.atoms])]
    atoms = polygonal(coverage.geometry[rows])
    near = np.flatnonzero(shapely.intersects(atoms, shape))[:_SAMPLES]
    for part, atom in zip(shapely.intersection(atoms[near], shape), rows[near], strict=True):
        if shapely.area(part) > _TOUCH / 100:
            yield shapely.point_on_surface(part), territory.seat_of[int(atom)]
