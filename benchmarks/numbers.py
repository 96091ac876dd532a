"""Figures of a month and lists of orders, in a store with three months of a district.

Each way is measured in a process of its own, so that its peak of memory is its own; the rival
does what a notebook does: tables read into pandas, and seven of the fifteen figures counted
there for the month. They must be the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.month import MONTH, Months, geopackage, opened, postgis
from benchmarks.orders import lists
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.rivals import Missing
from gridmap.numbers.period import month_of
from gridmap.workspace import Workspace

__all__ = ["run"]

_ROOT = Path(__file__).parent.parent
_WAYS = ("", "department", "item", "subdistrict", "community", "grid")
_FILED = ("order.confirm", "order.self_handle", "order.dispatch", "order.rule")
_CLOSED = ("closed", "rated")
# What a month of so many orders may take.
_APART = 1_000
_MONTH, _SECONDS, _MEMORY = 100_000, Mark(15, 10, at_most=True), Mark(800, 500, at_most=True)


def run(plan: Plan, results: Results) -> None:
    months = Months(plan.atoms[0], *plan.months)
    notes = (
        f"Three months of {months.orders:,} orders each: {months.lived:,} of a month played with"
        " whistles, returns and ratings, the others copied. Seconds of one process by the clock"
        " and of its CPU, the server of PostGIS left out; peak of its memory, the program itself"
        " among it.",
    )
    results.begin("numbers", *notes)
    try:
        with geopackage(months) as where:
            _measure(results, months, where, "GeoPackage")
        if not plan.postgis:
            raise Missing("Left out of this run.")
        with postgis(months) as where:
            _measure(results, months, where, "PostGIS")
    except Missing as error:
        results.skip("numbers in PostGIS", str(error))


def _measure(results: Results, months: Months, where: str, store: str) -> None:
    big = months.orders >= _MONTH
    # A handful of orders, as the tests have, is not worth processes.
    ask = _ask if months.orders < _APART else _asked
    least = ask(where, "nothing")
    results.add("a store opened, and nothing counted", store, least["peak_mb"], "MB")
    for way in ("report", *_WAYS):
        found = ask(where, way)
        what = "report of a month" if way == "report" else f"figures by {way or 'nothing'}"
        results.add(f"{what}, clock", store, found["clock_s"], "s", _SECONDS if big else None)
        results.add(f"{what}, CPU", store, found["cpu_s"], "s")
        results.add(f"{what}, peak", store, found["peak_mb"], "MB", _MEMORY if big else None)
    found = ask(where, "rival")
    results.add("pandas: reading two tables, CPU", store, found["read_s"], "s")
    results.add("pandas: 7 of 15 figures three ways, CPU", store, found["cpu_s"], "s")
    results.add("pandas: peak", store, found["peak_mb"], "MB")
    lists(results, where, store)


def _asked(where: str, way: str) -> dict[str, float]:
    """Return what a process of its own took."""
    command = [sys.executable, "-m", "benchmarks.numbers", where, way]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ask(where: str, way: str) -> dict[str, float]:
    with closing(opened(where)) as workspace:
        # The index and the routers of the edition are there before a month is counted.
        workspace.coverage_at()
        if way == "rival":
            return _compared(workspace)
        count: Callable[[], object] = lambda: None  # noqa: E731
        if way == "report":
            count = lambda: workspace.draft_monthly(MONTH)  # noqa: E731
        elif way != "nothing":
            count = lambda: workspace.numbers(month=MONTH, by=way)  # noqa: E731
        clock, cpu = time.perf_counter(), time.process_time()
        count()
        return {
            "clock_s": time.perf_counter() - clock,
            "cpu_s": time.process_time() - cpu,
            "peak_mb": _peak_mb(),
        }


def _peak_mb() -> float:
    # Not ru_maxrss: a process inherits that of the one which started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _compared(workspace: Workspace) -> dict[str, float]:
    """Count by pandas, in a process that has not counted yet; then compare."""
    began = time.process_time()
    orders, events = _tables(workspace)
    read = time.process_time() - began
    since, until = map(pd.Timestamp, month_of(MONTH, workspace.zone))
    began = time.process_time()
    marked = _marked(orders, events, since, until)
    found = {way: _grouped(marked, way) for way in ("", "body", "item")}
    took, peak = time.process_time() - began, _peak_mb()
    _same(found[""][""], workspace.numbers(month=MONTH)["kpis"])
    for way, own in (("body", "department"), ("item", "item")):
        for group in workspace.numbers(month=MONTH, by=own)["groups"]:
            _same(found[way].get(group["code"], {}), group["kpis"])
    return {"read_s": read, "cpu_s": took, "peak_mb": peak}


def _tables(workspace: Workspace) -> tuple[pd.DataFrame, pd.DataFrame]:
    orders = (
        "SELECT number, version, state, item, lead, received_at, due_at, due_original,"
        " resolved_at, closed_at FROM orders"
    )
    events = "SELECT number, seq, at, action, to_state FROM order_events"
    with workspace.store._database.read() as connection:
        one, other = (pd.read_sql_query(query, connection) for query in (orders, events))
    for table in (one, other):
        for name in table.columns:
            if name == "at" or name.endswith(("_at", "_original")):
                table[name] = pd.to_datetime(table[name], utc=True, format="ISO8601")
    return one.set_index("number").sort_index(), other


def _marked(
    orders: pd.DataFrame, events: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp
) -> dict[str, tuple[pd.DataFrame, pd.Series[bool]]]:
    """Return, for each figure, the orders that count and which of them are as they should be."""
    actions = events.groupby(["number", "action"]).size().unstack(fill_value=0)
    actions = actions.reindex(orders.index, fill_value=0)

    def times(*names: str) -> pd.Series[Any]:
        return actions.reindex(columns=list(names), fill_value=0).sum(axis=1)

    earlier = events[events["at"] < since].sort_values("seq").groupby("number")["to_state"].last()
    before = earlier.reindex(orders.index)
    known = orders.assign(sent=times("order.dispatch", "order.rule") > 0)
    known["body"] = known["lead"].where(known["sent"], "")
    filed = times(*_FILED) > 0
    state, due = known["state"], known["due_original"]
    closed, rejected = state.isin(_CLOSED), state == "rejected"
    asleep = (state == "submitted") & (known["version"] == 1)
    never = (state == "merged") | asleep | (closed & ~filed)
    came = (known["received_at"] >= since) & (known["received_at"] < until)
    alone = (times("order.self_handle") > 0) & ~known["sent"]
    waits = (state == "backlogged") | known["due_at"].isna() | (known["due_at"] >= until)
    open_before = before.notna() & ~before.isin([*_CLOSED, "rejected", "merged"])
    meant = ((due < since) & open_before) | ((due >= since) & (due < until))
    meant &= ~rejected & ~never & (state != "backlogged")
    done = known["resolved_at"].fillna(known["closed_at"])
    taken = came & ~never & ~rejected & filed
    counted = {
        "filing": (came & ~never, filed & ~rejected),
        "dispatch": (taken & ~alone, known["sent"]),
        "completion": (taken & (closed | ~waits), closed),
        "closing": (meant, closed),
        "on_time": (meant, closed & (done <= due)),
        "rework": (meant, times("order.rework") > 0),
        "extension": (meant, times("order.extend.approve") > 0),
    }
    return {kpi: (known[where], hit[where]) for kpi, (where, hit) in counted.items()}


def _grouped(
    marked: Mapping[str, tuple[pd.DataFrame, pd.Series[bool]]], way: str
) -> dict[str, dict[str, tuple[int, int]]]:
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for kpi, (known, hit) in marked.items():
        groups = hit.groupby(known[way]) if way else [("", hit)]
        for code, own in groups:
            found.setdefault(str(code), {})[kpi] = (int(own.sum()), len(own))
    return found


def _same(theirs: Mapping[str, tuple[int, int]], ours: list[dict[str, Any]]) -> None:
    for one in ours:
        if one["kpi"] in _COMPARED:
            own = (one["numerator"], one["denominator"])
            other = theirs.get(one["kpi"], (0, 0))
            assert own == other, f"{one['kpi']}: {own}, and {other} by pandas"


_COMPARED = ("filing", "dispatch", "completion", "closing", "on_time", "rework", "extension")


if __name__ == "__main__":
    print(json.dumps(_ask(*sys.argv[1:])))
