"""Many reports at once: columns made ready for all, then the answers row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.locate.codes import Coded
from gridmap.locate.model import Locations, LocationStatus
from gridmap.routing.answers import Answers, Settled
from gridmap.routing.book import Decision
from gridmap.routing.catalogue import LocationRule
from gridmap.routing.confidence import EXACT_M, Faces
from gridmap.routing.explanation import Step
from gridmap.routing.managed import managing, raised
from gridmap.routing.owner import Owner
from gridmap.routing.unrouted import LOCATED, unrouted
from gridmap.times import ensure_utc, to_site

__all__ = ["Batch", "check_edition"]

_T = TypeVar("_T")

# Half the Earth's circumference: no place is further away, whatever accuracy a report claims.
# Areas and circles with larger numbers overflow.
_FURTHEST_M = 20_037_508.0


class Batch:
    """One call of :meth:`~gridmap.routing.decision.Router.decide`; parameters as there.

    Attributes
    ----------
    answers : Answers
    around : Around (n,)
        What lies at each report.
    given : bool (n,)
        True where a report has an accuracy.
    certain : bool (n,)
        True where the accuracy, or a border, reaches no other area and nothing outside.
    """

    def __init__(
        self,
        answers: Answers,
        items: Sequence[str | None],
        locations: Locations,
        received_at: Sequence[datetime],
        accuracy_m: NDArray[np.float64] | None,
        observed_at: Sequence[datetime | None] | None,
        rows: Sequence[int],
    ) -> None:
        self.answers = self._answers = answers
        self._items, self._locations = items, locations
        self._received, self._observed = received_at, observed_at
        self._rows = rows
        self._all = rows == range(len(items))
        at = np.arange(len(items)) if self._all else np.asarray(rows, dtype=np.int64)
        told = np.full(len(at), np.nan) if accuracy_m is None else accuracy_m[at]
        given = np.isfinite(told) & (told >= 0)
        self._accuracy = np.where(given, np.minimum(told, _FURTHEST_M), told)
        self.given, self._given = given, given.tolist()
        self.around = self._around = answers.overlays.around(
            locations.lon[at], locations.lat[at], self._accuracy
        )
        beyond = _reaching_out(answers.faces, locations, at, self._accuracy, given)
        self._beyond = beyond.tolist()
        near = locations.candidates
        first, end = (np.searchsorted(near.owner, at, side=side) for side in ("left", "right"))
        self._first, self._end = first.tolist(), end.tolist()
        self.certain = (first == end) & ~beyond
        self._at = at
        known = answers.territory.coverage.levels.names
        self._levels = [
            (name, locations.codes[name])
            for name in reversed(locations.levels.names)
            if name in known
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def items(self) -> list[str | None]:
        """Return the item of each report, as it was given."""
        return _chosen(self._items, self._rows, whole=self._all)

    def received(self) -> list[datetime]:
        """Return the moment of receipt of each report."""
        return _chosen(self._received, self._rows, whole=self._all)

    def observed(self) -> list[datetime | None] | None:
        """Return the moment of observation of each report; None where none has one."""
        seen = self._observed
        return None if seen is None else _chosen(seen, self._rows, whole=self._all)

    def located(self) -> NDArray[np.bool_]:
        """True for each report that is in an area."""
        status = self._locations.status[self._at]
        found = np.zeros(len(status), dtype=bool)
        for one in LOCATED:
            found |= status == one.value
        return found

    def own_rows(self) -> NDArray[np.int64]:
        """Return the row of each report's area in the coverage, negative where it has none."""
        found = np.full(len(self), -1, np.int64)
        territory, codes = self._answers.territory, self._locations.codes
        for name, _ in self._levels:
            column = codes.coded(name)
            small = Coded(column.index[self._at], column.legend).used()
            known = [territory.row(name, code) for code in small.legend.tolist()]
            # An area that the edition lacks is a fault, not one of the next level.
            rows = np.array([*(-2 if row is None else row for row in known), -1], np.int64)
            found = np.where(found == -1, rows[small.index], found)
        return found

    def decide(self, n: int) -> Decision:
        """Decide the n-th of the rows asked for."""
        answers, i = self._answers, self._rows[n]
        code = (self._items[i] or "").strip()
        status = LocationStatus(self._locations.status[i])
        if code not in answers.known or status not in LOCATED:
            found = self._locations
            territory, basis = answers.territory, answers.basis
            return unrouted(answers.book.catalogue, code, found, i, territory, basis=basis)
        item, call, steps = answers.known[code]
        received, zone = ensure_utc(self._received[i]), answers.book.zone
        observed = self._observed[i] if self._observed is not None else None
        day = received.astimezone(zone).date()
        asked = day if observed is None else to_site(observed, zone).date()
        own, rows, border = self._places(n, i, status)
        settled = self._owner(n, code, self._seats(n, rows), asked)
        owner = settled.owner
        responder, first = answers.responders.at(own, day, item.department)
        due = answers.due(code, owner.lead, received, day)
        confidence = self._confidence(n, code, rows, settled, asked)
        term = answers.terms[code]
        leader, managed = managing(answers, term, item.level, day)
        return Decision(
            item=code,
            department=owner.lead,
            co_departments=owner.co,
            first_responder=responder,
            handling_level=raised(term, item.level).value,
            due_at=due.due_at,
            due_reason=due.reason,
            needs_person=owner.review or (term.managed and not leader),
            call_first=call,
            options=settled.options,
            steps=(
                *steps,
                *border,
                *owner.steps,
                *self._share_step(n, confidence, settled),
                first,
                *managed,
                *due.steps,
            ),
            confidence=confidence,
            leader=leader,
            review_on=due.review_on,
            overlays=self._overlays(n, code, asked),
            basis=answers.basis,
        )

    def _overlays(self, n: int, code: str, day: date) -> tuple[str, ...]:
        touched, assets = self._lying(code, self._around.touched[n], day)
        if not touched and not assets:
            return ()
        known = self._answers.overlays.overlays
        return tuple(known[o].code for o in (*touched, *assets[:1]))

    def _share_step(self, n: int, confidence: float, settled: Settled) -> tuple[Step, ...]:
        """Say how much of the circle is whose, where not all of it is the owner's."""
        if not self._given[n] or not 0 < confidence < 1:
            return ()
        if settled.options:
            named = self._answers.parties.named((settled.here.lead,))
            return (Step("owner_share", {"share": _percent(confidence)} | named),)
        if settled.alike:
            return (Step("partly_outside", {"share": _percent(1 - confidence)}),)
        return ()

    def _confidence(
        self, n: int, code: str, rows: tuple[int, ...], settled: Settled, day: date
    ) -> float:
        """Return the share of all possible places that lead by rule to the point's own owner."""
        here = settled.here
        if here.review:
            return 0.0
        if settled.alike and not self._beyond[n] and not (len(rows) > 1 and not self._given[n]):
            return 1.0
        answers, i = self._answers, self._rows[n]
        touched, within = self._lying(code, self._around.touched[n], day)
        near, _ = self._lying(code, self._around.near[n], day)
        _, further = self._lying(code, self._around.objects[n], day)
        if not self._given[n]:
            within, further = within[:1], ()
        alone = answers.known[code][0].location_rule is LocationRule.ASSET_OWNER
        shares = answers.faces.shares(
            float(self._locations.lon[i]),
            float(self._locations.lat[i]),
            float(self._accuracy[n]) if self._given[n] and self._accuracy[n] > 0 else EXACT_M,
            rows,
            tuple(o for o in touched if o not in near),
            near,
            lambda row, some: _led(answers.owner(code, answers.territory.seat_of[row], some)),
            (*within, *further),
            an_asset=bool(within) or alone,
            inside=self._given[n] and not self._beyond[n],
        )
        return round(min(shares.get(here.lead, 0.0), 1.0), 4)

    def _places(
        self, n: int, i: int, status: LocationStatus
    ) -> tuple[int, tuple[int, ...], tuple[Step, ...]]:
        """Row of the report's area, rows where it may be (its own first), the border's step."""
        own = next(
            self._row(name, codes[i]) for name, codes in self._levels if codes[i] is not None
        )
        near = self._locations.candidates
        others = [
            self._row(near.level[k], near.code[k]) for k in range(self._first[n], self._end[n])
        ]
        rows = tuple(dict.fromkeys((own, *others)))
        if self._given[n]:
            return own, rows, ()
        if status is LocationStatus.BOUNDARY and others:
            return own, rows, (self._on_border(own, others),)
        return own, (own,), ()

    def _seats(self, n: int, rows: tuple[int, ...]) -> tuple[int, ...]:
        """Return the seats that count: without an accuracy that of the own area alone."""
        seat_of = self._answers.territory.seat_of
        counted = rows if self._given[n] else rows[:1]
        return tuple(dict.fromkeys(seat_of[row] for row in counted))

    def _on_border(self, own: int, others: Sequence[int]) -> Step:
        labels = [self._answers.territory.label(row) for row in dict.fromkeys([own, *others])]
        return Step(
            "on_border",
            {
                "areas": "、".join(name for name, _ in labels),
                "areas_en": ", ".join(name_en for _, name_en in labels),
                "area": labels[0][0],
                "area_en": labels[0][1],
            },
        )

    def _row(self, level: str, code: str) -> int:
        row = self._answers.territory.row(level, code)
        if row is None:
            raise BadValue("The edition has no such area.", got=f"{level} {code}")
        return row

    def _owner(self, n: int, code: str, seats: tuple[int, ...], day: date) -> Settled:
        """Return the owner over all places within the accuracy."""
        answers = self._answers
        if not self._given[n]:
            return answers.placed(code, seats, self._around.touched[n], day)
        touched, assets = self._lying(code, self._around.touched[n], day)
        near, _ = self._lying(code, self._around.near[n], day)
        objects = self._objects(n, code, assets, day)
        if not near:
            return answers.settled(code, seats, _with(objects, [touched]))
        # Within the accuracy lies a place inside each of the near ones, and one outside.
        sure = tuple(o for o in touched if o not in near)
        inside = dict.fromkeys([touched, *(tuple(sorted((*sure, o))) for o in near)])
        found = answers.settled(code, seats, _with(objects, dict.fromkeys([*inside, sure])))
        if found.options and touched and len(near) > 1:
            # Unless they fill it: two estates wall to wall leave no street between them.
            closed = answers.settled(code, seats, _with(objects, inside))
            if closed.options != found.options and self._filled(n, (*sure, *near)):
                return replace(closed, alike=False)
        return found

    def _lying(
        self, code: str, rows: tuple[int, ...], day: date
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return of some overlays those in force that matter for an item: areas, and assets."""
        if not rows:
            return (), ()
        return self._answers.relevant(code, self._answers.in_force(rows, day))

    def _objects(
        self, n: int, code: str, within: tuple[int, ...], day: date
    ) -> list[tuple[int, ...]]:
        """Return the assets that a report may be about, each alone, the nearest first.

        Any that may be within its radius; for an item that is not about objects alone, also
        none of them.
        """
        answers = self._answers
        _, further = self._lying(code, self._around.objects[n], day)
        found: dict[str, tuple[int, ...]] = {}
        for o in (*within, *further):
            found.setdefault(answers.overlays.overlays[o].owner, (o,))
        some = list(found.values())
        alone = answers.known[code][0].location_rule is LocationRule.ASSET_OWNER
        return some if within or (further and alone) else [(), *some]

    def _filled(self, n: int, overlays: tuple[int, ...]) -> bool:
        i = self._rows[n]
        lon, lat = float(self._locations.lon[i]), float(self._locations.lat[i])
        return self._answers.overlays.fill(overlays, lon, lat, float(self._accuracy[n]))


def _chosen(values: Sequence[_T], rows: Sequence[int], *, whole: bool) -> list[_T]:
    return list(values) if whole else [values[i] for i in rows]


def _with(
    objects: Sequence[tuple[int, ...]], areas: Iterable[tuple[int, ...]]
) -> tuple[tuple[int, ...], ...]:
    """Return what may lie at a place: each set of areas with each asset."""
    return tuple(dict.fromkeys((*area, *one) for area in areas for one in objects))


def check_edition(locations: Locations, rows: Sequence[int], own: str) -> None:
    """Raise `BadValue` when some of the rows were located in another edition."""
    answered = locations.edition
    if rows != range(len(answered)):
        answered = answered[np.asarray(rows, dtype=np.int64)]
    others = set(answered.tolist()) - {None, own}
    if others:
        raise BadValue(
            "Reports were located in another edition than the router's.",
            got=sorted(others),
            allowed=own,
        )


def _percent(share: float) -> str:
    """Return a share as whole per cent, never as none or all of it."""
    return f"{min(max(share, 0.01), 0.99):.0%}"


def _led(owner: Owner) -> str | None:
    """Return the lead of a place, None where it leads by no rule."""
    return None if owner.review else owner.lead


def _reaching_out(
    faces: Faces,
    locations: Locations,
    at: NDArray[np.int64],
    accuracy: NDArray[np.float64],
    given: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """True for each report whose circle reaches out of the district."""
    beyond = np.zeros(len(at), dtype=bool)
    # Nothing outside is nearer than the nearest border; points outside are not routed.
    asked = np.flatnonzero(given & (accuracy > 0) & (locations.margin_m[at] < accuracy))
    inside = faces.inside(locations.lon[at[asked]], locations.lat[at[asked]], accuracy[asked])
    beyond[asked] = ~inside
    return beyond
