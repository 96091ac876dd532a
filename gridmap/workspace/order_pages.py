"""Orders as pages show them: names for codes, the place drawn, and what may be done now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridmap.access import Action, Actor, Subject, may, redact
from gridmap.cases.model import Order
from gridmap.errors import NotFound
from gridmap.routing.decision import Router
from gridmap.routing.overlays import Overlay
from gridmap.routing.parties import COMMUNITY, EXCLUSIVE_UNIT, SUBDISTRICT, party_code
from gridmap.workspace.board import surroundings
from gridmap.workspace.openings import Opening
from gridmap.workspace.photographing import Photographing

if TYPE_CHECKING:
    from gridmap.maps.sketch import Sketch

__all__ = ["OrderPage", "OrderPages"]

# Fields of events that hold codes of departments and other bodies.
_BODIES = ("lead", "department", "co_departments", "departments")


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Everything that the page of one order shows.

    Attributes
    ----------
    order : dict
        As :meth:`Ordering.order` gives it.
    openings : list of Opening
        What the actor may do with it now.
    item_name : str or None
    areas : list of dict
        ``level``, ``label``, ``code`` and ``name`` of each area that holds it, coarse to fine.
    names : dict of code to str
        Of all bodies it names.
    people : dict of account to str
        How those who acted are called, where they are called otherwise than their accounts.
    bodies : list of (code, name)
        Who it can be sent to, those of its place first.
    reporter : dict or None
        Masked; None when it names nobody.
    may_read_reporter : bool
        True for its current handler.
    reviews : list of int
        Ownership reviews that it is or was in.
    pauses : list of dict
    photos : list of dict or None
        What is told of its photos; None for who may not see them.
    may_add_photo : bool
    drawing : Sketch
    """

    order: dict[str, Any]
    openings: list[Opening]
    item_name: str | None
    areas: list[dict[str, str]]
    names: dict[str, str]
    people: dict[str, str]
    bodies: list[tuple[str, str]]
    reporter: dict[str, Any] | None
    may_read_reporter: bool
    reviews: list[int]
    pauses: list[dict[str, Any]]
    photos: list[dict[str, Any]] | None
    may_add_photo: bool
    drawing: Sketch


