"""The command that writes a map to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.context import StoreOption, opened

__all__ = ["map_"]


def map_(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="levels|party|services", help="Which map.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.html", help="Where to.")],
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="Boundaries in force then; else today's.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Only what everybody may see; else marked internal.")
    ] = False,
    base: Annotated[
        bool, typer.Option("--base/--no-base", help="Upon the site's own tiles, if it has any.")
    ] = True,
    store: StoreOption = None,
) -> None:
    """Write a map as one HTML file that needs no network; tiles are only an extra."""
    from gridmap.access import Actor
    from gridmap.bulk.safe_output import PendingFile, disk_errors
    from gridmap.errors import BadValue

    if output.suffix.lower() not in {".html", ".htm"}:
        raise BadValue("A map is an HTML page.", got=output, allowed="a name ending in .html")
    with opened(ctx, store) as workspace:
        page = workspace.map_document(
            kind, at=at, base=base, actor=Actor.resident() if public else None
        ).html()
    with PendingFile(output) as pending, disk_errors(output):
        pending.path.write_text(page, encoding="utf-8")
        pending.commit()
    typer.echo(f"Wrote {output} ({output.stat().st_size / 1e6:,.1f} MB).")
