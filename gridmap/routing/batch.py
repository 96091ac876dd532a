"""Many reports at once: columns made ready for all, then the answers row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.locate.model import Locations, LocationStatus
from gridmap.routing.answers import Answers
from gridmap.routing.book import Decision
from gridmap.routing.explanation import Step
from gridmap.routing.owner import Owner
from gridmap.routing.unrouted import LOCATED, unrouted
from gridmap.times import ensure_utc, to_site

__all__ = ["Batch"]


class Batch:
    """One call of :meth:`~gridmap.routing.decision.Router.decide`; parameters as there."""

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
        self._answers, self._items, self._locations = answers, items, locations
        self._received, self._observed = received_at, observed_at
        self._rows = rows
        at = np.asarray(rows, dtype=np.int64)
        _check_edition(locations.edition[at], answers.territory.coverage.edition)
        self._accuracy = np.full(len(at), np.nan) if accuracy_m is None else accuracy_m[at]
        self._given = (np.isfinite(self._accuracy) & (self._accuracy >= 0)).tolist()
        self._around = answers.overlays.around(locations.lon[at], locations.lat[at], self._accuracy)
        near = locations.candidates
        self._first = np.searchsorted(near.owner, at).tolist()
        self._end = np.searchsorted(near.owner, at, side="right").tolist()
        known = answers.territory.coverage.levels.names
        self._levels = [
            (name, locations.codes[name])
            for name in reversed(locations.levels.names)
            if name in known
        ]

    def decide(self, n: int) -> Decision:
        """Decide the n-th of the rows asked for."""
        answers, i = self._answers, self._rows[n]
        code = (self._items[i] or "").strip()
        status = LocationStatus(self._locations.status[i])
        if code not in answers.known or status not in LOCATED:
            return unrouted(answers.book.catalogue, code, self._locations, i, answers.territory)
        item, call, steps = answers.known[code]
        received, zone = ensure_utc(self._received[i]), answers.book.zone
        observed = self._observed[i] if self._observed is not None else None
        day = received.astimezone(zone).date()
        asked = day if observed is None else to_site(observed, zone).date()
        own, seats, border = self._places(n, i, status)
        owner, options = self._owner(n, code, seats, asked)
        responder, first = answers.responders.at(own, day)
        due = answers.due(item.limit, received, day)
        return Decision(
            item=code,
            department=owner.lead,
            co_departments=owner.co,
            first_responder=responder,
            handling_level=item.level.value,
            due_at=due.due_at,
            due_reason=due.reason,
            needs_person=owner.review,
            call_first=call,
            options=options,
            steps=(*steps, *border, *owner.steps, first, *due.steps),
        )

    def _places(
        self, n: int, i: int, status: LocationStatus
    ) -> tuple[int, tuple[int, ...], tuple[Step, ...]]:
        """Row of the report's area, seats where it may be (its own first), the border's step."""
        own = next(
            self._row(name, codes[i]) for name, codes in self._levels if codes[i] is not None
        )
        near, seat_of = self._locations.candidates, self._answers.territory.seat_of
        others = [
            self._row(near.level[k], near.code[k]) for k in range(self._first[n], self._end[n])
        ]
        if self._given[n]:
            return own, tuple(dict.fromkeys(seat_of[row] for row in (own, *others))), ()
        if status is LocationStatus.BOUNDARY and others:
            return own, (seat_of[own],), (self._on_border(own, others),)
        return own, (seat_of[own],), ()

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

    def _owner(
        self, n: int, code: str, seats: tuple[int, ...], day: date
    ) -> tuple[Owner, tuple[str, ...]]:
        """Return the owner and the possible leads, over all places within the accuracy."""
        answers = self._answers
        touched = answers.in_force(self._around.touched[n], day)
        near = answers.in_force(self._around.near[n], day)
        if not near:
            return answers.settled(code, seats, (touched,))
        # Within the accuracy lies a place inside each of the near ones, and one outside.
        sure = tuple(o for o in touched if o not in near)
        inside = dict.fromkeys([touched, *(tuple(sorted((*sure, o))) for o in near)])
        found = answers.settled(code, seats, tuple(dict.fromkeys([*inside, sure])))
        if found[1] and touched and len(near) > 1:
            # Unless they fill it: two estates wall to wall, with one property firm.
            closed = answers.settled(code, seats, tuple(inside))
            if not closed[1] and self._filled(n, (*sure, *near)):
                return closed
        return found

    def _filled(self, n: int, overlays: tuple[int, ...]) -> bool:
        i = self._rows[n]
        lon, lat = float(self._locations.lon[i]), float(self._locations.lat[i])
        return self._answers.overlays.fill(overlays, lon, lat, float(self._accuracy[n]))


def _check_edition(answered: NDArray[np.object_], own: str) -> None:
    others = set(answered.tolist()) - {None, own}
    if others:
        raise BadValue(
            "Reports were located in another edition than the router's.",
            got=sorted(others),
            allowed=own,
        )
