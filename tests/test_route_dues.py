"""Deadlines of many reports at once: each the one that the clock gives it alone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.routing import load_route_book
from gridmap.routing.catalogue import Limit, LimitUnit
from gridmap.routing.clock import deadline
from gridmap.routing.counting import OfficeHours, StartRule
from gridmap.routing.dues import DueKind, Dues, Managed, moment_of, stamps
from gridmap.routing.explanation import Step
from gridmap.routing.terms import Term
from gridmap.times import site_zone

ZONE = site_zone()
OFFSET = 8 * 3_600_000_000
CALENDAR = load_route_book(zone=ZONE).calendar
HOURS = (
    OfficeHours(),
    OfficeHours(((time(0), time(23, 59)),)),
    OfficeHours(((time(8, 15), time(8, 20)),)),
)
# Around the long holidays of October, the turn of the year, and the end of what was announced.
STARTS = [datetime(2026, 9, 28, tzinfo=UTC), datetime(2025, 12, 30, tzinfo=UTC)]
STARTS += [datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC)]
AMOUNTS = {
    LimitUnit.CLOCK_HOUR: st.sampled_from([0.5, 1, 2, 24, 100]),
    LimitUnit.WORKING_HOUR: st.sampled_from([0.5, 2, 4, 7, 7.5, 80]),
    LimitUnit.CALENDAR_DAY: st.integers(1, 40),
    LimitUnit.WORKING_DAY: st.integers(1, 40),
}


@st.composite
def limits(draw):
    unit = draw(st.sampled_from(list(AMOUNTS)))
    return Limit(draw(AMOUNTS[unit]), unit)


@st.composite
def moments(draw):
    """Receipts of some weeks; some fall on the very minute that offices open or close."""
    start = draw(st.sampled_from(STARTS))
    odd = st.timedeltas(timedelta(), timedelta(days=20))
    sharp = st.builds(
        lambda day, minute: timedelta(days=day, minutes=minute),
        st.integers(0, 20),
        st.sampled_from([60, 240, 330, 570, 480, 0, 959, 960, 15]),
    )
    return [start + ago for ago in draw(st.lists(odd | sharp, min_size=1, max_size=12))]


def alone(term, hours, calendar, moment, _day=None):
    return deadline(
        moment, term.limit, calendar, zone=ZONE, office_hours=hours,
        start_rule=term.start_rule, cutoff=term.cutoff, review_days=term.review_days,
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(limits(), st.sampled_from(StartRule), st.sampled_from(HOURS), moments())
def test_deadlines_at_once_are_those_of_the_clock_with_its_reasons(limit, rule, hours, received):
    term = Term(limit, start_rule=rule, cutoff=time(16))
    dues, rows = Dues.none(len(received)), np.arange(len(received))
    ask = partial(alone, term, hours, CALENDAR)
    dues.add(rows, stamps(received), term, hours, CALENDAR, OFFSET, ask)
    for n, moment in enumerate(received):
        expected = ask(moment)
        if dues.kind[n] < 0:
            # Only what the clock itself has no moment for is left to be asked alone.
            assert expected.due_at is None
            continue
        kind = dues.kinds[dues.kind[n]]
        assert isinstance(kind, DueKind)
        assert moment_of(int(dues.at[n])) == expected.due_at
        local = expected.due_at.astimezone(ZONE).replace(tzinfo=None)
        first = {"amount": kind.amount, "due": local.isoformat(" ", "minutes")}
        assert (Step(kind.rule, first), *kind.rest) == expected.steps


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(StartRule), st.integers(1, 30), moments())
def test_reviews_of_managed_cases_at_once_are_those_of_the_clock(rule, days, received):
    term = Term(Limit(None, LimitUnit.MANAGED), start_rule=rule, cutoff=time(16), review_days=days)
    dues, rows = Dues.none(len(received)), np.arange(len(received))
    ask = partial(alone, term, HOURS[0], CALENDAR)

    def managed(moment, _day):
        due = ask(moment)
        return Managed("L1", due.steps, due.reason, due.review_on)

    dues.manage(rows, stamps(received), term, OFFSET, managed)
    for n, moment in enumerate(received):
        assert dues.kinds[dues.kind[n]] == managed(moment, None)


def test_a_deadline_past_the_calendar_is_left_to_the_clock_and_the_others_are_not():
    term = Term(Limit(4, LimitUnit.WORKING_HOUR))
    received = [datetime(2026, 12, 31, hour, tzinfo=UTC) for hour in (1, 3, 8)]
    ask = partial(alone, term, HOURS[0], CALENDAR)
    dues = Dues.none(3)
    dues.add(np.arange(3), stamps(received), term, HOURS[0], CALENDAR, OFFSET, ask)
    assert (dues.kind >= 0).tolist() == [True, True, False]
    assert ask(received[2]).reason == "calendar_missing"
