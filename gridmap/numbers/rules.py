"""The tables of a site: what costs points, and in which classes units are ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gridmap.errors import BadValue
from gridmap.routing.rule_files import yaml_table
from gridmap.tables import Row, Source, package_data, read_table

__all__ = [
    "AREA",
    "CLASSES_TABLE",
    "DEPARTMENT",
    "FAULTS",
    "OFFICE",
    "RANKED_BY",
    "SCORES_TABLE",
    "Charged",
    "NumberRules",
    "ScoreRule",
    "VolumeClass",
    "load_number_rules",
    "ranking_of_body",
]

SCORES_TABLE = "score_rules.csv"
CLASSES_TABLE = "volume_classes.csv"

# What is seen in the orders and can cost points.
FAULTS = (
    "overdue", "carried_over", "named", "unsigned", "no_contact", "passed_off", "rework",
    "dissatisfied", "report_in_late", "report_in_absent", "report_in_ineffective",
    "improper_whistle", "supervised", "supervision_late",
)  # fmt: skip

# Figures that units may be ranked by in place of their score: of these, more is better.
RANKED_BY = (
    "filing", "dispatch", "closing", "on_time", "completion", "reply", "response", "resolution",
    "satisfaction", "accuracy", "report_in",
)  # fmt: skip

# Kinds of rankings: bodies of the whole district, bodies of one kind that each place has, and
# the areas of a level.
DEPARTMENT, OFFICE, AREA = "department", "office", "area"
_MOST_POINTS = 100.0


class Charged(StrEnum):
    """Who loses the points."""

    DEPARTMENT = "department"
    AREA = "area"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """One rule.

    Attributes
    ----------
    rule : str
        One of :data:`FAULTS`.
    points : float
        Off for each case.
    most : float or None
        A unit loses no more by this rule in a month; None for no bound.
    """

    rule: str
    charged: Charged
    points: float
    most: float | None
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class VolumeClass:
    """Units are compared with those that have about as much to do.

    Attributes
    ----------
    ranking : str
        ``department``, ``office:KIND`` or ``area:LEVEL``.
    code : str
    from_orders : int
        Orders due to be closed, at least.
    by : str
        The figure that its units are ranked by; empty: their score.
    """

    ranking: str
    code: str
    from_orders: int
    name: str
    name_en: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class NumberRules:
    """Both tables.

    Attributes
    ----------
    classes : mapping of ranking to its classes, the largest first
    """

    scores: Mapping[str, ScoreRule]
    classes: Mapping[str, Sequence[VolumeClass]]

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels whose areas are ranked."""
        named = (ranking.partition(":") for ranking in self.classes)
        return tuple(level for kind, _, level in named if kind == AREA)


def ranking_of_body(code: str) -> str:
    """Return the ranking that a department or other body belongs to."""
    kind, found, _ = code.partition(":")
    return f"{OFFICE}:{kind}" if found else DEPARTMENT


def load_number_rules(folder: Path | None) -> NumberRules:
    """Read the tables of a site's folder, or the package's own where it has none.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        For a table that cannot be used; a faulty cell is named by file, row and column.
    """
    seen: dict[str, int] = {}
    rows = read_table(
        _source(folder, SCORES_TABLE), ["rule", "charged", "points", "name"], ["most", "name_en"]
    )
    scores = [_score(row, seen) for row in rows]
    classes: dict[str, list[VolumeClass]] = {}
    for row in read_table(
        _source(folder, CLASSES_TABLE),
        ["ranking", "class", "from_orders", "name"],
        ["name_en", "by"],
    ):
        one = _class(row)
        _fits(row, one, classes.setdefault(one.ranking, []))
        classes[one.ranking].append(one)
    return NumberRules(
        {one.rule: one for one in scores}, {name: tuple(c) for name, c in classes.items()}
    )


def _source(folder: Path | None, table: str) -> Source:
    """Return a site's own table, as CSV or YAML; the package's where there is neither."""
    if folder is None:
        return package_data("gridmap.numbers", table)
    named = ((folder / table).with_suffix(end) for end in (".csv", ".yaml", ".yml"))
    own = [path for path in named if path.exists()]
    if len(own) > 1:
        raise BadValue(
            f"The table '{own[0].stem}' is there twice.",
            got=", ".join(path.name for path in own),
            repair="Keep one of them.",
        )
    if not own:
        return package_data("gridmap.numbers", table)
    return own[0] if own[0].suffix == ".csv" else yaml_table(own[0])


def _score(row: Row, seen: dict[str, int]) -> ScoreRule:
    rule = row.unique("rule", seen)
    if rule not in FAULTS:
        row.refuse("rule", "is unknown", allowed=FAULTS)
    points = _points(row, "points")
    most = _points(row, "most") if row.cells["most"] else None
    if most is not None and most < points:
        row.refuse("most", "is less than one case costs", allowed=f"{points:g} or more")
    charged = row.choice("charged", Charged)
    return ScoreRule(rule, charged, points, most, row.text("name"), row.cells["name_en"])


def _points(row: Row, column: str) -> float:
    try:
        value = float(row.text(column))
    except ValueError:
        row.refuse(column, "is no number")
    # NaN is in no range.
    if not 0 < value <= _MOST_POINTS:
        row.refuse(column, "is no number of points", allowed="above 0, up to 100")
    return value


def _class(row: Row) -> VolumeClass:
    ranking = row.text("ranking")
    kind, found, of = ranking.partition(":")
    if (kind, found) != (DEPARTMENT, "") and not (kind in {OFFICE, AREA} and of):
        row.refuse("ranking", "is unknown", allowed="department, office:KIND or area:LEVEL")
    text = row.text("from_orders")
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        row.refuse("from_orders", "is no number of orders", allowed="1, 2, 3 ...")
    by = row.cells["by"]
    if by and by not in RANKED_BY:
        row.refuse("by", "is no figure to rank by", allowed=["empty: by score", *RANKED_BY])
    return VolumeClass(
        ranking, row.text("class"), int(text), row.text("name"), row.cells["name_en"], by
    )


def _fits(row: Row, one: VolumeClass, former: Sequence[VolumeClass]) -> None:
    """Refuse a class that does not come after the larger ones of its ranking."""
    if one.code in {c.code for c in former}:
        row.refuse("class", "stands twice in its ranking")
    if former and one.from_orders >= former[-1].from_orders:
        row.refuse(
            "from_orders",
            "does not fall from class to class",
            allowed=f"below {former[-1].from_orders}",
        )
