"""Commands that look at drafts: measures, layers, beside another plan, the audit; suggestions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.check import FAULTS, _show_faults, _write_json
from gridmap.cli.context import CommitOption, StoreOption, opened, progress_bar
from gridmap.cli.draft_shows import (
    AtOption,
    DraftArgument,
    VersionOption,
    WhyOption,
    draft_number,
    show_edit,
    told,
    version_of,
)
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.plan_inputs import (
    AreaOption,
    BarriersOption,
    CeilingOption,
    CsvOption,
    FloorOption,
    JsonOption,
    MeasureOption,
    SeedOption,
    TotalOption,
    limits_of,
    need_page_name,
    own_files,
    pair_of,
    rules_of,
    total_of,
)
from gridmap.cli.plan_shows import (
    MOST_SHOWN,
    figure,
    measures_record,
    records,
    show_faulty,
    show_plan,
    show_rest,
)
from gridmap.cli.show import facts, show_dry_run, table

__all__ = ["check", "compare", "layer", "measures", "suggest"]


def measures(
    ctx: typer.Context,
    named: DraftArgument,
    at: AtOption = None,
    json_out: JsonOption = None,
    csv: CsvOption = None,
    store: StoreOption = None,
) -> None:
    """Measure a draft: as a whole, by area above, and grids out of limits or in pieces."""
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out, csv)
        found = workspace.draft_measures(draft_number(workspace, named), version=at)
    if csv is not None:
        found.frame.to_csv(csv, index=False)
    if json_out is not None:
        write_json(measures_record(found), json_out)
    if json_out == STDOUT:
        return
    facts({name: figure(value) for name, value in found.whole().items()})
    show_faulty(found)


def layer(
    ctx: typer.Context,
    named: DraftArgument,
    output: Annotated[Path, typer.Argument(metavar="FILE.geojson", help="To write.")],
    level: Annotated[
        str | None,
        typer.Option(
            "--layer", metavar="LEVEL|borders", help="Else the planned level; borders: with sides."
        ),
    ] = None,
    at: AtOption = None,
    store: StoreOption = None,
) -> None:
    """Write a layer of a draft as GeoJSON: its grids, the atoms, what lies above, or borders."""
    from gridmap.bulk.safe_output import PendingFile, disk_errors

    with opened(ctx, store) as workspace:
        workspace.foreign(output)
        frame = workspace.draft_shapes(draft_number(workspace, named), level, version=at)
    with PendingFile(output) as pending, disk_errors(output):
        pending.path.write_text(frame.to_json(na="null", drop_id=True), encoding="utf-8")
        pending.commit()
    typer.echo(f"Wrote {output}: {len(frame):,} features.")


def compare(
    ctx: typer.Context,
    named: DraftArgument,
    other: Annotated[
        str | None, typer.Option("--draft", metavar="DRAFT", help="With another draft.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="EDITION", help="Else its own edition.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.html", help="Map with a slider, to print."),
    ] = None,
    package: Annotated[
        Path | None, typer.Option("--gpkg", metavar="FILE.gpkg", help="As a GeoPackage.")
    ] = None,
    at: AtOption = None,
    json_out: JsonOption = None,
    csv: CsvOption = None,
    store: StoreOption = None,
) -> None:
    """Compare a draft with its edition, or with another plan before it: who changes grid."""
    from gridmap.bulk.comparison_file import check_comparison_name, write_comparison

    if output is not None:
        need_page_name(output)
    if package is not None:
        check_comparison_name(package)
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out, csv, output, package)
        number = draft_number(workspace, named)
        before = edition if other is None else draft_number(workspace, other)
        found = workspace.compare_draft(number, before, version=at)
        if output is not None:
            workspace.comparison_map(found).save(output)
    if package is not None:
        write_comparison(found, package)
    flows = found.flows()
    if csv is not None:
        flows.to_csv(csv, index=False)
    if json_out is not None:
        write_json({"whole": found.whole(), "flows": records(flows)}, json_out)
    if json_out == STDOUT:
        return
    typer.echo(f"{found.before.name} -> {found.after.name}")
    facts({name: figure(value) for name, value in found.whole().items()})
    moved = records(flows[flows["moved"]].sort_values("area_m2", ascending=False))
    table(
        ("from", "to", "atoms", "ha", "households"),
        [
            (r["from"], r["to"], r["atoms"], f"{r['area_m2'] / 1e4:,.2f}",
             figure(r["households"]) if "households" in r else "")
            for r in moved[:MOST_SHOWN]
        ],
    )  # fmt: skip
    show_rest(len(moved))


def check(
    ctx: typer.Context,
    named: DraftArgument,
    at: AtOption = None,
    json_out: JsonOption = None,
    store: StoreOption = None,
) -> None:
    """Audit a draft as the edition that it would be; exit code 1 when there are faults."""
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out)
        found = workspace.check_draft(draft_number(workspace, named), version=at)
        lang = workspace.settings.language
    if json_out is not None:
        _write_json(found, lang, json_out)
    if json_out != STDOUT:
        _show_faults(found, lang)
    if found.is_faulty:
        raise typer.Exit(FAULTS)


def suggest(
    ctx: typer.Context,
    named: DraftArgument,
    area: AreaOption = None,
    total: TotalOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="GRID", help="Just share these anew; repeated."),
    ] = None,
    floor: FloorOption = 300.0,
    ceiling: CeilingOption = 500.0,
    measure: MeasureOption = "households",
    barriers: BarriersOption = "river,rail",
    lock: Annotated[
        list[str] | None, typer.Option("--lock", metavar="GRID", help="One that stays; repeated.")
    ] = None,
    pick: Annotated[
        str | None, typer.Option(metavar="PLAN", help="Which is taken over; else the middle one.")
    ] = None,
    seed: SeedOption = 0,
    why: WhyOption = "",
    version: VersionOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Have grids suggested for a draft as it is drawn; with --commit, one plan is an edit of it."""
    rules = rules_of(limits_of(measure, floor, ceiling), {}, barriers, (lock or [], [], []),
                   estates_whole=False)  # fmt: skip
    with opened(ctx, store) as workspace, progress_bar("suggest") as progress, told():
        number = draft_number(workspace, named)
        done = workspace.suggest_draft(
            number,
            version_of(workspace, number, version),
            rules,
            area=pair_of(area, "="),
            total=total_of(total),
            only=only or (),
            pick=pick,
            seed=seed,
            why=why,
            commit=commit,
            progress=progress,
        )
    for one in done.found.plans:
        show_plan(one, one is done.chosen)
    if done.outcome is not None:
        show_edit(done.outcome)
    show_dry_run(commit)
