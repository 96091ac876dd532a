"""Commands on families of grids: the coverages of professions beside the base grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import StoreOption, opened, opened_to_read
from gridmap.cli.output import write_json
from gridmap.cli.show import facts, table
from gridmap.errors import BadValue

if TYPE_CHECKING:
    from gridmap.workspace import CutOutcome

__all__ = ["families"]

# More cut grids than these help nobody on a screen; --csv has them all.
_MOST_SHOWN = 40

families = typer.Typer(help="Families of grids: police, sanitation and others beside the base.")


@families.callback(invoke_without_command=True)
def _families(
    ctx: typer.Context,
    add: Annotated[str | None, typer.Option(metavar="NAME", help="Add a family.")] = None,
    label: Annotated[str, typer.Option(metavar="TEXT", help="Its title in Chinese.")] = "",
    label_en: Annotated[
        str, typer.Option("--label-en", metavar="TEXT", help="Its title in English.")
    ] = "",
    levels: Annotated[
        str | None, typer.Option(metavar="NAME[=LABEL],...", help="Its levels, coarse to fine.")
    ] = None,
    visibility: Annotated[
        str, typer.Option(metavar="public|staff", help="Who may see its areas.")
    ] = "public",
    store: StoreOption = None,
) -> None:
    """List the families of grids, or add one."""
    if ctx.invoked_subcommand is not None:
        return
    if add is None:
        with opened_to_read(ctx, store) as workspace:
            found = workspace.families()
        rows = [
            (
                one["name"],
                one["label"],
                one["label_en"],
                " > ".join(one["levels"]),
                one["in_force"] or "",
                one["visibility"],
            )
            for one in found
        ]
        table(("family", "中文", "English", "levels", "in force", "seen by"), rows)
        return
    if not levels:
        raise BadValue(
            "A family needs levels of its own.",
            got="none",
            repair=f"Name them, coarse to fine: --levels {add}_area,{add}_grid.",
        )
    with opened(ctx, store, create=True) as workspace:
        made = workspace.add_family(
            add,
            levels=[name.strip() for name in levels.split(",")],
            label=label,
            label_en=label_en,
            visibility=visibility,
        )
    typer.echo(f"Added the family {made.name} ({made.label}): {' > '.join(made.levels.names)}.")


@families.command("cuts")
def cuts(
    ctx: typer.Context,
    family: Annotated[str, typer.Argument(metavar="NAME", help="Family laid over the base.")],
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="Date that selects the editions; else now.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(metavar="NAME", help="An edition of the family, a draft too.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="Level of the base grids; else the finest areas.")
    ] = None,
    noise: Annotated[
        float, typer.Option(metavar="PART", help="Part of a base grid below which it is not cut.")
    ] = 0.01,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="OUT", help="Write the crosswalk as CSV.")
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write both as JSON; - is stdout.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List the base grids that a family's areas cut, with the parts on each side."""
    with opened(ctx, store) as workspace:
        outcome = workspace.cuts(family, at=at, edition=edition, level=level, noise=noise)
        if csv is not None:
            workspace.write_cuts(outcome, csv)
    if json_out is not None:
        write_json({"cut": outcome.cut, "pairs": outcome.pairs}, json_out)
        return
    _show_cuts(outcome, csv)


def _show_cuts(outcome: CutOutcome, written: str | None) -> None:
    typer.echo(
        f"{len(outcome.cut):,} of {outcome.base_areas:,} base grids ({outcome.base_edition}) are "
        f"cut by the {outcome.areas:,} areas of {outcome.edition}."
    )
    rows = [
        (
            one["level"],
            one["code"],
            one["name"],
            ", ".join(f"{code} {share:.1%}" for code, share in one["areas"].items()),
        )
        for one in outcome.cut[:_MOST_SHOWN]
    ]
    if rows:
        table(("level", "code", "name", "parts"), rows)
    more = len(outcome.cut) - len(rows)
    facts(
        {
            "not shown": f"{more:,} more; --csv OUT has all" if more > 0 else "",
            "crosswalk": f"{len(outcome.pairs):,} pairs in {written}" if written else "",
        }
    )
