"""Commands on plans of grids: suggest, measure, compare, replay, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened, progress_bar
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.show import facts, shortened, show_dry_run, table

if TYPE_CHECKING:
    from gridmap.planning.rules import Limits, Rules
    from gridmap.planning.suggest import Suggested, Suggestion
    from gridmap.workspace import Workspace

__all__ = ["plan"]

# More rows than these help nobody on a screen; --json or --csv have all.
_MOST_SHOWN = 25

plan = typer.Typer(
    no_args_is_help=True, help="Grids planned: suggested, measured, compared, replayed, exported."
)

EditionArgument = Annotated[
    str | None, typer.Argument(metavar="[EDITION]", help="A draft too; else the one in force.")
]
PlanArgument = Annotated[
    str | None,
    typer.Argument(metavar="[PLAN]", help="An edition or draft:NUMBER; else the one in force."),
]
LevelOption = Annotated[str, typer.Option("--level", help="Whose areas are planned.")]
MeasureOption = Annotated[str, typer.Option("--measure", help="What floor and ceiling limit.")]
FloorOption = Annotated[float, typer.Option("--floor", metavar="N", help="Least a grid holds.")]
CeilingOption = Annotated[float, typer.Option("--ceiling", metavar="N", help="Most it holds.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Reports from then; else a year.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Reports before then; else now.")
]
HoursOption = Annotated[
    Path | None, typer.Option("--hours", metavar="CSV", help="Handling hours: item,hours.")
]
JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="OUT", help="All of it as JSON; - is stdout.")
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="The table, a row a grid.")
]


@plan.command("suggest")
def suggest(
    ctx: typer.Context,
    edition: EditionArgument = None,
    area: Annotated[
        str | None, typer.Option(metavar="LEVEL=CODE", help="Only inside that area.")
    ] = None,
    total: Annotated[
        str | None, typer.Option("--grids", metavar="N|N-M", help="How many grids; else any.")
    ] = None,
    floor: FloorOption = 300.0,
    ceiling: CeilingOption = 500.0,
    measure: MeasureOption = "households",
    second: Annotated[
        str | None, typer.Option(metavar="MEASURE", help="Balance this too, such as reports.")
    ] = None,
    second_weight: Annotated[float, typer.Option(metavar="W", help="What it counts.")] = 1.0,
    barriers: Annotated[
        str, typer.Option(metavar="NAME,...", help="Not crossed: river, rail, arterial.")
    ] = "river,rail",
    lock: Annotated[
        list[str] | None, typer.Option("--lock", metavar="CODE", help="A grid that stays.")
    ] = None,
    together: Annotated[
        list[str] | None,
        typer.Option("--together", metavar="CODE,...", help="Atoms that stay in one grid."),
    ] = None,
    apart: Annotated[
        list[str] | None,
        typer.Option("--apart", metavar="CODE,CODE", help="Atoms never in one grid."),
    ] = None,
    estates_whole: Annotated[
        bool, typer.Option("--estates-whole", help="Keep estates in one grid.")
    ] = False,
    change: Annotated[
        float | None,
        typer.Option(metavar="W", help="Weight of change: one plan instead of three."),
    ] = None,
    rebalance: Annotated[
        list[str] | None,
        typer.Option("--rebalance", metavar="CODE", help="Only share these grids anew."),
    ] = None,
    pick: Annotated[
        str | None,
        typer.Option(metavar="PLAN", help="Of the three, the one to store or write."),
    ] = None,
    as_draft: Annotated[
        str | None, typer.Option("--as", metavar="EDITION", help="Store it as this draft.")
    ] = None,
    to_edit: Annotated[
        str | None,
        typer.Option("--draft", metavar="NAME", help="Begin a draft with it, to be edited."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    level: LevelOption = "grid",
    since: SinceOption = None,
    until: UntilOption = None,
    hours: HoursOption = None,
    json_out: JsonOption = None,
    csv: CsvOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Suggest grids: least change, default, best balance; with proof, or what cannot be met."""
    from gridmap.planning.told import suggestion_record

    inside, grids = _pair(area, "="), _total(total)
    rules = _rules(
        _limits(measure, floor, ceiling),
        {"second": second, "second_weight": second_weight, "change": change},
        barriers,
        (lock or [], together or [], apart or []),
        estates_whole=estates_whole,
    )
    with opened(ctx, store) as workspace, progress_bar("suggest") as progress:
        _own_files(workspace, json_out, csv)
        graph = workspace.planning_graph(
            edition, level=level, since=since, until=until, hours=hours
        )
        if rebalance:
            found = workspace.rebalance_plans(graph, rebalance, rules, seed=seed)
        else:
            found = workspace.suggest_plans(
                graph,
                rules,
                area=inside,
                total=grids,
                seed=seed,
                workers=workers,
                progress=progress,
            )
        chosen = found.plan(pick) if pick else found.plans[len(found.plans) // 2]
        outcome = None
        if as_draft is not None:
            outcome = workspace.store_plan(graph, chosen.plan, as_draft, commit=commit)
        number = None
        if to_edit is not None and commit:
            number = workspace.draft_of_plan(
                to_edit,
                chosen.plan.by_atom(graph),
                edition=graph.edition,
                level=level,
                source=f"suggestion: {chosen.style}, seed {seed}",
            )
        if csv is not None:
            workspace.measure_plan(graph, chosen.plan, rules.limits).frame.to_csv(csv, index=False)
    if json_out is not None:
        write_json(suggestion_record(graph, found), json_out)
    if json_out == STDOUT:
        return
    typer.echo(f"{graph.edition}: {len(graph):,} atoms, sha256 {graph.fingerprint()}")
    for one in found.plans:
        _show_plan(one, one is chosen)
    _show_curve(found, chosen)
    if outcome is not None:
        verb = "Stored" if outcome.committed else "Would store"
        typer.echo(
            f"{verb} '{chosen.style}' as the draft {outcome.edition}: {outcome.grids:,} grids, "
            f"{outcome.atoms_moved:,} atoms change grid; new codes: "
            f"{shortened(outcome.new_codes) or 'none'}; gone: "
            f"{shortened(outcome.gone_codes) or 'none'}."
        )
        show_dry_run(outcome.committed)
    if to_edit is not None:
        verb = f"Began draft {number}" if number else "Would begin a draft"
        typer.echo(f"{verb}, '{to_edit}', with '{chosen.style}'.")
        show_dry_run(number is not None)


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
    limits = _limits(measure, floor, ceiling)
    with opened(ctx, store) as workspace:
        _own_files(workspace, json_out, csv)
        found = workspace.plan_measures(
            edition, limits, on=on, level=level, since=since, until=until, hours=hours
        )
    if csv is not None:
        found.frame.to_csv(csv, index=False)
    if json_out is not None:
        record = {
            "whole": found.whole(),
            "areas": _records(found.by_area()),
            "grids": _records(found.frame),
        }
        write_json(record, json_out)
    if json_out == STDOUT:
        return
    facts({name: _figure(value) for name, value in found.whole().items()})
    typer.echo()
    spread = _records(found.spread(measure))
    most = max((row["grids"] for row in spread), default=1) or 1
    table(
        (measure, "grids", ""),
        [
            (f"{r['low']:,.0f}-{r['high']:,.0f}", f"{r['grids']:,}", _bar(r["grids"], most))
            for r in spread
        ],
    )
    frame = found.frame
    bad = frame[(frame["in_limits"] == False) | (frame["pieces"] > 1)]  # noqa: E712 - None is neither
    if len(bad):
        typer.echo("\nOut of limits or in pieces:")
        table(
            ("code", "name", measure, "pieces"),
            [
                (r["code"], r["name"], f"{r[measure]:,.0f}", r["pieces"])
                for r in _records(bad.head(_MOST_SHOWN))
            ],
        )
        if len(bad) > _MOST_SHOWN:
            typer.echo(f"... and {len(bad) - _MOST_SHOWN:,} more; --csv FILE has them all.")


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
        _page(output)
    with opened(ctx, store) as workspace:
        _own_files(workspace, json_out, csv, output)
        found = workspace.plans_compared(old, new, level=level, since=since, until=until)
        if output is not None:
            workspace.comparison_map(found).save(output)
    flows = found.flows()
    if csv is not None:
        flows.to_csv(csv, index=False)
    if json_out is not None:
        write_json({"whole": found.whole(), "flows": _records(flows)}, json_out)
    if json_out == STDOUT:
        return
    facts({name: _figure(value) for name, value in found.whole().items()})
    moved = flows[flows["moved"]].sort_values("households", ascending=False)
    table(
        ("from", "to", "atoms", "households"),
        [
            (r["from"], r["to"], r["atoms"], f"{r['households']:,.0f}")
            for r in _records(moved.head(_MOST_SHOWN))
        ],
    )
    if len(moved) > _MOST_SHOWN:
        typer.echo(f"... and {len(moved) - _MOST_SHOWN:,} more; --csv FILE has them all.")


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
        _own_files(workspace, json_out, csv)
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
            "moved": _records(moved[moved["from"] != moved["to"]]),
            "missed": _records(missed),
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
    heavy = cells.sum(axis=1).sort_values(ascending=False, kind="stable").head(_MOST_SHOWN)
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


@plan.command("microgrids")
def microgrids(
    ctx: typer.Context,
    buildings: Annotated[
        str,
        typer.Argument(metavar="FILE[:LAYER]", help="Buildings with a column households (户数)."),
    ],
    edition: EditionArgument = None,
    area: Annotated[
        str | None, typer.Option(metavar="LEVEL=CODE", help="Only inside that area.")
    ] = None,
    total: Annotated[
        str | None, typer.Option("--number", metavar="N|N-M", help="How many; else any.")
    ] = None,
    floor: Annotated[float, typer.Option(metavar="N", help="Least one holds.")] = 60.0,
    ceiling: Annotated[float, typer.Option(metavar="N", help="Most it holds.")] = 160.0,
    level: Annotated[str, typer.Option("--level", help="Of the finer areas.")] = "microgrid",
    coord_sys: Annotated[
        str | None, typer.Option(metavar="S", help="Of the buildings, where the file is silent.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.gpkg", help="The areas.")
    ] = None,
    as_draft: Annotated[
        str | None, typer.Option("--as", metavar="EDITION", help="Store them as this draft.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    json_out: JsonOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Split grids into micro-grids of like households, from the buildings in them."""
    from gridmap.bulk.export import export_target, write_export
    from gridmap.bulk.export_table import ExportLayer
    from gridmap.places.homes import read_homes
    from gridmap.planning.told import suggestion_record

    inside, number = _pair(area, "="), _total(total)
    rules = _rules(
        _limits("households", floor, ceiling), {"change": 0.0}, "river,rail", ([], [], []),
        estates_whole=False,
    )  # fmt: skip
    target = None if output is None else export_target(output, None, [level])
    homes = read_homes(buildings, coord_sys=coord_sys)
    with opened(ctx, store) as workspace, progress_bar("microgrids") as progress:
        _own_files(workspace, json_out, output)
        found = workspace.split_areas(
            homes, rules, edition=edition, level=level, area=inside, total=number,
            seed=seed, workers=workers, progress=progress,
        )  # fmt: skip
        if as_draft is not None:
            workspace.store_split(found, as_draft, commit=commit)
    if target is not None:
        write_export(target, [ExportLayer(level, found.frame, ())])
    if json_out is not None:
        write_json(suggestion_record(found.ground.graph, found.found), json_out)
    if json_out == STDOUT:
        return
    ground = found.ground
    typer.echo(
        f"{ground.graph.edition}: {len(ground.parents):,} areas, "
        f"{ground.cells.buildings.sum():,} buildings with {ground.cells.households.sum():,.0f} "
        f"households, {len(ground.graph):,} cells, sha256 {ground.graph.fingerprint()}"
    )
    _show_plan(found.plan, chosen=True)
    if as_draft is not None:
        typer.echo(f"{'Stored' if commit else 'Would store'} them as the draft {as_draft}.")
        show_dry_run(commit)


# -- inside -------------------------------------------------------------------------------


def _limits(measure: str, floor: float, ceiling: float) -> Limits:
    from gridmap.planning.rules import Limits

    return Limits(measure, floor, ceiling)


def _rules(
    limits: Limits,
    weights: dict[str, Any],
    barriers: str,
    named: tuple[list[str], list[str], list[str]],
    *,
    estates_whole: bool,
) -> Rules:
    from gridmap.planning.rules import Rules

    lock, together, apart = named
    return Rules(
        limits=limits,
        barriers=tuple(_words(barriers)),
        locked=frozenset(lock),
        together=tuple(tuple(_words(text)) for text in together),
        apart=tuple(pair for text in apart if (pair := _pair(text, ",")) is not None),
        estates_whole=estates_whole,
        **weights,
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _pair(text: str | None, mark: str) -> tuple[str, str] | None:
    from gridmap.errors import BadValue

    if text is None:
        return None
    one, found, other = text.partition(mark)
    if not found or not one.strip() or not other.strip():
        raise BadValue("Two words are meant.", got=text, allowed=f"ONE{mark}OTHER")
    return one.strip(), other.strip()


def _total(text: str | None) -> int | tuple[int, int] | None:
    from gridmap.errors import BadValue

    if text is None:
        return None
    low, _, high = text.partition("-")
    if not low.isdecimal() or (high and not high.isdecimal()) or (high and int(high) < int(low)):
        raise BadValue("This is no number of grids.", got=text, allowed="N or N-M, N up to M")
    return (int(low), int(high)) if high else int(low)


def _own_files(workspace: Workspace, json_out: str | None, *others: Path | None) -> None:
    paths = [path for path in others if path is not None]
    if json_out not in {None, STDOUT}:
        paths.append(Path(str(json_out)))
    for path in paths:
        workspace.foreign(path)


def _page(output: Path) -> None:
    from gridmap.errors import BadValue

    if output.suffix.lower() not in {".html", ".htm"}:
        raise BadValue("A map is an HTML page.", got=output, allowed="a name ending in .html")


def _show_plan(one: Suggested, chosen: bool) -> None:
    gap = one.gap
    proof = (
        f"gap {gap:.2%}; {one.proved:,} of {len(one.outcomes):,} regions proved best"
        if gap is not None
        else f"best found; {one.proved:,} of {len(one.outcomes):,} regions proved best"
    )
    typer.echo(f"\n{one.style}{' *' if chosen else ''}")
    facts(
        {
            "grids": f"{len(one.plan):,} in all, {one.grids:,} planned",
            "in areas that keep the band": f"{_inside(one):,} of {one.grids:,}",
            "CV": f"{one.cv:.4f} (perfect balance inside each area: {one.ideal_cv:.4f})",
            "keep their grid": f"{one.kept:.1%} of households",
            "proof": proof,
        }
    )
    for finding in one.findings[:_MOST_SHOWN]:
        typer.echo(f"  ! {finding.text}" + (f" {finding.relax}" if finding.relax else ""))


def _inside(one: Suggested) -> int:
    return sum(outcome.count for _, outcome in one.outcomes if outcome.in_band)


def _show_curve(found: Suggestion, chosen: Suggested) -> None:
    at = len(chosen.plan)
    near = [(n, cost) for n, cost in sorted(found.curve.items()) if abs(n - at) % 5 == 0]
    near = [pair for pair in near if abs(pair[0] - at) <= 20]
    if len(near) > 1:
        typer.echo("\nHow many grids?")
        table(("grids", "cost at least"), [(n, f"{cost:,.1f}") for n, cost in near])


def _load(cells: Any) -> dict[str, dict[str, int]]:
    names = list(cells.columns)
    return {
        code: dict(zip(names, row, strict=True))
        for code, row in zip(cells.index, cells.to_numpy().tolist(), strict=True)
    }


def _records(frame: Any) -> list[dict[str, Any]]:
    """Return a table's rows with Python's own values; NaN as None."""
    return [
        {
            name: None if value != value else value.item() if hasattr(value, "item") else value  # noqa: PLR0124
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]


def _bar(value: float, most: float) -> str:
    return "#" * round(30 * value / most)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"
