"""All figures of a month together, as plain values: what is issued, and never changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gridmap.cases.supervision import Supervision, as_of, serial
from gridmap.garbage import collecting_later
from gridmap.numbers.counting import Count, Figures, Tally, figures_shown
from gridmap.numbers.deductions import Deduction, Deductions
from gridmap.numbers.period import Period
from gridmap.numbers.problems import Problem, Problems
from gridmap.numbers.ranking import Placed, Unit, placed
from gridmap.numbers.routes import ByRule
from gridmap.numbers.rules import AREA, NumberRules
from gridmap.numbers.tale import Tale
from gridmap.times import to_site

__all__ = ["MOST_LISTED", "Former", "Names", "figures_of_month"]

# Problems that are listed one by one; the others are counted.
MOST_LISTED = 500

_Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called, in Chinese and English.

    Attributes
    ----------
    bodies, items : mapping of code to names
    areas : mapping of level to a mapping of code to names
        Of the edition that the orders are counted on.
    levels, kinds : mapping of code to names
        Levels of areas, and kinds of bodies that each place has.
    """

    bodies: Mapping[str, _Name]
    items: Mapping[str, _Name]
    areas: Mapping[str, Mapping[str, _Name]]
    levels: Mapping[str, _Name] = field(default_factory=dict)
    kinds: Mapping[str, _Name] = field(default_factory=dict)

    def named(self, way: str, code: str) -> dict[str, str]:
        """Return ``code``, ``name`` and ``name_en`` of a department, an item or an area."""
        own = {"department": self.bodies, "item": self.items, "level": self.levels,
               "office": self.kinds}  # fmt: skip
        known = own[way] if way in own else self.areas.get(way, {})
        zh, en = known.get(code, (code, ""))
        return {"code": code, "name": zh, "name_en": en}


@dataclass(frozen=True, slots=True)
class Former:
    """The month before: its name, its tales (read once), its period."""

    month: str
    tales: Iterable[Tale]
    period: Period


class _Found:
    """Everything that is counted of a month, tale by tale: none is kept."""

    def __init__(
        self, period: Period, rules: NumberRules, zone: ZoneInfo, ways: Iterable[str], load: str
    ) -> None:
        self.period, self.zone, self.load = period, zone, load
        self.tally = Tally(period, ways)
        self.deductions = Deductions(period, rules)
        self.problems = Problems(period)
        self.rules = ByRule(period)
        self.catalogues: set[str] = set()
        # Orders by the day on which they came in or were closed, and by the area they came from.
        self.came: Counter[str] = Counter()
        self.went: Counter[str] = Counter()
        self.loads: Counter[str] = Counter()

    def add(self, tale: Tale) -> None:
        for part in (self.tally, self.deductions, self.problems, self.rules):
            part.add(tale)
        self.catalogues.add(tale.catalogue)
        if self.period.holds(tale.after.received_at):
            self.came[self._day(tale.after.received_at)] += 1
            self.loads[tale.areas.get(self.load) or ""] += 1
        for one in tale.entries:
            if one.action == "order.close" and self.period.holds(one.at):
                self.went[self._day(one.at)] += 1

    def _day(self, moment: datetime) -> str:
        return to_site(moment, self.zone).date().isoformat()


@dataclass(frozen=True, slots=True)
class _Month:
    """What every part of the report is made from."""

    period: Period
    counted: _Found
    supervisions: Sequence[Supervision]
    rules: NumberRules
    names: Names
    zone: ZoneInfo
    lifted: Mapping[str, str] = field(default_factory=dict)

    def local(self, moment: datetime | None) -> str | None:
        return None if moment is None else to_site(moment, self.zone).isoformat()


