"""The monthly report as a workbook: every table whole, numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from gridmap.numbers.document import Side
from gridmap.numbers.kpis import KPIS

if TYPE_CHECKING:
    from xlsxwriter import Workbook

__all__ = ["monthly_workbook"]

# Excel's own bound for the name of a sheet.
_SHEET_NAME = 31
# Rows of a sheet that are kept while it is written.
_MANY = 5_000
_NO_NAME = re.compile(r"[\[\]:*?/\\]")


def monthly_workbook(
    report: Mapping[str, Any], lang: str, *, appeals: Sequence[Mapping[str, Any]] = ()
) -> bytes:
    """Return the report as the bytes of an .xlsx file in a language.

    What people wrote is text, never a formula.
    """
    # Imported late: few commands write workbooks.
    from xlsxwriter import Workbook

    out = BytesIO()
    many = len(report["deductions"]) > _MANY
    # A district's month goes through files: its cells are some hundred megabytes of memory.
    options = {"constant_memory": many, "in_memory": not many, "strings_to_formulas": False,
               "strings_to_urls": False}  # fmt: skip
    with Workbook(out, options) as book:
        made = datetime.fromisoformat(report["until"]).replace(tzinfo=None)
        side = Side(lang, report)
        book.set_properties({"title": side.title, "created": made})
        sheets = _Sheets(book, side)
        _kpis(sheets, report)
        _rankings(sheets, report)
        _deductions(sheets, report, {one["deduction"]: one for one in appeals})
        _problems(sheets, report["problems"])
        _supervision(sheets, report)
        _routing(sheets, report)
        for way, rows in report["tables"].items():
            _table(sheets, way, rows)
        _load(sheets, report["load"])
        _days(sheets, report)
    return out.getvalue()


class _Sheets:
    """Adds one sheet after the other, in a language."""

    def __init__(self, book: Workbook, side: Side) -> None:
        self.book, self.lang = book, side.lang
        self.t, self.side = side.t, side
        self._head = book.add_format({"bold": True, "bg_color": "#eef2f4", "bottom": 1})
        self._share = book.add_format({"num_format": "0.00%"})
        self._names: set[str] = set()

    def named(self, one: Mapping[str, Any] | None, key: str = "name") -> str:
        """Return a name in the language; empty for nobody's."""
        return "" if one is None else self.side.named(one, key)

    def _name(self, wanted: str) -> str:
        """Return a name that Excel takes and no other sheet has."""
        name = _NO_NAME.sub(" ", wanted)[:_SHEET_NAME].strip("' ") or "-"
        found, n = name, 1
        while found.lower() in self._names:
            n += 1
            found = f"{name[: _SHEET_NAME - 4]} ({n})"
        self._names.add(found.lower())
        return found

    def add(
        self,
        name: str,
        head: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        shares: Iterable[int] = (),
    ) -> None:
        """Add a sheet; `shares` are the columns that hold shares of one."""
        sheet = self.book.add_worksheet(self._name(name))
        percent = set(shares)
        for column, word in enumerate(head):
            sheet.write_string(0, column, word, self._head)
        widths = [len(word) for word in head]
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                if isinstance(value, str):
                    sheet.write_string(last, column, value)
                else:
                    sheet.write_number(
                        last, column, value, self._share if column in percent else None
                    )
                widths[column] = max(widths[column], len(str(value)))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(60, 2 + 1.6 * width))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, last), len(head) - 1)


def _figure(one: Mapping[str, Any]) -> list[Any]:
    return [one["numerator"], one["denominator"], one["share"]]


def _kpis(s: _Sheets, report: Mapping[str, Any]) -> None:
    former = report["former"] or {"kpis": []}
    before = {one["kpi"]: one["share"] for one in former["kpis"]}
    words = ("kpi", "numerator", "denominator", "share", "former", "left_out", "how")
    rows = [
        [
            s.t(f"kpi.{one['kpi']}"),
            *_figure(one),
            before.get(one["kpi"]),
            s.side.left_out(one),
            s.t(f"kpi.how.{one['kpi']}"),
        ]
        for one in report["kpis"]
    ]
    s.add(s.t("monthly.h.kpis"), [s.t(f"monthly.c.{w}") for w in words], rows, shares=(3, 4))


