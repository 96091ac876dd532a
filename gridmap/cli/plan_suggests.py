"""Commands that suggest plans: of grids over an edition, of micro-grids from buildings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened, progress_bar
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.plan_inputs import (
    AreaOption,
    BarriersOption,
    CeilingOption,
    CsvOption,
    EditionArgument,
    FloorOption,
    HoursOption,
    JsonOption,
    LevelOption,
    MeasureOption,
    SeedOption,
    SinceOption,
    TotalOption,
    UntilOption,
    limits_of,
    own_files,
    pair_of,
    rules_of,
    total_of,
)
from gridmap.cli.plan_shows import show_curve, show_plan
from gridmap.cli.show import shortened, show_dry_run

__all__ = ["microgrids", "suggest"]


def suggest(
    ctx: typer.Context,
    edition: EditionArgument = None,
    area: AreaOption = None,
    total: TotalOption = None,
    floor: FloorOption = 300.0,
    ceiling: CeilingOption = 500.0,
    measure: MeasureOption = "households",
    second: Annotated[
        str | None, typer.Option(metavar="MEASURE", help="Balance this too, such as reports.")
    ] = None,
    second_weight: Annotated[float, typer.Option(metavar="W", help="What it counts.")] = 1.0,
    barriers: BarriersOption = "river,rail",
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
    seed: SeedOption = 0,
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

    inside, grids = pair_of(area, "="), total_of(total)
    rules = rules_of(
        limits_of(measure, floor, ceiling),
        {"second": second, "second_weight": second_weight, "change": change},
        barriers,
        (lock or [], together or [], apart or []),
        estates_whole=estates_whole,
    )
    with opened(ctx, store) as workspace, progress_bar("suggest") as progress:
        own_files(workspace, json_out, csv)
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
        number = None
        if to_edit is not None and commit:
            number = workspace.draft_of_plan(
                to_edit,
                chosen.plan.by_atom(graph),
                edition=graph.edition,
                level=level,
                source=f"suggestion: {chosen.style}, seed {seed}",
            )
        # After that draft: an edition takes up the codes of its new grids.
        outcome = None
        if as_draft is not None:
            outcome = workspace.store_plan(graph, chosen.plan, as_draft, commit=commit)
        if csv is not None:
            workspace.measure_plan(graph, chosen.plan, rules.limits).frame.to_csv(csv, index=False)
    if json_out is not None:
        write_json(suggestion_record(graph, found), json_out)
    if json_out == STDOUT:
        return
    typer.echo(f"{graph.edition}: {len(graph):,} atoms, sha256 {graph.fingerprint()}")
    for one in found.plans:
        show_plan(one, one is chosen)
    show_curve(found, chosen)
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


def microgrids(
    ctx: typer.Context,
    buildings: Annotated[
        str,
        typer.Argument(metavar="FILE[:LAYER]", help="Buildings with a column households (户数)."),
    ],
    edition: EditionArgument = None,
    area: AreaOption = None,
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
    seed: SeedOption = 0,
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

    inside, number = pair_of(area, "="), total_of(total)
    rules = rules_of(
        limits_of("households", floor, ceiling), {"change": 0.0}, "river,rail", ([], [], []),
        estates_whole=False,
    )  # fmt: skip
    target = None if output is None else export_target(output, None, [level])
    homes = read_homes(buildings, coord_sys=coord_sys)
    with opened(ctx, store) as workspace, progress_bar("microgrids") as progress:
        own_files(workspace, json_out, output)
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
    show_plan(found.plan, chosen=True)
    if as_draft is not None:
        typer.echo(f"{'Stored' if commit else 'Would store'} them as the draft {as_draft}.")
        show_dry_run(commit)
