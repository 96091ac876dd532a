"""A store with some hundred thousand orders: a few thousand lived, the others copied from them.

Every order that is played goes through the doors of the service, with whistles, returns, ratings
and what time brings. A copy has all rows of its original under a number of its own, months in
their order; what programs were told (the outbox) is not copied, for no figure and no list reads it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Table, func, select

from benchmarks.rivals import postgis_server
from benchmarks.site import fill
from benchmarks.town import town
from gridmap.demo.orders import play
from gridmap.settings import Settings
from gridmap.store import Store, schema, schema_cases, schema_district, schema_within
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace, open_workspace

__all__ = ["MONTH", "Months", "copied", "geopackage", "opened", "postgis"]

MONTH = "2026-03"
# The first moment of April at the site: the month is over, and nothing came after it.
NOW = datetime(2026, 3, 31, 16, tzinfo=UTC)
_STARTS = tuple(
    datetime(*day, 16, tzinfo=UTC) for day in ((2026, 1, 2), (2026, 1, 31), (2026, 2, 28))
)
_SEED = 20260331


@dataclass(frozen=True)
class Months:
    """Three months of orders.

    Attributes
    ----------
    atoms : int
        Micro-grids of the town.
    lived : int
        Orders a month that are played.
    orders : int
        Orders a month in all, a multiple of `lived`.
    """

    atoms: int
    lived: int
    orders: int


def opened(where: str) -> Workspace:
    """Open a store of this module at the moment at which its last month is over."""
    return open_workspace(settings=Settings(store=where), clock=frozen_clock(NOW))


@contextmanager
def geopackage(months: Months) -> Iterator[str]:
    """Path of a GeoPackage with the months; removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        where = str(Path(folder) / "month.gpkg")
        make(where, months)
        yield where


@contextmanager
def postgis(months: Months) -> Iterator[str]:
    """URL of a store with the months on a private server; gone at the end."""
    server = postgis_server()
    try:
        where = server.url("bench")
        make(where, months)
        yield where
    finally:
        server.stop()


def make(where: str, months: Months) -> None:
    """Put the months into a new store."""
    fill(where, town(months.atoms))
    with opened(where) as workspace:
        _live(workspace, months)
    copied(where, months)


def _live(workspace: Workspace, months: Months) -> None:
    """Report, route and play so many orders of each month."""
    dice = np.random.default_rng(_SEED)
    number = months.lived * len(_STARTS)
    lon, lat = town(months.atoms).points("clustered", number)
    codes = list(workspace.book.catalogue.codes)
    item = dice.choice(codes, number)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "reports.csv"
        rows = ["lon,lat,item,at"]
        ends = (*_STARTS[1:], NOW)
        moments = [
            start + (end - start) * share
            for start, end in zip(_STARTS, ends, strict=True)
            for share in np.sort(dice.uniform(0, 1, months.lived)).tolist()
        ]
        places = zip(lon.tolist(), lat.tolist(), item.tolist(), moments, strict=True)
        rows += [f"{x},{y},{code},{at.isoformat()}" for x, y, code, at in places]
        source.write_text("\n".join(rows) + "\n", encoding="utf-8")
        workspace.assign(source, Path(folder) / "out.csv", item="item", at="at", keep={})
    asleep = workspace.orders_asleep(_STARTS[0], NOW + timedelta(days=1))
    workspace.take_over(asleep, lambda past: play(past, _SEED, workspace.zone))


def copied(where: str, months: Months) -> None:
    """Copy what was lived until there are as many orders as there should be."""
    with Store.open(where, clock=frozen_clock(NOW)) as store, store._database.write() as connection:
        last = connection.execute(select(func.max(schema_cases.orders.c.number))).scalar_one()
        begin = int(last) + 1
        first = begin - months.lived * len(_STARTS)
        copies = months.orders // months.lived - 1
        for _ in _STARTS if copies else ():
            _copy(connection, (first, months.lived), begin, copies)
            first, begin = first + months.lived, begin + months.lived * copies
        _tell(connection)
        _settle(connection)


