"""What the board of ownership reviews decides: a ruling, its overlay, and reports routed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

import shapely

from gridmap.access import EVERYWHERE, Action, Actor, Scope, Subject, reach
from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.routing.decision import Router
from gridmap.routing.departments import DepartmentKind
from gridmap.routing.grounds import circle_around, read_line, read_polygon
from gridmap.routing.overlays import Overlay
from gridmap.routing.reviews import ReviewState
from gridmap.routing.rulings import RULING, Ruling, check_ground, check_reach
from gridmap.store.rulings import Rerouted
from gridmap.times import to_site
from gridmap.workspace.facts_state import FactState
from gridmap.workspace.reviewing import Reviewing

__all__ = ["RulingOutcome", "Rulings"]

_FIELDS = (
    "owner", "items", "document", "valid_from", "valid_to", "polygon", "line", "width_m",
    "radius_m", "overlay", "area", "name", "name_en",
)  # fmt: skip
_GROUNDS = ("polygon", "line", "radius_m", "overlay", "area")


@dataclass(frozen=True)
class RulingOutcome:
    """What a ruling did, or would do when `committed` is False.

    Attributes
    ----------
    review : int
    overlay : Overlay
    ground : Polygon or MultiPolygon
        EPSG:4326.
    rerouted : int
        Open reports of the review that were routed anew.
    settled : int
        Those of them that somebody is known to own now.
    committed : bool
    """

    review: int
    overlay: Overlay
    ground: Any
    rerouted: int
    settled: int
    committed: bool


class Rulings(Reviewing):
    """Reviews are settled here."""

    def rule(
        self,
        number: int,
        body: Mapping[str, Any],
        *,
        commit: bool = True,
        actor: Actor | None = None,
    ) -> RulingOutcome:
        """Settle a review: from now on its ground belongs to an owner, for some items.

        The ruling becomes an overlay of kind ``ruling``; the open reports of the review are
        routed anew; all of it in one transaction.

        Parameters
        ----------
        body : mapping
            ``owner`` (code of a party) and ``document`` are needed, and one of ``polygon``
            (GeoJSON), ``line`` (GeoJSON, with its whole ``width_m``), ``radius_m`` (around the
            place), ``overlay`` (code of one that there is) and ``area`` (``level`` and
            ``code``). ``items`` are those that it holds for, the review's own if left out;
            ``valid_from`` is today, ``valid_to`` open.

        Raises
        ------
        NotAllowed
            For roles that do not settle ownership, and where the review, one of the reports that
            would be routed anew, the ground or the owner lies outside of where the actor may.
        NotFound
            When there is no such review, overlay or area.
        BadValue
            For a ruling that cannot hold; ground is refused with the place at fault.
        Conflict
            When the review was settled, or another ruling was made, meanwhile.
        """
        who, row = self._review_of(number, Action.REVIEW_RULE, actor)
        if row["state"] != ReviewState.OPEN.value:
            raise Conflict("This review is settled.", got=number)
        router = self._router_now(row)
        ruling = self._ruling(body, row, router)
        ground = self._ground(ruling, row, router)
        known = router.answers.overlays
        rulings = [i for i, o in enumerate(known.overlays) if o.kind == RULING]
        check_ground(
            ground,
            ruling,
            district=router.answers.faces.outline,
            place=(row["lon"], row["lat"]),
            rulings=[known.overlays[i] for i in rulings],
            shapes=[known.geometry[i] for i in rulings],
        )
        self._may_give(who, ruling.owner, ground, router)
        overlay = ruling.overlay(f"ruling-{number}", *self._names(body, number, row))
        found = self._reports_under(who, row, ruling, overlay, ground)
        if commit:
            self._bases.keep(one.decision for one in found)
            seen = frozenset(known.overlays[i].code for i in rulings)
            self.store.record_ruling(number, ruling, overlay, ground, found, seen=seen, by=who.name)
            self._expire()
        settled = sum(one.case is None for one in found)
        return RulingOutcome(number, overlay, ground, len(found), settled, commit)

    # -- inside ---------------------------------------------------------------------

    def _router_now(self, row: Mapping[str, Any]) -> Router:
        """Return the router of the edition in force; the overlays are the store's of now."""
        self._expire()
        locator = self.atlas.locator_at(self.clock())
        edition = row["edition"] if locator is None else locator.coverage.edition
        if edition is None:
            raise Conflict("No edition is in force: nothing can be routed.", got=row["id"])
        return self.router(edition, self._known(row["catalogue"]))

    def _ruling(self, body: Mapping[str, Any], row: Mapping[str, Any], router: Router) -> Ruling:
        unknown = [name for name in body if name not in _FIELDS]
        if unknown:
            raise BadValue("A ruling has no such field.", got=", ".join(unknown), allowed=_FIELDS)
        given = {name: value for name, value in body.items() if value is not None}
        grounds = {name: given[name] for name in _GROUNDS if name in given}
        if len(grounds) != 1:
            raise BadValue(
                "A ruling names its ground in one way.", got=", ".join(grounds) or "none",
                allowed=_GROUNDS,
            )  # fmt: skip
        if "line" in grounds:
            grounds["width_m"] = given.get("width_m")
        elif "width_m" in given:
            raise BadValue("Only a line has a width.", got=given["width_m"], allowed="line")
        items = tuple(dict.fromkeys(given.get("items") or [row["item"]]))
        book = router.book
        for item in items:
            book.catalogue.item(str(item))
        if row["item"] is not None and row["item"] not in items:
            raise BadValue(
                "The ruling leaves out the item of the review.", got=items, allowed=row["item"]
            )
        today = to_site(self.clock(), self.zone).date()
        return Ruling(
            owner=self._owner(str(given.get("owner", "")), router),
            items=tuple(book.named(book.catalogue.item(str(item))) for item in items),
            document=str(given.get("document", "")).strip(),
            valid_from=_day(given.get("valid_from"), "valid_from") or today,
            valid_to=_day(given.get("valid_to"), "valid_to"),
            ground=grounds,
        )

    def _owner(self, code: str, router: Router) -> str:
        of_place = {DepartmentKind.SUBDISTRICT, DepartmentKind.COMMUNITY}
        known = {d.code for d in router.book.departments.values() if d.kind in of_place}
        if code in router.parties or code in known:
            return code
        near = get_close_matches(code.upper(), [*router.parties, *known], 5, 0.4)
        raise BadValue(
            "There is no such body that could own it.",
            got=code,
            allowed=near or "codes of departments and of bodies of places",
        )

    def _ground(self, ruling: Ruling, row: Mapping[str, Any], router: Router) -> Any:
        """Return the ground of a ruling; what is not drawn by hand ends with the district."""
        (way, value), *_ = ruling.ground.items()
        if way == "polygon":
            return read_polygon(value)
        if way == "line":
            shape = read_line(value, ruling.ground["width_m"])
        elif way == "radius_m":
            shape = circle_around(row["lon"], row["lat"], float(value))
        elif way == "overlay":
            shape = self._overlay_shape(str(value), router)
        else:
            shape = self._area_shape(value, router)
        within = shapely.intersection(shapely.make_valid(shape), router.answers.faces.outline)
        return _areas_of(within)

    def _overlay_shape(self, code: str, router: Router) -> Any:
        known = router.answers.overlays
        for overlay, shape in zip(known.overlays, known.geometry, strict=True):
            if overlay.code == code and shape is not None:
                return shape
        raise NotFound("There is no such overlay.", got=code)

    def _area_shape(self, value: Any, router: Router) -> Any:
        if not isinstance(value, Mapping) or set(value) != {"level", "code"}:
            raise BadValue("An area is named by its level and code.", got=repr(value)[:100])
        coverage = router.answers.territory.coverage
        at = router.answers.territory.row(str(value["level"]), str(value["code"]))
        if at is None:
            raise NotFound(
                "The edition in force has no such area.", got=f"{value['level']} {value['code']}"
            )
        return coverage.shapes[at]

    def _names(
        self, body: Mapping[str, Any], number: int, row: Mapping[str, Any]
    ) -> tuple[str, str]:
        """Return what the ruling is called in both languages, after its place."""
        name = str(body.get("name") or "").strip()
        if name:
            return name, str(body.get("name_en") or "").strip() or name
        zh, en = self._area_name(row, "zh"), self._area_name(row, "en")
        return f"{zh or ''}确权第{number}号", f"Review {number}{f', {en}' if en else ''}"

    def _may_give(self, who: Actor, owner: str, ground: Any, router: Router) -> None:
        """Refuse ground beyond the areas, and an owner beyond the departments, of who rules."""
        action = Action.REVIEW_RULE
        scopes = [s for s in reach(who, action) if not s.departments or owner in s.departments]
        if not scopes:
            self._may(who, action, Subject({}, (owner,)))
        if all(scope.areas for scope in scopes):
            areas = frozenset().union(*(scope.areas for scope in scopes))
            check_reach(ground, router.answers.territory.ground(areas), Scope(areas))

    def _reports_under(
        self, who: Actor, row: Mapping[str, Any], ruling: Ruling, overlay: Overlay, ground: Any
    ) -> list[Rerouted]:
        """Return the open reports of a review with the routes that the ruling gives them."""
        held = [one["report_id"] for one in row["held"] if one["closed_at"] is None]
        begins = datetime.combine(ruling.valid_from, time(), self.zone)
        facts = self._state().records
        # As the store will give it back.
        record = {**asdict(overlay), "items": list(overlay.items), "geom": ground}
        state = FactState({**facts, "overlays": [*facts.get("overlays", ()), record]})
        routers: dict[tuple[str, str], Router] = {}

        def with_ruling(edition: str, catalogue: str) -> Router:
            key = edition, catalogue
            if key not in routers:
                coverage = self.atlas.named(edition).coverage
                routers[key] = self._router_by(self.books, state, coverage, catalogue)
            return routers[key]

        # What was put right since it was put before the board is another matter.
        about = {row["item"], *(name.rpartition(":")[2] for name in ruling.items)}
        rows = [one for one in map(self.store.report, held) if (one["item"] or "").strip() in about]
        if EVERYWHERE not in reach(who, Action.REVIEW_RULE):
            for one in rows:
                self._may(who, Action.REVIEW_RULE, self.report_subject(one["id"], one))
        return self._routed_anew(rows, max(self.clock(), begins), with_ruling)


def _areas_of(shape: Any) -> Any:
    """Return the polygons of a geometry without lines and points left over from cutting."""
    parts: Sequence[Any] = [
        part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(list(parts))


def _day(given: Any, name: str) -> date | None:
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise BadValue(
            f"'{name}' is no day.", got=str(given)[:40], allowed="a day such as 2026-11-30"
        ) from None