def _rankings(s: _Sheets, report: Mapping[str, Any]) -> None:
    words: tuple[str, ...]
    words = ("ranking", "class", "place", "unit", "code", "score", "lost", "due", "closed",
             "on_time")  # fmt: skip
    # Where a class is ranked by a figure, which one and its parts.
    ranked = any(c.get("by") for one in report["rankings"] for c in one["classes"])
    words += ("kpi", "numerator", "denominator") if ranked else ()
    rows = []
    for ranking in report["rankings"]:
        title = s.side.ranking(ranking)
        by = {s.named(c): s.t(f"kpi.{c['by']}") for c in ranking["classes"] if c.get("by")}
        groups = [(s.named(c), c["units"]) for c in ranking["classes"]]
        groups.append((s.t("monthly.unranked"), ranking["unranked"]))
        rows += [
            [title, group, u["place"], s.named(u), u["code"]]
            + [u[name] for name in ("score", "lost", "due", "closed", "on_time")]
            + ([by[group], *u["figure"]] if "figure" in u else [])
            for group, units in groups
            for u in units
        ]
    s.add(s.t("monthly.h.rankings"), [s.t(f"monthly.c.{w}") for w in words], rows)


def _deductions(
    s: _Sheets, report: Mapping[str, Any], appeals: Mapping[str, Mapping[str, Any]]
) -> None:
    words = ("unit", "rule", "points", "case", "at", "appeal", "why", "key")
    rows = []
    for one in report["deductions"]:
        appeal = appeals.get(one["key"])
        state = s.t(f"monthly.appeal.{appeal['state']}") if appeal else ""
        rows.append(
            [
                s.named(one, "unit_name"),
                s.named(one, "rule_name"),
                0 if one["lifted"] else -one["points"],
                str(one["number"] or one["supervision"]),
                one["at"][:16].replace("T", " "),
                state,
                one["lifted"] or "",
                one["key"],
            ]
        )
    s.add(s.t("monthly.h.deductions"), [s.t(f"monthly.c.{w}") for w in words], rows)


def _problems(s: _Sheets, problems: Mapping[str, Any]) -> None:
    words = ("state", "case", "item", "department", "due_at", "corrected")
    rows = [
        [
            s.t(f"monthly.problem.{state}"),
            str(one["number"] or one["supervision"]),
            s.named(one["item"]),
            s.named(one["department"]) or s.t("monthly.centre"),
            one["due_at"][:16].replace("T", " "),
            (one["corrected_at"] or "")[:16].replace("T", " "),
        ]
        for state in ("carried", "standing")
        for one in problems[state]
    ]
    s.add(s.t("monthly.h.problems"), [s.t(f"monthly.c.{w}") for w in words], rows)


def _supervision(s: _Sheets, report: Mapping[str, Any]) -> None:
    words = ("serial", "department", "subject", "case", "issued_at", "reply_by", "replied", "ended")
    rows = [
        [one["serial"], s.named(one["department"]), one["subject"], str(one["number"] or "")]
        + [
            (one[name] or "")[:16].replace("T", " ")
            for name in ("issued_at", "reply_by", "replied_at", "closed_at")
        ]
        for one in report["supervision"]
    ]
    s.add(s.t("monthly.h.supervision"), [s.t(f"monthly.c.{w}") for w in words], rows)


def _routing(s: _Sheets, report: Mapping[str, Any]) -> None:
    words = ("route_rule", "sent", "returned", "return_share", "wrong", "undecided",
             "wrong_share", "example")  # fmt: skip
    rows = [
        [
            s.t("monthly.by_hand") if one["rule"] == "by_hand" else one["rule"],
            one["sent"],
            one["returned"],
            one["return_share"],
            one["wrong"],
            one["undecided"],
            one["wrong_share"],
            s.side.rule(one),
        ]
        for one in report["routing"]
    ]
    head = [s.t(f"monthly.c.{w}") for w in words]
    s.add(s.t("monthly.h.routing"), head, rows, shares=(3, 6))


def _table(s: _Sheets, way: str, rows: Sequence[Mapping[str, Any]]) -> None:
    head = [s.t("monthly.c.code"), s.t("monthly.c.unit")]
    for kpi in KPIS:
        name = s.t(f"kpi.{kpi}")
        head += [f"{name} {s.t(f'monthly.c.{w}')}" for w in ("numerator", "denominator", "share")]
    made = [
        [
            row["code"],
            s.named(row) if row["code"] else s.t("monthly.no_group"),
            *(value for one in row["kpis"] for value in _figure(one)),
        ]
        for row in rows
    ]
    s.add(s.side.table(way), head, made, shares=range(4, len(head), 3))


def _load(s: _Sheets, load: Mapping[str, Any] | None) -> None:
    rows = [] if load is None else [[a["code"], s.named(a), a["orders"]] for a in load["areas"]]
    head = [s.t(f"monthly.c.{w}") for w in ("code", "unit", "received")]
    s.add(s.t("monthly.h.load"), head, rows)


def _days(s: _Sheets, report: Mapping[str, Any]) -> None:
    head = [s.t("monthly.c.date"), s.t("monthly.received"), s.t("monthly.closed")]
    rows = [[day["date"], day["received"], day["closed"]] for day in report["days"]]
    s.add(s.t("monthly.chart.days"), head, rows)