def _copy(connection: Connection, of: tuple[int, int], begin: int, copies: int) -> None:
    """Copy a run of orders (first number, how many) to the numbers from `begin` on."""
    first, count = of
    for table, key in _KEYS.items():
        new = f"({begin} + c.n * {count} + t.{key} - {first})"
        own = {key: new} | _own(table, new, connection.dialect.name)
        names = [c.name for c in table.columns if c.name != "id" or key == "id"]
        source = ", ".join(own.get(name, f't."{name}"') for name in names)
        connection.exec_driver_sql(
            "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c"
            f" WHERE n + 1 < {copies}) INSERT INTO {table.name} ({_quoted(names)})"
            f" SELECT {source} FROM c CROSS JOIN {table.name} t"
            f" WHERE t.{key} >= {first} AND t.{key} < {first + count}"
        )


def _own(table: Table, new: str, dialect: str) -> dict[str, str]:
    """Return what else differs in the copy of a row."""
    if table is schema_cases.jobs:
        key = f"replace(t.key, ':' || t.number || ':', ':' || {new} || ':')"
        return {"key": key}
    if table is schema_cases.orders:
        lite = dialect == "sqlite"
        value = f"json_set(t.data, '$.number', {new})"
        return {"data": value if lite else f"t.data || jsonb_build_object('number', {new})"}
    return {}


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


# By what a row belongs to an order.
_KEYS: dict[Table, str] = {
    schema.reports: "id",
    schema_district.report_routes: "report_id",
    schema_cases.orders: "number",
    schema_cases.order_parts: "number",
    schema_cases.order_events: "number",
    schema_cases.jobs: "number",
    schema_within.order_areas: "number",
}

# Who was told of an event, when it happened: by whom they are meant, and as what.
_TOLD = {
    "order.submit": (("role", "'dispatcher'", "new_report"),),
    "order.dispatch": (("department", "e.lead", "new"),),
    "order.resolve": (
        ("role", "'grid_worker'", "to_inspect"),
        ("role", "'community_officer'", "to_inspect"),
    ),
    "order.self_handle": (
        ("role", "'grid_lead'", "to_inspect"),
        ("role", "'community_officer'", "to_inspect"),
    ),
    "order.inspect": (("role", "'dispatcher'", "to_close"),),
}


def _tell(connection: Connection) -> None:
    """Write the notices that nobody was told of orders of the past."""
    params = '\'{"by": "centre-1", "item": "", "state": ""}\''
    if connection.dialect.name != "sqlite":
        params += "::jsonb"
    for action, told in _TOLD.items():
        for kind, name, what in told:
            connection.exec_driver_sql(
                "INSERT INTO notices (at, kind, audience_kind, audience, number, areas, params)"
                f" SELECT e.at, '{what}', '{kind}', {name}, e.number, o.areas, {params}"
                " FROM order_events e JOIN orders o ON o.number = e.number"
                f" WHERE e.action = '{action}' ORDER BY e.at"
            )
    each = "json_each" if connection.dialect.name == "sqlite" else "jsonb_each_text"
    connection.exec_driver_sql(
        "INSERT INTO notice_areas (role, level, code, notice_id)"
        f" SELECT n.audience, a.key, a.value, n.id FROM notices n, {each}(n.areas) a"
        " WHERE n.audience_kind = 'role' AND NOT EXISTS (SELECT 1 FROM notice_areas x"
        " WHERE x.role = n.audience AND x.level = a.key AND x.code = a.value"
        " AND x.notice_id = n.id)"
    )


def _settle(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        highest = "(SELECT max(id) FROM reports)"
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('reports', 'id'), {highest})"
        )
        # As the server does by itself, some time after so many rows came: plans of queries
        # that are made between change from run to run.
        connection.exec_driver_sql("ANALYZE")