def figures_of_month(
    month: str,
    period: Period,
    tales: Iterable[Tale],
    supervisions: Sequence[Supervision],
    *,
    rules: NumberRules,
    names: Callable[[set[str]], Names],
    zone: ZoneInfo,
    edition: str = "",
    load_level: str = "",
    former: Former | None = None,
    lifted: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return everything that the report of a month says, in plain values.

    Parameters
    ----------
    tales : iterable of Tale
        Counted on the areas of `edition`; read once, and let go one by one.
    names : callable
        Returns what things are called, those of the catalogues of some names among them.
    load_level : str
        Level of the areas whose orders are drawn on the map; empty for no map.
    former : Former, optional
        Left out, or without tales, for a first month.
    lifted : mapping of key to text
        Deductions that do not count any more, with what was written about it.
    """
    ways = ("", "department", "item", *rules.levels)
    counted = _Found(period, rules, zone, ways, load_level)
    with collecting_later():
        for tale in tales:
            counted.add(tale)
    known = names(counted.catalogues)
    demands = [as_of(s, period.as_of) for s in supervisions if s.issued_at < period.as_of]
    one = _Month(period, counted, demands, rules, known, zone, lifted or {})
    figures = counted.tally.figures()
    found = [
        replace(d, lifted=one.lifted[d.key]) if d.key in one.lifted else d
        for d in counted.deductions.listed(demands)
    ]
    carried, standing = counted.problems.listed(demands)
    return {
        "month": month,
        "since": one.local(period.since),
        "until": one.local(period.until),
        "as_of": one.local(period.as_of),
        "edition": edition,
        "kpis": figures_shown(figures[""][""]),
        "former": _former(former),
        "levels": [known.named("level", level) for level in rules.levels],
        "tables": {way: _table(one, way, figures[way]) for way in ways if way},
        "rankings": _rankings(one, figures, found),
        "deductions": [_deduction(one, d) for d in found],
        "problems": {
            "carried": _listed(one, carried),
            "corrected": sum(p.corrected_at is not None for p in carried),
            "carried_total": len(carried),
            "standing": _listed(one, standing),
            "standing_total": len(standing),
        },
        "supervision": [_demand(one, s) for s in demands if period.holds(s.issued_at)],
        "routing": [_routing(one) for one in counted.rules.counts()],
        "days": _days(one),
        "load": _load(one, load_level),
    }


def _former(former: Former | None) -> dict[str, Any] | None:
    if former is None:
        return None
    tally, any_at_all = Tally(former.period), False
    with collecting_later():
        for tale in former.tales:
            tally.add(tale)
            any_at_all = True
    if not any_at_all:
        return None
    return {"month": former.month, "kpis": figures_shown(tally.figures()[""][""])}


def _table(one: _Month, way: str, groups: Mapping[str, Figures]) -> list[dict[str, Any]]:
    """Return the groups that anything was counted in; what belongs to none comes last."""
    return [
        one.names.named(way, code) | {"kpis": figures_shown(groups[code])}
        for code in sorted(groups, key=lambda code: (not code, code))
        if any(c.denominator or c.not_counted for c in groups[code].values())
    ]


def _way(ranking: str) -> str:
    """Return the way of grouping that a ranking's units are."""
    kind, _, level = ranking.partition(":")
    return level if kind == AREA else "department"


def _rankings(
    one: _Month,
    figures: Mapping[str, Mapping[str, Figures]],
    found: Sequence[Deduction],
) -> list[dict[str, Any]]:
    made = []
    for ranking in one.rules.classes:
        way = _way(ranking)
        groups = {c: f for c, f in figures[way].items() if c and _belongs(c, ranking)}
        classes, rest = placed(ranking, groups, found, one.rules)
        made.append(
            {
                "ranking": ranking,
                "of": _ranked_kind(one, ranking),
                "classes": [_class(one, way, c) for c in classes],
                "unranked": [_unit(one, way, u, None) for u in rest],
            }
        )
    return made


def _ranked_kind(one: _Month, ranking: str) -> dict[str, str] | None:
    """Return what kind of body or level a ranking is of; None for departments."""
    kind, _, of = ranking.partition(":")
    return one.names.named("level" if kind == AREA else "office", of) if of else None


def _belongs(code: str, ranking: str) -> bool:
    kind, _, of = ranking.partition(":")
    if kind == AREA:
        return True
    prefix, found, _ = code.partition(":")
    return prefix == of if of else not found


def _class(one: _Month, way: str, found: Placed) -> dict[str, Any]:
    volume = found.volume
    return {
        "class": volume.code,
        "name": volume.name,
        "name_en": volume.name_en,
        "from_orders": volume.from_orders,
        **({"by": volume.by} if volume.by else {}),
        "units": [_unit(one, way, unit, place, volume.by) for place, unit in found.units],
    }


def _unit(one: _Month, way: str, unit: Unit, place: int | None, by: str = "") -> dict[str, Any]:
    found: dict[str, Any] = one.names.named(way, unit.code) | {
        "place": place,
        "score": unit.score,
        "lost": unit.lost,
        "due": unit.closing.denominator,
        "closed": unit.closing.numerator,
        "on_time": unit.on_time.numerator,
    }
    if by:
        count = unit.figures[by] if unit.figures else Count()
        found["figure"] = [count.numerator, count.denominator]
    return found


def _deduction(one: _Month, found: Deduction) -> dict[str, Any]:
    rule = one.rules.scores[found.rule]
    unit = one.names.named(_way(found.ranking), found.unit)
    return {
        "key": found.key,
        "rule": found.rule,
        "rule_name": rule.name,
        "rule_name_en": rule.name_en,
        "ranking": found.ranking,
        "unit": found.unit,
        "unit_name": unit["name"],
        "unit_name_en": unit["name_en"],
        "points": found.points,
        "at": one.local(found.at),
        "number": found.number,
        "supervision": found.supervision or None,
        "lifted": found.lifted or None,
    }


def _listed(one: _Month, found: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "number": p.number,
            "supervision": p.supervision or None,
            "item": one.names.named("item", p.item) if p.item else None,
            "department": one.names.named("department", p.body) if p.body else None,
            "due_at": one.local(p.due_at),
            "corrected_at": one.local(p.corrected_at),
        }
        for p in list(found)[:MOST_LISTED]
    ]


