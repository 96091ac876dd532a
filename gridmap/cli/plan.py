"""Commands on plans of grids: measure, compare, replay, export; suggestions come with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gridmap.cli import plan_suggests
from gridmap.cli.context import StoreOption, opened
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.plan_inputs import (
    CeilingOption,
    CsvOption,
    FloorOption,
    HoursOption,
    JsonOption,
    LevelOption,
    MeasureOption,
    PlanArgument,
    SinceOption,
    UntilOption,
    limits_of,
    need_page_name,
    own_files,
)
from gridmap.cli.plan_shows import (
    MOST_SHOWN,
    figure,
    measures_record,
    records,
    show_faulty,
    show_rest,
)
from gridmap.cli.show import facts, table

__all__ = ["plan"]

plan = typer.Typer(
    no_args_is_help=True, help="Grids planned: suggested, measured, compared, replayed, exported."
)

plan.command("suggest")(plan_suggests.suggest)


@plan.command("measure")
def measure_(
    ctx: typer.Context,
    edition: PlanArgument = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="EDITION", help="Whose atoms; else its own.")
    ] = None,
    floor: FloorOption = 300.0,
    ceiling: CeilingOption = 500.0,
    measure: MeasureOption = "households",
    level: LevelOption = "grid",
    since: SinceOption = None,
    until: UntilOption = None,
    hours: HoursOption = None,
    json_out: JsonOption = None,
    csv: CsvOption = None,
    store: StoreOption = None,
) -> None:
    """Measure the grids of an edition: load, limits, compactness, barriers, estates, posts."""
    limits = limits_of(measure, floor, ceiling)
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out, csv)
        found = workspace.plan_measures(
            edition, limits, on=on, level=level, since=since, until=until, hours=hours
        )
    if csv is not None:
        found.frame.to_csv(csv, index=False)
    if json_out is not None:
        write_json(measures_record(found), json_out)
    if json_out == STDOUT:
        return
    facts({name: figure(value) for name, value in found.whole().items()})
    typer.echo()
    spread = records(found.spread(measure))
    most = max((row["grids"] for row in spread), default=1) or 1
    table(
        (measure, "grids", ""),
        [
            (f"{r['low']:,.0f}-{r['high']:,.0f}", f"{r['grids']:,}", _bar(r["grids"], most))
            for r in spread
        ],
    )
    show_faulty(found)


@plan.command("compare")
def compare(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="PLAN", help="Before.")],
    new: Annotated[str, typer.Argument(metavar="PLAN", help="After; draft:NUMBER too.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.html", help="Map with a slider, to print."),
    ] = None,
    level: LevelOption = "grid",
    since: SinceOption = None,
    until: UntilOption = None,
    json_out: JsonOption = None,
    csv: CsvOption = None,
    store: StoreOption = None,
) -> None:
    """Compare two editions: homes and reports that change grid, from whom to whom."""
    if output is not None:
        need_page_name(output)
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out, csv, output)
        found = workspace.plans_compared(old, new, level=level, since=since, until=until)
        if output is not None:
            workspace.comparison_map(found).save(output)
    flows = found.flows()
    if csv is not None:
        flows.to_csv(csv, index=False)
    if json_out is not None:
        write_json({"whole": found.whole(), "flows": records(flows)}, json_out)
    if json_out == STDOUT:
        return
    facts({name: figure(value) for name, value in found.whole().items()})
    moved = flows[flows["moved"]].sort_values("households", ascending=False)
    table(
        ("from", "to", "atoms", "households"),
        [
            (r["from"], r["to"], r["atoms"], f"{r['households']:,.0f}")
            for r in records(moved.head(MOST_SHOWN))
        ],
    )
    show_rest(len(moved))


@plan.command("replay")
def replay(
    ctx: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="PLAN", help="On its grids; draft:NUMBER too.")],
    before: Annotated[
        str | None, typer.Option("--before", metavar="EDITION", help="Else the one in force.")
    ] = None,
    by: Annotated[str, typer.Option(help="month, hour, item or department.")] = "month",
    level: LevelOption = "grid",
    since: SinceOption = None,
    until: UntilOption = None,
    hours: HoursOption = None,
    json_out: JsonOption = None,
    csv: CsvOption = None,
    store: StoreOption = None,
) -> None:
    """Put past reports on the grids of another edition: who would have had what."""
    from gridmap.planning.replay import check_axis

    check_axis(by)
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out, csv)
        today, there = workspace.plan_replayed(
            edition, before=before, level=level, since=since, until=until, hours=hours
        )
        reports = there.reports
        cells = there.table(by)
        moved = today.moved(there)
        missed = there.missed(today, workspace.grid_staff(level))
    if csv is not None:
        cells.to_csv(csv, index_label="grid")
    if json_out is not None:
        record = {
            "reports": len(reports),
            "by": by,
            "load": _load(cells),
            "moved": records(moved[moved["from"] != moved["to"]]),
            "missed": records(missed),
        }  # fmt: skip
        write_json(record, json_out)
    if json_out == STDOUT:
        return
    changed = int(moved.loc[moved["from"] != moved["to"], "reports"].sum())
    facts(
        {
            "reports": f"{len(reports):,}, {int((there.grid < 0).sum()):,} in no grid",
            "under another code": f"{changed:,}",
            "deadlines missed": f"{missed['observed'].sum():,} in fact, about "
            f"{missed['estimated'].sum():,} on these grids",
        }
    )
    heavy = cells.sum(axis=1).sort_values(ascending=False, kind="stable").head(MOST_SHOWN)
    table(("grid", "reports"), [(code, f"{n:,}") for code, n in heavy.items()])


@plan.command("export")
def export(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="PLAN", help="Before.")],
    new: Annotated[str, typer.Argument(metavar="PLAN", help="After; draft:NUMBER too.")],
    output: Annotated[Path, typer.Argument(metavar="FILE.gpkg", help="GeoPackage to write.")],
    level: LevelOption = "grid",
    since: SinceOption = None,
    until: UntilOption = None,
    store: StoreOption = None,
) -> None:
    """Write a comparison as a GeoPackage: grids before and after, atoms, from-to table."""
    from gridmap.bulk.comparison_file import check_comparison_name, write_comparison

    check_comparison_name(output)
    with opened(ctx, store) as workspace:
        workspace.foreign(output)
        found = workspace.plans_compared(old, new, level=level, since=since, until=until)
        layers = write_comparison(found, output)
    typer.echo(f"Wrote {output}: " + ", ".join(f"{name} {n:,}" for name, n in layers.items()) + ".")


plan.command("microgrids")(plan_suggests.microgrids)


def _load(cells: Any) -> dict[str, dict[str, int]]:
    names = list(cells.columns)
    return {
        code: dict(zip(names, row, strict=True))
        for code, row in zip(cells.index, cells.to_numpy().tolist(), strict=True)
    }


def _bar(value: float, most: float) -> str:
    return "#" * round(30 * value / most)
