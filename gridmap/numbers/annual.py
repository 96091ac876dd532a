"""The score of a year: what the issued reports of its months come to, unit by unit.

Nothing is counted anew: a year is the mean of its months as they were issued last, appeals
that were upheld included. A unit that a month does not name had nothing to answer for in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gridmap.errors import BadValue
from gridmap.numbers.ranking import FULL, by_merit

__all__ = ["figures_of_year", "months_of_year"]

_YEAR = re.compile(r"(19[5-9][0-9]|2[0-9]{3})")


def months_of_year(year: str) -> list[str]:
    """Return the twelve months of a year; `BadValue` for what is none."""
    if not _YEAR.fullmatch(year):
        raise BadValue("This is no year.", got=year, allowed="YYYY, as in 2026")
    return [f"{year}-{month:02}" for month in range(1, 13)]


@dataclass
class _Tally:
    """What the months say of one unit."""

    named: Mapping[str, Any]
    lost: float = 0.0
    due: int = 0
    closed: int = 0
    on_time: int = 0
    rules: Counter[str] = field(default_factory=Counter)


def figures_of_year(
    year: str, months: Mapping[str, Mapping[str, Any]], missing: Sequence[str]
) -> dict[str, Any]:
    """Return the score of a year in plain values.

    Parameters
    ----------
    months : mapping of month to what its report says
        The last issue of each, in their order.
    missing : sequence of str
        Months of the year that are over and were not issued.
    """
    found: dict[str, Any] = {
        "year": year,
        "months": list(months),
        "missing": list(missing),
        "rankings": [],
    }
    last = list(months.values())[-1] if months else None
    for ranking in () if last is None else last["rankings"]:
        found["rankings"].append(_ranking(ranking, months))
    return found


def _ranking(newest: Mapping[str, Any], months: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a ranking over the months, in the volume classes of the last of them."""
    name, count = newest["ranking"], len(months)
    tallies: dict[str, _Tally] = {}
    for data in months.values():
        for unit in _units(data, name):
            tally = tallies.setdefault(unit["code"], _Tally(unit))
            tally.named = unit
            tally.lost += unit["lost"]
            for part in ("due", "closed", "on_time"):
                setattr(tally, part, getattr(tally, part) + unit[part])
        for one in data["deductions"]:
            if one["ranking"] == name and not one["lifted"] and one["unit"] in tallies:
                tallies[one["unit"]].rules[one["rule"]] += 1
    left = [_unit(code, tally, count) for code, tally in sorted(tallies.items())]
    classes = []
    for volume in newest["classes"]:
        # Classes are of a month: a year's volume is that of its mean month.
        inside = [u for u in left if u["due"] >= volume["from_orders"] * count]
        left = [u for u in left if u["due"] < volume["from_orders"] * count]
        kept = {name: volume[name] for name in ("class", "name", "name_en", "from_orders")}
        classes.append(kept | {"units": _placed(inside)})
    return {"ranking": name, "of": newest["of"], "classes": classes, "unranked": left}


def _units(data: Mapping[str, Any], ranking: str) -> Iterable[Mapping[str, Any]]:
    for one in data["rankings"]:
        if one["ranking"] == ranking:
            for volume in one["classes"]:
                yield from volume["units"]
            yield from one["unranked"]


def _unit(code: str, tally: _Tally, months: int) -> dict[str, Any]:
    return {
        "code": code,
        "name": tally.named["name"],
        "name_en": tally.named["name_en"],
        "place": None,
        "score": round(FULL - tally.lost / months, 2),
        "lost": round(tally.lost, 2),
        "due": tally.due,
        "closed": tally.closed,
        "on_time": tally.on_time,
        "cases": dict(sorted(tally.rules.items())),
    }


def _placed(units: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return units with their places: by score, then what was on time, then what is closed."""

    def merit(unit: Mapping[str, Any]) -> tuple[float, float, float]:
        due = unit["due"] or 1
        return unit["score"], unit["on_time"] / due, unit["closed"] / due

    placed = by_merit(units, merit, lambda unit: str(unit["code"]))
    return [dict(unit) | {"place": place} for place, unit in placed]
