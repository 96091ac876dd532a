"""The command `export`: an edition as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.show import counted, facts

__all__ = ["export"]


def export(
    ctx: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Draft or published.")],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="Ends in .gpkg, .geojson, .parquet, .shp, .csv or .zip."
        ),
    ],
    level: Annotated[
        list[str] | None,
        typer.Option(metavar="L,...", help="Levels to write; else all that have areas."),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="F",
            help="Of the files in a .zip: gpkg, geojson, parquet, shp (default) or csv.",
        ),
    ] = None,
    coord_sys: Annotated[
        str | None,
        typer.Option("--coord-sys", metavar="S", help="wgs84 (default), cgcs2000 or EPSG:nnnn."),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Only what everybody may see.")] = False,
    store: StoreOption = None,
) -> None:
    """Write the areas of an edition to a file that other programs, and import, read."""
    from gridmap.access import Actor

    levels = [name.strip() for text in level or () for name in text.split(",") if name.strip()]
    with opened(ctx, store) as workspace:
        done = workspace.export_edition(
            edition,
            output,
            levels=levels,
            format=format_,
            coord_sys=coord_sys,
            actor=Actor.resident() if public else None,
        )
    typer.echo(f"Wrote {done.path} ({done.path.stat().st_size / 1e6:,.1f} MB).")
    facts({"areas": counted(done.areas), "coordinates": done.coord_sys})
    for note in done.notes:
        typer.echo(f"  note: {note}")
