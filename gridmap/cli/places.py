"""Commands for what stands in the district, and for reports that wait for a calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened
from gridmap.cli.show import shortened

__all__ = ["places", "reports"]

places = typer.Typer(
    help="Places, organisations, rosters, property firms, estates, ground.", no_args_is_help=True
)
reports = typer.Typer(help="Reports that are stored.", no_args_is_help=True)


@places.command("import")
def import_records(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="FILE[:LAYER]", help="CSV, .xlsx, GeoPackage, GeoJSON, Shapefile"),
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="places, service_items, organisations, posts, parties, "
            "estate ..., roads, water ...",
        ),
    ],
    coord_sys: Annotated[
        str | None,
        typer.Option("--coord-sys", metavar="S", help="What the file does not say."),
    ] = None,
    encoding: Annotated[str | None, typer.Option(metavar="E", help="Of the file's text.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove all other records of the kind.")
    ] = False,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Import records; one takes the place of the record with its code.

    A table of places may name photos: files beside it, in the column photo (照片).
    """
    with opened(ctx, store) as workspace:
        outcome = workspace.import_records(
            kind, source, coord_sys=coord_sys, encoding=encoding, replace=replace, commit=commit
        )
    if outcome.committed:
        with_photos = f", {outcome.photos:,} photos" if outcome.photos else ""
        typer.echo(
            f"{outcome.kind}: {outcome.added:,} new, {outcome.changed:,} changed{with_photos}."
        )
    else:
        with_photos = f" with {outcome.photos:,} photos" if outcome.photos else ""
        typer.echo(
            f"{outcome.kind}: {outcome.rows:,}{with_photos} can be imported. Nothing was written."
        )
        typer.echo("Add --commit to do it.")
    if outcome.outside:
        typer.echo(
            f"  warning: {len(outcome.outside):,} lie outside every area in force or to come; "
            f"are the coordinates right? [{shortened(outcome.outside)}]"
        )
    if outcome.unchecked:
        typer.echo(
            f"{outcome.unchecked:,} name an area: no edition is in force or to come, so that this "
            "was not checked."
        )


@places.command("export")
def export_places(
    ctx: typer.Context,
    output: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or .xlsx.")],
    public: Annotated[bool, typer.Option("--public", help="Leave out what is for staff.")] = False,
    store: StoreOption = None,
) -> None:
    """Write all places as a table that an import reads, their photos into a folder beside it."""
    from gridmap.access import Actor

    with opened(ctx, store) as workspace:
        done = workspace.export_places(output, actor=Actor.resident() if public else None)
    photos = f", {done.photos:,} photos in {done.path.stem}-photos" if done.photos else ""
    typer.echo(f"{done.path}: {done.rows:,} places{photos}.")


@places.command("switch")
def switch(
    ctx: typer.Context,
    area: Annotated[
        str, typer.Argument(metavar="LEVEL:CODE", help="Area; all areas in it go with it.")
    ],
    mode: Annotated[
        str, typer.Argument(metavar="routine|emergency", help="Whose roster holds from now on.")
    ],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Kept with the posts.")],
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Switch an area between its rosters of ordinary times and of emergencies."""
    from gridmap.errors import BadValue

    level, found, code = area.partition(":")
    if not (found and level and code):
        raise BadValue("This does not name an area.", got=area, allowed="LEVEL:CODE")
    with opened(ctx, store) as workspace:
        done = workspace.switch_rosters(level, code, mode, why, commit=commit)
    what = f"{done.called:,} posts held, {done.resting:,} at rest"
    if done.committed:
        typer.echo(f"{area}: {mode}; {what}.")
    else:
        typer.echo(f"{area}: {what} after a switch to {mode}. Nothing was written.")
        typer.echo("Add --commit to do it.")


@reports.command("due")
def due(ctx: typer.Context, commit: CommitOption = False, store: StoreOption = None) -> None:
    """Compute due times that waited for the calendar of a year."""
    with opened(ctx, store) as workspace:
        done, waiting = workspace.complete_due_times(commit=commit)
    typer.echo(f"{done:,} due times {'computed' if commit else 'can be computed'}.")
    if waiting:
        typer.echo(f"{waiting:,} reports still wait: their days are in no calendar yet.")