def _demand(one: _Month, found: Supervision) -> dict[str, Any]:
    return {
        "serial": serial(found),
        "department": one.names.named("department", found.department),
        "copies": [one.names.named("department", code) for code in found.copies],
        "subject": found.subject,
        "number": found.number,
        "issued_at": one.local(found.issued_at),
        "reply_by": one.local(found.reply_by),
        "replied_at": one.local(found.replied_at),
        "closed_at": one.local(found.closed_at),
    }


def _routing(found: Any) -> dict[str, Any]:
    settled = found.sent - found.undecided
    return {
        "rule": found.rule,
        "example": None if found.example is None else dict(found.example),
        "sent": found.sent,
        "returned": found.returned,
        "wrong": found.wrong,
        "undecided": found.undecided,
        "return_share": round(found.returned / found.sent, 6),
        "wrong_share": round(found.wrong / settled, 6) if settled else None,
    }


def _days(one: _Month) -> list[dict[str, Any]]:
    """Return how many orders came in and were closed, day by day."""
    came, went = one.counted.came, one.counted.went
    first = to_site(one.period.since, one.zone).date()
    last = to_site(one.period.until, one.zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    return [
        {"date": d.isoformat(), "received": came[d.isoformat()], "closed": went[d.isoformat()]}
        for d in days
    ]


def _load(one: _Month, level: str) -> dict[str, Any] | None:
    """Return how many orders came in from each area of a level."""
    if not level:
        return None
    counts = one.counted.loads
    known = sorted(one.names.areas.get(level, {}))
    rows = [one.names.named(level, code) | {"orders": counts[code]} for code in known]
    elsewhere = sum(counts.values()) - sum(counts[code] for code in known)
    return {"level": level, "areas": rows, "elsewhere": elsewhere}
