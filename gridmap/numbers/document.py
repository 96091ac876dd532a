"""The monthly report as a page: both languages in one file, switched without a script, for A4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from gridmap.i18n import LANGUAGES, translate
from gridmap.numbers.charts import Bar, day_chart, share_chart
from gridmap.numbers.kpis import KPIS
from gridmap.routing.explanation import Step, render_step
from gridmap.times import DEFAULT_ZONE, to_site

__all__ = ["MOST_ROWS", "Frame", "Side", "month_named", "monthly_page", "say_share"]

# Of a table on paper; the workbook has all rows.
MOST_ROWS = 300

# What a unit's or an item's line shows.
COLUMNS = ("closing", "on_time", "reply", "returned", "satisfaction")
# What the first drawing compares with the month before.
_DRAWN = (
    "filing", "closing", "on_time", "reply", "response", "resolution", "satisfaction", "accuracy",
    "report_in",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the figures.

    Attributes
    ----------
    lang : str
        Shown first.
    review_no : str
        Of the map; empty for a blank slot.
    demo : bool
    zone : str
        The site's, in which its times are.
    """

    lang: str = "zh"
    review_no: str = ""
    demo: bool = False
    zone: str = DEFAULT_ZONE


def monthly_page(
    report: Mapping[str, Any],
    frame: Frame,
    *,
    drawing: Mapping[str, Any] | None = None,
    appeals: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the report as one HTML file that asks for nothing else.

    Parameters
    ----------
    report : mapping
        What :func:`gridmap.numbers.monthly.figures_of_month` returns, with its ``issue``.
    drawing : mapping, optional
        Of `gridmap.maps.load.Drawing`, as plain values.
    appeals : sequence of mapping
        As they stand: ``deduction`` and ``state``.
    """
    order = [frame.lang, *(one for one in LANGUAGES if one != frame.lang)]
    return _template().render(
        report=report,
        frame=frame,
        drawing=drawing,
        appeals={one["deduction"]: one["state"] for one in appeals},
        sides=[Side(lang, report) for lang in order],
        kpis=KPIS,
        columns=COLUMNS,
        most=MOST_ROWS,
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    loader = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("gridmap.numbers") / "templates" / "monthly.html.j2"
    return loader.from_string(source.read_text("utf-8"))


def say_share(figure: Mapping[str, Any]) -> str:
    """Return a figure as it is read: the share, and what it is of."""
    share = "—" if figure["share"] is None else f"{figure['share']:.2%}"
    return f"{share} ({figure['numerator']:,}/{figure['denominator']:,})"


def month_named(month: str, lang: str) -> str:
    """Return a month in words."""
    year, number = month.split("-")
    return translate("monthly.month", lang, year=int(year), month=int(number))


class Side:
    """One language of the report: its texts, names and drawings."""

    def __init__(self, lang: str, report: Mapping[str, Any]) -> None:
        self.lang, self.report = lang, report
        self.title = self.t("monthly.title", month=month_named(report["month"], lang))

    def t(self, key: str, **values: object) -> str:
        """Return a text in this language."""
        return translate(key, self.lang, **values)

    def named(self, one: Mapping[str, Any] | None, key: str = "name") -> str:
        """Return the name that a record has in this language."""
        if one is None:
            return self.t("monthly.centre")
        other = one.get(f"{key}_en")
        return str(other if self.lang == "en" and other else one[key])

    def at(self, moment: str | None) -> str:
        """Return a local time for people."""
        return "" if moment is None else moment[:16].replace("T", " ")

    def zone(self, site: str) -> str:
        """Return what the report's times are: those of the site's zone, or by their offset.

        An issue keeps the times that it was issued with, whatever zone the site has now.
        """
        as_of = self.report["as_of"]
        moment = datetime.fromisoformat(as_of)
        if to_site(moment, ZoneInfo(site)).utcoffset() != moment.utcoffset():
            return self.t("monthly.zone.other", zone=f"UTC{as_of[-6:]}")
        if site == DEFAULT_ZONE:
            return self.t("monthly.zone.beijing")
        return self.t("monthly.zone.other", zone=site)

    def figure(self, one: Mapping[str, Any]) -> str:
        """Return a figure as it is read."""
        return say_share(one)

    def left_out(self, one: Mapping[str, Any]) -> str:
        """Return what is not counted in a figure, and why."""
        said = (f"{self.t(f'left_out.{why}')} {n:,}" for why, n in one["not_counted"].items())
        return self.t("list.comma").join(said)

    def change(self, name: str) -> str:
        """Return by how much a share differs from the former month's, in percentage points."""
        now, former = self.share(name), self.former(name)
        if now is None or former is None:
            return ""
        return f"{(now - former) * 100:+.2f}"

    def share(self, name: str) -> float | None:
        """Return a share of this month."""
        return _share(self.report["kpis"], name)

    def former(self, name: str) -> float | None:
        """Return a share of the former month."""
        known = self.report["former"]
        return None if known is None else _share(known["kpis"], name)

    def ranking(self, one: Mapping[str, Any]) -> str:
        """Return what a ranking is called."""
        kind = one["ranking"].partition(":")[0]
        return self.t(f"monthly.ranking.{kind}", of=self.named(one["of"]) if one["of"] else "")

    def table(self, way: str) -> str:
        """Return what a table of groups is called."""
        level = next((one for one in self.report["levels"] if one["code"] == way), None)
        if level is None:
            return self.t(f"monthly.by.{way}")
        return self.t("monthly.by.area", of=self.named(level))

    def rule(self, one: Mapping[str, Any]) -> str:
        """Return how a rule of routing reads, by an example."""
        example = one["example"]
        return "" if example is None else render_step(Step.from_dict(example), self.lang)

    @property
    def shares(self) -> str:
        """The drawing of the shares."""
        bars = [Bar(self.t(f"kpi.{n}"), self.share(n), self.former(n)) for n in _DRAWN]
        former = self.report["former"]
        before = self.t("monthly.no_former")
        return share_chart(
            bars,
            title=self.t("monthly.chart.shares"),
            now=month_named(self.report["month"], self.lang),
            former=before if former is None else month_named(former["month"], self.lang),
        )

    @property
    def days(self) -> str:
        """The drawing of the days."""
        days = [(d["date"][8:], d["received"], d["closed"]) for d in self.report["days"]]
        return day_chart(
            days,
            title=self.t("monthly.chart.days"),
            received=self.t("monthly.received"),
            closed=self.t("monthly.closed"),
        )

    def by_kpi(self, kpis: Sequence[Mapping[str, Any]]) -> Callable[[str], Mapping[str, Any]]:
        """Return a function from a figure's name to it."""
        known = {one["kpi"]: one for one in kpis}
        return lambda name: known[name]


def _share(kpis: Sequence[Mapping[str, Any]], name: str) -> float | None:
    found: float | None = next(one["share"] for one in kpis if one["kpi"] == name)
    return found
