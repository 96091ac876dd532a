"""Commands on sheets to print."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.context import StoreOption, opened, progress_bar
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.show import table

__all__ = ["sheets"]

sheets = typer.Typer(
    no_args_is_help=True,
    help="Sheets to print: service maps, duty boards, contact cards; of an estate or an area.",
)

OutOption = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder of the sheets, with index.html.")
]


@sheets.command("make")
def make(
    ctx: typer.Context,
    out: OutOption,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="services|board|card", help="Which kind of sheet."),
    ] = None,
    level: Annotated[
        str | None,
        typer.Option("--for", metavar="estate|community", help="A sheet for each of these."),
    ] = None,
    code: Annotated[
        list[str] | None, typer.Option("--code", help="Only of this one; may be repeated.")
    ] = None,
    paper: Annotated[str, typer.Option(metavar="a4|a3", help="Size of the paper.")] = "a4",
    lang: Annotated[
        str | None, typer.Option(metavar="zh|en", help="Language; else that of the settings.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF of each sheet as well.")] = False,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed", help="Only the sheets in the folder that `stale` lists, as they were made."
        ),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="How many are made at a time; else one a processor, up to eight."
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Make sheets of what the public may see; those that are as they should be are left alone.

    A run that broke off is gone on with by the same command. A sheet that cannot be made is named
    at the end, with exit code 1; all others are made.
    """
    _require_fitting(kind, level, code, changed=changed)
    with opened(ctx, store) as workspace:
        with progress_bar("sheets") as progress:
            if changed:
                made = workspace.renew_sheets(
                    out, kind=kind, level=level, processes=processes, progress=progress
                )
            else:
                made = workspace.make_sheets(
                    kind or "", level or "", out, codes=code or (), paper=paper, lang=lang,
                    pdf=pdf, processes=processes, progress=progress,
                )  # fmt: skip
        if not workspace.settings.public_url:
            typer.echo("No QR codes: GRIDMAP_PUBLIC_URL does not say where the site is.", err=True)
    for one in made.gone:
        typer.echo(f"{one.file}: there is no {one.name} any more; take the sheet down.")
    typer.echo(f"{made.written:,} sheets written, {made.kept:,} left as they were; see {out}.")
    for missed in made.failed:
        wanted = missed.request
        typer.echo(
            f"Not made: {wanted.kind} of {wanted.level} {wanted.code}: {missed.why}", err=True
        )
    if made.failed:
        again = "the same command tries them again"
        typer.echo(f"{len(made.failed):,} sheets were not made; {again}.", err=True)
        raise typer.Exit(1)


def _require_fitting(
    kind: str | None, level: str | None, code: list[str] | None, *, changed: bool
) -> None:
    """Refuse options that contradict each other, and too few of them."""
    from gridmap.errors import BadValue

    if changed and code:
        raise BadValue(
            "--changed looks at all sheets of the folder.",
            got=f"--code {code[0]}",
            repair="Leave one of the two out.",
        )
    missing = [name for name, value in (("--kind", kind), ("--for", level)) if value is None]
    if missing and not changed:
        raise BadValue(
            "Which sheets are to be made is not said.",
            got=f"no {' and no '.join(missing)}",
            repair="Add, for instance, `--kind services --for estate`, or `--changed` for those "
            "in the folder that are not true any more.",
        )


@sheets.command("stale")
def stale(
    ctx: typer.Context,
    out: OutOption,
    as_json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="As JSON; - is stdout.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List the sheets of a folder to print again, and why; `make --changed` makes them anew.

    What can have changed: place (its name, where it belongs, its outline, its firm), people,
    services, areas, ground, site (review number, address).
    """
    with opened(ctx, store) as workspace, progress_bar("sheets") as progress:
        found = workspace.stale_sheets(out, progress=progress)
    if as_json is not None:
        write_json([asdict(one) for one in found], as_json)
        if as_json == STDOUT:
            return
    if found:
        rows = [[one.file, one.name, ", ".join(one.why)] for one in found]
        table(["sheet", "of", "changed"], rows)
    typer.echo(f"{len(found):,} sheets to print again.")