class OrderPages(Photographing):
    """For the pages on which work orders are handled."""

    def order_page(self, number: int, *, lang: str = "zh", actor: Actor | None = None) -> OrderPage:
        """Return what the page of an order shows; errors as of `order`."""
        who = actor or self.actor
        record = self.order(number, lang=lang, actor=who)
        order, row = self.store.order(number), self.store.report(number)
        history = self.report_history(number, lang=lang, actor=who)
        router = self._router_shown(row["edition"])
        reporter = self.masked_reporter(number)
        shown = redact(who, "reports", {"reporter": reporter}).get("reporter")
        subject = self.report_subject(number, row)
        sees = may(who, Action.PHOTO_SEE, subject)
        return OrderPage(
            order=record,
            openings=self._openings(who, order),
            item_name=self._item_name(order.item, lang, order.catalogue),
            areas=self._areas_named(router, order.areas, lang),
            names=self._body_names(_bodies_in(record), lang),
            people=self._people(event["by"] for event in record["history"]),
            bodies=self._sendable(order, row, lang),
            reporter=shown,
            may_read_reporter=self._readable(who, number, row, reporter),
            reviews=history["reviews"],
            pauses=history["pauses"],
            photos=self.photos(number, actor=who) if sees else None,
            may_add_photo=row["closed_at"] is None and may(who, Action.ORDER_COMMENT, subject),
            drawing=self._drawing(router, order, row, lang),
        )

    def order_rows(
        self, *, lang: str = "zh", actor: Actor | None = None, **asked: Any
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return `orders` with the names of item and place, for lists that people read."""
        total, found = self.orders(lang=lang, actor=actor, **asked)
        router = self._router_shown(None) if found else None
        return total, [self._row_named(router, one, lang) for one in found]

    def unowned_orders(
        self, *, limit: int = 20, offset: int = 0, lang: str = "zh", actor: Actor | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return orders that wait for a person to say who owns them, with who may.

        Each has ``candidates`` (code and name of every body that some place within the
        accuracy, or some ground there, leads to), ``bodies`` (all it can be sent to), the
        ``explanation`` of its route, and ``reviews``, the ownership reviews it is in.
        """
        who = self._may(actor, Action.ORDER_DISPATCH)
        total, rows = self.order_rows(
            limit=limit, offset=offset, sort="due", unowned=True, lang=lang, actor=who
        )
        return total, [one | self._in_doubt(one["number"], who, lang) for one in rows]

    def addressees(
        self, number: int | None = None, *, lang: str = "zh", actor: Actor | None = None
    ) -> list[tuple[str, str]]:
        """Return code and name of those a supervision order can be sent to.

        Of an order those that have it come first, then those of its place.
        """
        who = self._may(actor, Action.SUPERVISION_ISSUE)
        if number is not None:
            order = self.store.order(number)
            self._may(who, Action.ORDER_READ, self._subject(order))
            return self._sendable(order, self.store.report(number), lang)
        whole = [d.code for d in self.book.departments.values() if not d.by_place]
        known = self._bodies_known()
        return [(code, known[code].label(lang)) for code in whole if code in known]

    # -- inside ---------------------------------------------------------------------

    def _in_doubt(self, number: int, who: Actor, lang: str) -> dict[str, Any]:
        order, row = self.store.order(number), self.store.report(number)
        options = self._candidates(order, row)
        names = self._body_names(options, lang)
        report = redact(who, "reports", self._shown(row, lang))
        return {
            "candidates": [(code, names[code]) for code in options],
            "bodies": self._sendable(order, row, lang),
            "text": report.get("text"),
            "explanation": report["explanation"],
            "reviews": self.store.report_history(number)["reviews"],
        }

    def _candidates(self, order: Order, row: Mapping[str, Any]) -> list[str]:
        """Return who the places lead to where the report may be, then whose ground is there."""
        try:
            decision = self.route_again(order.number, order.item)
        except NotFound:
            # Its edition was withdrawn: the ground is asked alone.
            found: list[str] = []
        else:
            found = [*decision.options, decision.department, *decision.co_departments]
        owners = [overlay.owner for overlay in self._overlays_there(row)]
        known = self._bodies_known()
        return [code for code in dict.fromkeys((*found, *owners)) if code and code in known]

    def _overlays_there(self, row: Mapping[str, Any]) -> list[Overlay]:
        """Return the overlays in force today that lie at a report's place."""
        router = self._router_shown(None)
        if router is None or row["lon"] is None:
            return []
        known = router.answers.overlays
        today = self.clock().astimezone(self.zone).date()
        around = known.around(np.array([row["lon"]]), np.array([row["lat"]]))
        found = [known.overlays[o] for o in around.touched[0]]
        return [overlay for overlay in found if overlay.in_force(today)]

    def _sendable(self, order: Order, row: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
        """Return whom an order can be sent to: those of its place, then all departments."""
        known = self._bodies_known()
        offices = [
            party_code(kind, code)
            for code in order.areas.values()
            for kind in (COMMUNITY, SUBDISTRICT, EXCLUSIVE_UNIT)
        ]
        owners = [overlay.owner for overlay in self._overlays_there(row)]
        whole = [d.code for d in self.book.departments.values() if not d.by_place]
        codes = dict.fromkeys((*order.bodies, *owners, *offices, *whole))
        return [(code, known[code].label(lang)) for code in codes if code in known]

    def _router_shown(self, edition: str | None) -> Router | None:
        """Return the router of an edition, of the one in force when it is gone or none is named."""
        if edition is not None:
            try:
                return self.router(edition)
            except NotFound:
                pass
        found = self.atlas.locator_at(self.clock())
        return None if found is None else self.router(found.coverage.edition)

    def _areas_named(
        self, router: Router | None, areas: Mapping[str, str], lang: str
    ) -> list[dict[str, str]]:
        found = []
        for level in self.levels():
            code = areas.get(level.name)
            if code is None:
                continue
            territory = None if router is None else router.answers.territory
            at = None if territory is None else territory.row(level.name, code)
            name = code if at is None or territory is None else territory.label(at)[lang == "en"]
            label = level.label_en if lang == "en" and level.label_en else level.label
            found.append({"level": level.name, "label": label, "code": code, "name": name})
        return found

    def _row_named(
        self, router: Router | None, record: Mapping[str, Any], lang: str
    ) -> dict[str, Any]:
        named = self._areas_named(router, record["areas"], lang)
        return dict(record) | {
            "item_name": self._item_name(record["item"] or "", lang, record["catalogue"]),
            "place": _without_repeats([one["name"] for one in named]),
        }

    def _people(self, names: Iterable[str]) -> dict[str, str]:
        wanted = set(names)
        return {a.name: a.label for a in self.store.users() if a.label and a.name in wanted}

    def _readable(
        self,
        who: Actor,
        number: int,
        row: Mapping[str, Any],
        reporter: Mapping[str, Any] | None,
    ) -> bool:
        """True when the actor may read in the clear whom a report names."""
        if reporter is None or not reporter["readable"] or reporter["anonymised_at"] is not None:
            return False
        subject: Subject = self.report_subject(number, row)
        return may(who, Action.PERSONAL_READ, subject) and self.is_current_handler(who, number, row)

    def _drawing(
        self, router: Router | None, order: Order, row: Mapping[str, Any], lang: str
    ) -> Sketch:
        from gridmap.maps.sketch import Sketch

        if router is None or row["lon"] is None:
            return Sketch()
        levels = [level.name for level in self.levels() if level.name in order.areas]
        finest = (levels[-1], order.areas[levels[-1]]) if levels else (None, None)
        today = self.clock().astimezone(self.zone).date()
        spots = [("place", f"#{order.number}", row["lon"], row["lat"])]
        return surroundings(router, spots, own=finest, today=today, lang=lang)


def _without_repeats(names: Sequence[str]) -> list[str]:
    """Return names, coarse to fine, without those that the next one begins with."""
    further = [*names, ""][1:]
    return [name for name, finer in zip(names, further, strict=True) if not finer.startswith(name)]


def _bodies_in(record: Mapping[str, Any]) -> set[str]:
    """Return the codes of all bodies that an order and its history name."""
    found = {record["lead"], *(part["department"] for part in record["co"])}
    for whistle in record["whistles"]:
        found |= {*whistle["wanted"], *(call["department"] for call in whistle["calls"])}
    for event in record["history"]:
        for name in _BODIES:
            value = event["fields"].get(name) or ()
            found |= {value} if isinstance(value, str) else set(value)
    return {code for code in found if code}
