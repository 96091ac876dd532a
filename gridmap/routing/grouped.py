"""Reports that are alike, decided together: the same answers, each asked once.

An owner follows from an item, an area's bodies and the overlays that matter there, a first
responder from an area, a department and a day, a deadline from a term and a moment. Of each
of these there are far fewer than reports. Here reports are only sorted by them: what the
answers are is asked of :class:`~gridmap.routing.answers.Answers`, as for a report alone.

A report whose place is not certain for its item (its accuracy reaches another area, a red
line or a second object, or it lies on a border) is decided alone; so is one that is not
routed, and whatever meets a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gridmap.routing.answers import ANYWHERE, WHOEVER
from gridmap.routing.book import Basis, Decision
from gridmap.routing.clock import Due
from gridmap.routing.dues import DAY, Dues, Managed, day_of, fixed_offset, moment_of, stamps
from gridmap.routing.explanation import Step
from gridmap.routing.managed import managing, raised
from gridmap.routing.overlays import Rows
from gridmap.times import ensure_utc

if TYPE_CHECKING:
    from gridmap.routing.batch import Batch

__all__ = ["Grouped", "Head", "grouped"]

_MEMORY = 1 << 18  # heads that are kept from call to call

_T = TypeVar("_T")
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Head(NamedTuple):
    """What reports of one item share at places alike."""

    item: str
    call_first: str
    level: str
    department: str
    co_departments: tuple[str, ...]
    review: bool
    confidence: float
    overlays: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Grouped:
    """The answers of n reports as numbers into what they share.

    Attributes
    ----------
    head, first : int64 (n,)
        Places in `heads` and `firsts`; `head` is -1 for a report that is decided alone.
    dues : Dues (n,)
    heads : list of Head
    firsts : list of (post, Step)
    offset : int
        Microseconds by which the site's time is ahead of UTC for all of them.
    basis : Basis or None
    """

    head: Ints
    first: Ints
    dues: Dues
    heads: list[Head]
    firsts: list[tuple[str, Step]]
    offset: int
    basis: Basis | None

    def decision(self, n: int) -> Decision:
        """Return the decision of a report that is not decided alone."""
        head, (post, first) = self.heads[self.head[n]], self.firsts[self.first[n]]
        kind = self.dues.kinds[self.dues.kind[n]]
        due_at, leader, reason, review_on = None, "", "", None
        if isinstance(kind, Managed):
            leader, steps, reason, review_on = kind
        else:
            stamp = int(self.dues.at[n])
            due_at = moment_of(stamp)
            local = moment_of(stamp + self.offset).replace(tzinfo=None)
            due = {"amount": kind.amount, "due": local.isoformat(" ", "minutes")}
            steps = (Step(kind.rule, due), *kind.rest)
        return Decision(
            item=head.item,
            department=head.department,
            co_departments=head.co_departments,
            first_responder=post,
            handling_level=head.level,
            due_at=due_at,
            due_reason=reason,
            needs_person=head.review or (isinstance(kind, Managed) and not leader),
            call_first=head.call_first,
            options=(),
            steps=(*head.steps, first, *steps),
            confidence=head.confidence,
            leader=leader,
            review_on=review_on,
            overlays=head.overlays,
            basis=self.basis,
        )


def grouped(batch: Batch) -> Grouped | None:
    """Return the reports of a batch sorted by what is alike; None where their times forbid it."""
    answers = batch.answers
    received = stamps(batch.received())
    if received is None:
        return None
    seen = batch.observed()
    asked = received
    if seen is not None:
        other = stamps([moment_of(0) if o is None else ensure_utc(o) for o in seen])
        if other is None:
            return None
        given = np.array([o is not None for o in seen], dtype=bool)
        asked = np.where(given, other, received)
    offset = fixed_offset(answers.book.zone, received, asked)
    if offset is None:
        return None
    return _Sorting(batch, received, (asked + offset) // DAY, offset).run()


class _Sorting:
    """One run of :func:`grouped`."""

    def __init__(self, batch: Batch, received: Ints, asked: Ints, offset: int) -> None:
        self._batch, self._answers = batch, batch.answers
        self._received, self._asked, self._offset = received, asked, offset
        self._day = (received + offset) // DAY
        known = self._answers.numbers
        self._codes = known.codes
        place = _Places({code: n for code, n in known.place.items()})  # noqa: C416
        self._item = np.fromiter(map(place.__getitem__, batch.items()), np.int64, len(batch))
        terms = batch.answers.terms
        self._of_item = {
            code: (call, raised(terms[code], item.level).value, steps)
            for code, (item, call, steps) in batch.answers.known.items()
        }

    def run(self) -> Grouped:
        batch, answers = self._batch, self._answers
        own = batch.own_rows()
        sure = (self._item >= 0) & (own >= 0) & batch.certain
        sure &= batch.located()
        matter, assets = self._mattering(batch.around.touched, sure)
        for further in (batch.around.near, batch.around.objects):
            sure &= ~(batch.given & self._any(further, sure))
        sure &= ~(batch.given & (assets > 1))
        at = np.flatnonzero(sure)
        head = np.full(len(sure), -1, np.int64)
        first = np.zeros(len(sure), np.int64)
        dues = Dues.none(len(sure))
        if len(at):
            heads, head[at] = self._heads(at, own, matter)
            firsts, first[at] = self._firsts(at, own)
            head[(first < 0)] = -1
            self._dues(np.flatnonzero(head >= 0), head, heads, dues)
            head[dues.kind < 0] = -1
        else:
            heads, firsts = [], []
        return Grouped(head, first, dues, heads, firsts, self._offset, answers.basis)

    # -- what matters at each point -------------------------------------------------------

    def _kept(self, rows: Rows, sure: Bools) -> tuple[Ints, Ints]:
        """Return of some overlays those in force that matter for the items: (point, row)."""
        tables, point, row = self._answers.numbers, rows.point, rows.row
        there = sure[point]
        point, row = point[there], row[there]
        kept = tables.matters[self._item[point], tables.sign[row]]
        day = self._asked[point]
        kept &= (tables.since[row] <= day) & (day < tables.until[row])
        return point[kept], row[kept]

    def _any(self, rows: Rows, sure: Bools) -> Bools:
        found = np.zeros(len(sure), dtype=bool)
        found[self._kept(rows, sure)[0]] = True
        return found

    def _mattering(self, rows: Rows, sure: Bools) -> tuple[Rows, Ints]:
        """Return what counts at each point, the nearest asset last, and the number of assets."""
        point, row = self._kept(rows, sure)
        asset = self._answers.numbers.asset[row]
        count = np.bincount(point[asset], minlength=len(sure))
        # The assets of a point come last, the nearest first: that one is kept.
        again = np.zeros(len(point), dtype=bool)
        again[1:] = asset[1:] & asset[:-1] & (point[1:] == point[:-1])
        return Rows(point[~again], row[~again], len(sure)), count

    # -- what is alike --------------------------------------------------------------------

    def _heads(self, at: Ints, own: Ints, matter: Rows) -> tuple[list[Head], Ints]:
        territory, tables = self._answers.territory, self._answers.numbers
        seat, together = tables.seat[own[at]], _together(matter, at, len(tables.sign))
        asked = self._item[at] * (int(together.max()) + 1) + together
        key = asked * len(territory.seats) + seat
        _, one, group = np.unique(key, return_index=True, return_inverse=True)
        start, row = matter.start, matter.row.tolist()
        first, end = start[at[one]].tolist(), start[at[one] + 1].tolist()
        items, seats = self._item[at[one]].tolist(), seat[one].tolist()
        found: list[Head] = []
        numbers: list[int] = []
        # An item and what counts for it stand together, with all the seats where they meet.
        edges = np.flatnonzero(np.diff(asked[one], prepend=-1, append=-1)).tolist()
        for a, b in pairwise(edges):
            code, some = self._codes[items[a]], tuple(row[first[a] : end[a]])
            if b - a == 1:
                only = self._known(code, seats[a], some)
                numbers.append(-1 if only is None else len(found))
                if only is not None:
                    found.append(only)
                continue
            place: dict[int, int] = {}
            for head in self._at_seats(code, seats[a:b], some):
                number = -1 if head is None else place.setdefault(id(head), len(found))
                if head is not None and number == len(found):
                    found.append(head)
                numbers.append(number)
        return found, np.array(numbers, np.int64)[group]

    def _at_seats(self, code: str, seats: list[int], rows: tuple[int, ...]) -> list[Head | None]:
        """Return what reports of an item share at each of some seats; one where that is all."""
        known = self._answers.territory.seats
        shared = self._known(code, ANYWHERE, rows) if len(seats) > 1 else None
        if shared is None or not WHOEVER.isdisjoint((shared.department, *shared.co_departments)):
            return [self._known(code, seat, rows) for seat in seats]
        return [self._known(code, s, rows) if known[s].unit else shared for s in seats]

    def _known(self, code: str, seat: int, rows: tuple[int, ...]) -> Head | None:
        known, asked = self._answers.heads, (code, seat, rows)
        head = known.get(asked)
        if head is None:
            if len(known) > _MEMORY:
                known.clear()
            try:
                head = known[asked] = self._head(code, seat, rows)
            except Exception:  # noqa: BLE001 - asked again alone, where the fault is told
                return None
        return head

    def _head(self, code: str, seat: int, rows: tuple[int, ...]) -> Head:
        answers = self._answers
        call, level, opening = self._of_item[code]
        lead, co, steps, review = answers.find_owner(code, seat, rows)
        known = answers.overlays.overlays
        return Head(
            code,
            call,
            level,
            lead,
            co,
            review,
            0.0 if review else 1.0,
            tuple([known[o].code for o in rows]),
            (*opening, *steps),
        )

    def _firsts(self, at: Ints, own: Ints) -> tuple[list[tuple[str, Step]], Ints]:
        responders, tables = self._answers.responders, self._answers.numbers
        changes = tables.changes
        spell = np.searchsorted(changes, self._day[at], side="right")
        department = tables.department[self._item[at]]
        places = own[at] * (len(changes) + 1) + spell
        key = places * (len(tables.departments) + 1) + department + 1
        _, one, group = np.unique(key, return_index=True, return_inverse=True)
        found: list[tuple[str, Step]] = []
        numbers, place = [], dict[tuple[str, int], int]()
        for n in one.tolist():
            named = tables.departments[department[n]] if department[n] >= 0 else None
            asked = (int(own[at[n]]), day_of(self._day[at[n]]), named)
            first = _tried(responders.at, *asked)
            if first is None:
                numbers.append(-1)
                continue
            number = place.setdefault((first[0], id(first[1])), len(found))
            if number == len(found):
                found.append(first)
            numbers.append(number)
        return found, np.array(numbers, np.int64)[group]

    def _dues(self, at: Ints, head: Ints, heads: list[Head], dues: Dues) -> None:
        answers, book = self._answers, self._answers.book
        place: dict[object, int] = {}
        examples: list[Head] = []
        # Mostly all leads keep the same hours: then an item alone tells.
        differ, known = bool(book.terms.hours_of), dict[tuple[str, str], int]()
        of: list[int] = []
        for one in heads:
            asked = one.item, one.department if differ else ""
            number = known.get(asked)
            if number is None:
                term = answers.terms[one.item]
                level = answers.known[one.item][0].level if term.managed else None
                key = (term, book.terms.hours(one.department), level)
                number = known[asked] = place.setdefault(key, len(examples))
                if number == len(examples):
                    examples.append(one)
            of.append(number)
        group = np.array(of or [0], np.int64)[head[at]]
        for number, one in enumerate(examples):
            rows = at[group == number]
            if not len(rows):
                continue
            term, received = answers.terms[one.item], self._received[rows]
            if term.managed:
                dues.manage(rows, received, term, self._offset, partial(self._managed, one))
            else:
                dues.add(
                    rows,
                    received,
                    term,
                    book.terms.hours(one.department),
                    book.calendar,
                    self._offset,
                    partial(self._due, one),
                )

    def _due(self, one: Head, moment: datetime, day: date) -> Due:
        return self._answers.due(one.item, one.department, moment, day)

    def _managed(self, one: Head, moment: datetime, day: date) -> Managed:
        answers = self._answers
        level = answers.known[one.item][0].level
        leader, steps = managing(answers, answers.terms[one.item], level, day)
        due = self._due(one, moment, day)
        return Managed(leader, (*steps, *due.steps), due.reason, due.review_on)


class _Places(dict[str | None, int]):
    """Numbers of items by what reports say, -1 for what is none of them."""

    def __missing__(self, said: str | None) -> int:
        number = self[said] = self.get((said or "").strip(), -1)
        return number


def _together(matter: Rows, at: Ints, known: int) -> Ints:
    """Return a number for the overlays that meet at each of some points; 0 for none."""
    start = matter.start
    count = (start[1:] - start[:-1])[at]
    found = np.zeros(len(at), np.int64)
    single = count == 1
    found[single] = matter.row[start[at[single]]] + 1
    lists: dict[tuple[int, ...], int] = {}
    several = np.flatnonzero(count > 1)
    found[several] = [
        known + 1 + lists.setdefault(matter[i], len(lists)) for i in at[several].tolist()
    ]
    return found


def _tried(ask: Callable[..., _T], *args: Any) -> _T | None:
    try:
        return ask(*args)
    except Exception:  # noqa: BLE001 - asked again alone, where the fault is told
        return None
