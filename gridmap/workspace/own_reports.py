"""Reports as those who sent them follow them: where they stand, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.access import Action, Actor, redact
from gridmap.cases.model import Order
from gridmap.cases.photos import PhotoKind
from gridmap.errors import BadValue, NotFound
from gridmap.routing.rule_tables import SITE
from gridmap.workspace.openings import Opening
from gridmap.workspace.order_pages import OrderPages
from gridmap.workspace.reporting import MAX_PAGE

__all__ = ["OWN_ACTIONS", "OwnReport", "OwnReports"]

# What its sender may do with an order, as far as the guards and their roles allow.
OWN_ACTIONS = ("order.rate", "order.reopen.ask", "whistle.blow")


@dataclass(frozen=True, slots=True)
class OwnReport:
    """What its sender sees of a report and its order: nothing of other people.

    Attributes
    ----------
    report : dict
        Fields of the layer ``own_report``.
    order : dict
        Fields of the layer ``own_order``.
    openings : list of Opening
        What the sender may do now.
    item_name : str or None
    areas : list of dict
        ``level``, ``label``, ``code`` and ``name`` of each area that holds it, coarse to fine.
    names : dict of code to str
        Of the bodies that the order names.
    bodies : list of (code, name)
        Whom a whistle may ask for.
    photos : list of dict
        Those that the sender sent.
    may_add_photo : bool
    """

    report: dict[str, Any]
    order: dict[str, Any]
    openings: list[Opening]
    item_name: str | None
    areas: list[dict[str, str]]
    names: dict[str, str]
    bodies: list[tuple[str, str]]
    photos: list[dict[str, Any]]
    may_add_photo: bool


class OwnReports(OrderPages):
    """For whoever sent a report, signed in or with its receipt."""

    def own_reports(
        self, *, limit: int = 20, offset: int = 0, lang: str = "zh", actor: Actor | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reports the actor's account sent, and a page of them, newest first.

        Each has the fields of the layer ``own_order``, and ``received_at``, ``text``,
        ``item_name`` and ``place``. Nobody's without an account.
        """
        who = self._may(actor, Action.REPORT_SUBMIT)
        if not 1 <= limit <= MAX_PAGE or offset < 0:
            raise BadValue(
                "A page has 1 to 1000 reports from a place that is not negative.",
                got=f"limit {limit}, offset {offset}",
            )
        if who.account is None:
            return 0, []
        total, numbers = self.store.reports_of_sender(who.account, limit=limit, offset=offset)
        return total, [self._own_row(number, lang) for number in numbers]

    def own_report(
        self,
        number: int,
        *,
        key: str | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> OwnReport:
        """Return one report that the actor sent.

        Parameters
        ----------
        key : str, optional
            The report's receipt, or the key it was sent with: for who is not signed in.

        Raises
        ------
        NotFound
            When there is no such report, or somebody else sent it.
        """
        who = self._sent(number, actor, key)
        order = self.store.order(number)
        report = self.report(number, lang=lang, actor=Actor.resident(), own=True)
        asked = {code for w in order.whistles for code in w.wanted}
        called = {call.department for w in order.whistles for call in w.calls}
        openings = [one for one in self._openings(who, order) if one.action in OWN_ACTIONS]
        return OwnReport(
            report=report,
            order=self._own_shown(order, lang),
            openings=openings,
            item_name=self._item_name(order.item, lang, order.catalogue),
            areas=self._areas_named(self._router_shown(report["edition"]), order.areas, lang),
            names=self._body_names(asked | called, lang),
            bodies=self._departments_named(lang),
            photos=self._own_photos(number),
            may_add_photo=report["closed_at"] is None,
        )

    def own_photo(
        self,
        number: int,
        photo: int,
        *,
        thumb: bool = False,
        key: str | None = None,
        actor: Actor | None = None,
    ) -> bytes:
        """Return a photo that the sender of a report sent, as JPEG; errors as of `own_report`."""
        self._sent(number, actor, key)
        if photo not in {one["id"] for one in self._own_photos(number)}:
            raise NotFound("The report has no such photo.", got=photo)
        return self.store.photo(number, photo, thumb=thumb)

    # -- inside ---------------------------------------------------------------------

    def _sent(self, number: int, actor: Actor | None, key: str | None) -> Actor:
        who = self._may(actor, Action.REPORT_SUBMIT)
        if not self.is_sender(number, who, key):
            # Whether there is one that somebody else sent is nobody's business.
            raise NotFound("There is no such report among yours.", got=number)
        return who

    def _own_row(self, number: int, lang: str) -> dict[str, Any]:
        row, order = self.store.report(number), self.store.order(number)
        named = self._row_named(
            self._router_shown(row["edition"]),
            {"areas": order.areas, "item": order.item, "catalogue": order.catalogue or SITE},
            lang,
        )
        report: Mapping[str, Any] = redact(Actor.resident(), "own_report", self._shown(row, lang))
        told = {name: report.get(name) for name in ("received_at", "text")}
        return (
            self._own_shown(order, lang)
            | told
            | {name: named[name] for name in ("item_name", "place")}
        )

    def _own_shown(self, order: Order, lang: str) -> dict[str, Any]:
        record = self._own(order, self._sender_names(order.number))
        record["lead_name"] = self._body_names([order.lead], lang)[order.lead] or None
        return redact(Actor.resident(), "own_order", record)

    def _own_photos(self, number: int) -> list[dict[str, Any]]:
        """Return what is told of the photos that the sender of a report sent."""
        names = self._sender_names(number)
        return [
            self._photo_shown(one)
            for one in self.store.photos(number)
            if one["kind"] == PhotoKind.REPORT.value and one["added_by"] in names
        ]

    def _departments_named(self, lang: str) -> list[tuple[str, str]]:
        """Return code and name of the departments of the catalogue: those are public."""
        known = self.book.departments.values()
        return [
            (one.code, one.name_en if lang == "en" and one.name_en else one.name)
            for one in known
            if not one.by_place
        ]
