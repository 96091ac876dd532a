"""What areas are coloured by on a map, as far as its reader may see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from gridmap.access import EVERYWHERE, Action, Actor, may, may_see, reach
from gridmap.access.roles import Visibility
from gridmap.coverage.model import Coverage
from gridmap.times import to_site
from gridmap.workspace.amounts import amounts_of
from gridmap.workspace.counting import Counting

if TYPE_CHECKING:
    from gridmap.maps.fills import Choropleth

__all__ = ["MapFigures"]

_DAYS = 90
# Figures of :mod:`gridmap.numbers.kpis` that areas are coloured by.
_SHARES = {
    "closing": ("结案率", "Closed of those due"),
    "on_time": ("按期办结率", "Closed on time"),
}


class MapFigures(Counting):
    """Load and figures of the areas of one level."""

    def map_figures(
        self, coverage: Coverage, level: str, moment: datetime, who: Actor, *, shares: bool = True
    ) -> list[Choropleth]:
        """Return what the areas of a level may be coloured by, reports first.

        Everybody sees how many reports there are, from the public minimum on. Staff see the
        households, and with `shares` the figures of the last 90 days, where their role holds.
        """
        from gridmap.maps.levels import report_choropleth

        counts = self.store.report_counts(level)
        found = [report_choropleth(level, counts, actor=who)] if counts else []
        if not who.is_staff:
            return found
        within = self.areas_within(coverage, who, Action.MAP_SEE)
        found = [_narrowed(one, coverage, within) for one in found]
        households = self._households(coverage, level)
        if households and may_see(who, Visibility.STAFF):
            found.append(_homes(level, households, coverage, within))
        return found + (self.map_shares(coverage, level, moment, who) if shares else [])

    def areas_within(self, coverage: Coverage, who: Actor, action: Action) -> np.ndarray | None:
        """Return for each area whether the actor's role holds there; None: everywhere.

        A role that is narrowed by departments alone holds in every area.
        """
        scopes = reach(who, action)
        if EVERYWHERE in scopes or any(not scope.areas for scope in scopes):
            return None
        names = coverage.levels.names
        named = {area for scope in scopes for area in scope.areas}
        own = np.array(
            [
                (names[rank], str(code)) in named
                for rank, code in zip(coverage.rank.tolist(), coverage.code.tolist(), strict=True)
            ],
            dtype=bool,
        )
        above = coverage.ancestors
        held: np.ndarray = own | (own[above] & (above >= 0)).any(axis=1)
        return held

    def map_shares(
        self, coverage: Coverage, level: str, moment: datetime, who: Actor
    ) -> list[Choropleth]:
        """Return the figures of the last 90 days; none for whom may not see numbers."""
        from gridmap.maps.fills import Choropleth

        if not may(who, Action.NUMBERS_SEE):
            return []
        since = moment - timedelta(days=_DAYS)
        groups = self.numbers(since=since, until=moment, by=level, actor=who)["groups"]
        days = [to_site(at, self.zone).date().isoformat() for at in (since, moment)]
        found = []
        for key, (label, label_en) in _SHARES.items():
            shares: dict[str, int | None] = {}
            for group in groups:
                (kpi,) = (one for one in group["kpis"] if one["kpi"] == key)
                shares[group["code"]] = None if kpi["share"] is None else round(1000 * kpi["share"])
            if any(share is not None for share in shares.values()):
                found.append(
                    Choropleth(
                        level,
                        shares,
                        label,
                        label_en,
                        unit="%",
                        unit_en="%",
                        period=" – ".join(days),
                        key=key,
                        missing=None,
                        per=10,
                    )
                )
        return found

    # -- inside ---------------------------------------------------------------------

    def _households(self, coverage: Coverage, level: str) -> dict[str, int]:
        """Return the households of each area of a level; empty where none are known."""
        held = amounts_of(self.store, coverage).get("households", {})
        if not held:
            return {}
        atoms = coverage.atoms
        amounts = np.array([held.get(code, 0.0) for code in coverage.code[atoms].tolist()])
        owner = coverage.ancestors[atoms, coverage.levels.rank(level)]
        sums = np.bincount(owner[owner >= 0], amounts[owner >= 0], minlength=len(coverage))
        return {str(coverage.code[row]): round(sums[row]) for row in coverage.rows(level).tolist()}


def _homes(
    level: str, households: dict[str, int], coverage: Coverage, within: np.ndarray | None
) -> Choropleth:
    from gridmap.maps.fills import Choropleth

    homes = Choropleth(level, households, "户数", "Households", "户", "homes", key="households")
    return _narrowed(homes, coverage, within)


def _narrowed(one: Choropleth, coverage: Coverage, within: np.ndarray | None) -> Choropleth:
    """Return counts without those of areas that lie outside."""
    from dataclasses import replace

    if within is None:
        return one
    rows = coverage.rows(one.level)
    inside = {str(code) for code in coverage.code[rows[within[rows]]]}
    kept = {code: count for code, count in one.counts.items() if code in inside}
    zeros = dict.fromkeys(inside - set(kept), 0) if one.missing == 0 else {}
    return replace(one, counts=kept | zeros, missing=None)
