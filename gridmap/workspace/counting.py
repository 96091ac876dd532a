"""Numbers: what the orders of a time come to, for those who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np

from gridmap.access import EVERYWHERE, Action, Actor, Subject, reach
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.locate.model import Points
from gridmap.numbers.counting import counted, figures_shown
from gridmap.numbers.kpis import Mark
from gridmap.numbers.monthly import Names
from gridmap.numbers.period import Period, month_of
from gridmap.numbers.tale import Tale
from gridmap.times import parse_when, to_site
from gridmap.workspace.supervising import Supervising

__all__ = ["Counting"]

_WAYS = ("department", "item")

# Tales that are placed on an edition together.
_AT_ONCE = 5_000


class Counting(Supervising):
    """The figures of any time, place, department and item."""

    def numbers(
        self,
        *,
        month: str | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        by: str = "",
        area: str | None = None,
        department: str | None = None,
        item: str | None = None,
        edition: str | None = None,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Return the figures of a period, each with numerator, denominator, and what is in neither.

        Parameters
        ----------
        month : str, optional
            ``YYYY-MM``; this month when no period is given.
        since, until : str or datetime, optional
            Any period instead, up to now by default; without an offset the site's times.
        by : str
            ``department``, ``item``, or a level of areas: also by these groups.
        area : str, optional
            ``LEVEL:CODE``: only the orders there.
        department : str, optional
            Only what counts for that body.
        item : str, optional
            Only orders about that item.
        edition : str, optional
            Areas of a published edition to count on, wherever an order was located when it
            came in; the areas that answered then, or that it was moved to, when left out.

        Raises
        ------
        BadValue, UnknownLevel, NotFound
            For a period, a group, a level, an edition that there is not.
        """
        who = self._may(actor, Action.NUMBERS_SEE)
        period = self._counted_period(month, since, until)
        coverage = None if edition is None else self.atlas.named(edition).coverage
        levels = coverage.levels.names if coverage is not None else self.levels().names
        if by and by not in (*_WAYS, *levels):
            raise BadValue("Numbers are not grouped by that.", got=by, allowed=[*_WAYS, *levels])
        tales: Iterable[Tale] = self.store.tales(period)
        if coverage is not None:
            # Before an area is asked for: it is one of that edition.
            tales = self._counted_on(tales, coverage)
        tales = self._counted_only(tales, levels, area, item)
        scopes = reach(who, Action.NUMBERS_SEE)
        everywhere = EVERYWHERE in scopes
        keep_all = everywhere and department is None

        def keep(tale: Tale, mark: Mark) -> bool:
            if department is not None and mark.body != department:
                return False
            if everywhere:
                return True
            subject = Subject(tale.after.areas, (mark.body,) if mark.body else ())
            return any(scope.holds(subject) for scope in scopes)

        catalogues: set[str] = set()
        noted = _noting(tales, catalogues)
        found = counted(noted, period, {"", by}, keep=None if keep_all else keep)
        shown = self._counted_shown(period) | {
            "edition": edition,
            "area": area,
            "department": department,
            "item": item,
            "by": by or None,
            "kpis": figures_shown(found[""][""]),
        }
        if not by:
            return shown | {"groups": None}
        names = self._counted_names(catalogues, coverage or self._coverage_then(period), (by,))
        groups = [
            names.named(by, code) | {"kpis": figures_shown(figures)}
            for code, figures in sorted(found[by].items(), key=lambda one: (not one[0], one[0]))
        ]
        return shown | {"groups": groups}

    # -- inside ---------------------------------------------------------------------

    def _counted_period(
        self, month: str | None, since: str | datetime | None, until: str | datetime | None
    ) -> Period:
        now = self.clock()
        if month is not None and (since is not None or until is not None):
            raise BadValue("Give a month, or a period: not both.", got=month)
        if month is None and since is None:
            if until is not None:
                raise BadValue("A period needs its beginning.", got=f"until {until}")
            month = f"{to_site(now, self.zone):%Y-%m}"
        if month is not None:
            return Period.of(*month_of(month, self.zone), now)
        assert since is not None
        ends = now if until is None else parse_when(until, self.zone)
        return Period.of(parse_when(since, self.zone), ends, now)

    def _counted_shown(self, period: Period) -> dict[str, Any]:
        moments = {"since": period.since, "until": period.until, "as_of": period.as_of}
        return {name: to_site(at, self.zone).isoformat() for name, at in moments.items()}

    def _counted_only(
        self, tales: Iterable[Tale], levels: Sequence[str], area: str | None, item: str | None
    ) -> Iterable[Tale]:
        level, found, code = (area or "").partition(":")
        if area is not None and not (level and found and code):
            raise BadValue("This does not name an area.", got=area, allowed="LEVEL:CODE")
        if area is not None and level not in levels:
            raise BadValue("There is no such level.", got=level, allowed=list(levels))
        return (
            tale
            for tale in tales
            if (area is None or tale.areas.get(level) == code)
            and (item is None or tale.item == item)
        )

    def _counted_on(self, tales: Iterable[Tale], coverage: Coverage) -> Iterator[Tale]:
        """Yield orders counted on the areas of an edition that hold their reports' places.

        Every report keeps its place, so nothing has to be shared out by weights; one that has
        none was never in any area.
        """
        waiting = iter(tales)
        while some := list(islice(waiting, _AT_ONCE)):
            lon = np.array([np.nan if t.lon is None else t.lon for t in some], dtype=np.float64)
            lat = np.array([np.nan if t.lat is None else t.lat for t in some], dtype=np.float64)
            found = self.atlas.locate(
                Points(lon, lat), now=self.clock(), edition=coverage.edition, areas_only=True
            )
            columns = {name: found.codes[name] for name in coverage.levels.names}
            for n, tale in enumerate(some):
                codes = {name: column[n] for name, column in columns.items()}
                yield tale.placed({k: code for k, code in codes.items() if code is not None})

    def _coverage_then(self, period: Period) -> Coverage | None:
        """Return the areas in force at the end of a period; None when there were none."""
        locator = self.atlas.locator_at(period.as_of - timedelta(milliseconds=1))
        return None if locator is None else locator.coverage

    def _counted_names(
        self, catalogues: set[str], coverage: Coverage | None, levels: Iterable[str]
    ) -> Names:
        """Return what departments, items of catalogues, and the areas of levels are called."""
        bodies = {code: (p.name, p.name_en) for code, p in self._bodies_known().items()}
        items: dict[str, tuple[str, str]] = {}
        for catalogue in catalogues | {""}:
            book = self.books.by_name.get(catalogue) if catalogue else self.book
            prefix = f"{catalogue}:" if catalogue else ""
            known = () if book is None else book.catalogue
            items |= {f"{prefix}{one.code}": (one.name, one.name_en) for one in known}
        areas: dict[str, Mapping[str, tuple[str, str]]] = {}
        for level in levels:
            if coverage is not None and level in coverage.levels.names:
                rows = coverage.rows(level)
                rows = rows[~coverage.hidden[rows]]
                areas[level] = {
                    coverage.code[r]: (coverage.name[r] or coverage.code[r], coverage.name_en[r])
                    for r in rows
                }
        known_levels = coverage.levels if coverage is not None else ()
        named_levels = {one.name: (one.label, one.label_en) for one in known_levels}
        offices = (d for d in self.book.departments.values() if d.by_place)
        kinds = {one.code: (one.name, one.name_en) for one in offices}
        return Names(bodies, items, areas, named_levels, kinds)


def _noting(tales: Iterable[Tale], catalogues: set[str]) -> Iterator[Tale]:
    """Yield tales, and note the catalogues that their items are of."""
    for tale in tales:
        catalogues.add(tale.catalogue)
        yield tale
