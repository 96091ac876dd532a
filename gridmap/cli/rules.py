"""Commands on rules: `rules import`, `rules show`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened, opened_to_read
from gridmap.cli.show import counted, facts, moment, show_dry_run, table

if TYPE_CHECKING:
    from gridmap.routing.rule_changes import RuleChange

__all__ = ["rules"]

_MOST_SHOWN = 100

rules = typer.Typer(help="Catalogues, departments and the other rules.", no_args_is_help=True)


@rules.command("import")
def import_(
    ctx: typer.Context,
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER|FILE", help="CSV, YAML or GeoPackage tables.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up the tables that are not among these.")
    ] = False,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with the version.")] = "",
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Put rules in use as a new version; old decisions keep theirs.

    Tables of other things (`case_rules.csv`, places, numbers ...) are read from the folder
    GRIDMAP_RULES alone.
    """
    with opened(ctx, store) as workspace:
        found = workspace.import_rules(source, replace=replace, note=note, commit=commit)
    typer.echo(f"Read {', '.join(found.tables)}.")
    if found.passed_over:
        typer.echo(f"Passed over, no tables that are imported: {', '.join(found.passed_over)}.")
    facts({"version": found.version, "catalogues": counted(found.catalogues)})
    if not found.changes:
        typer.echo("No difference to the rules in use. Nothing was written.")
        return
    _show_changes(found.changes)
    if found.hidden:
        typer.echo("GRIDMAP_RULES is set: its folder stands before what is imported.", err=True)
    if found.committed:
        typer.echo("In use from now on.")
    show_dry_run(commit)


@rules.command("show")
def show(ctx: typer.Context, store: StoreOption = None) -> None:
    """Say which rules are in use, and which were."""
    with opened_to_read(ctx, store) as workspace:
        found, zone = workspace.rules_in_use(), workspace.zone
    facts(
        {
            "version": found["version"],
            "from": found["source"],
            "own tables": ", ".join(found["own_tables"]),
            "catalogues": counted(found["catalogues"]),
        }
    )
    if found["imports"]:
        typer.echo()
        table(
            ("in use from", "by", "version", "note"),
            [
                (moment(one["used_from"], zone), one["used_by"], one["fingerprint"][:12],
                 one["note"])
                for one in found["imports"]
            ],
        )  # fmt: skip


def _show_changes(changes: tuple[RuleChange, ...]) -> None:
    counts = Counter((one.table, one.what) for one in changes)
    table(("table", "rows", "count"), [(*key, f"{n:,}") for key, n in counts.items()])
    typer.echo()
    for one in changes[:_MOST_SHOWN]:
        cells = "; ".join(
            f"{column} {old or 'nothing'} -> {new or 'nothing'}"
            for column, (old, new) in one.cells.items()
        )
        named = f"{one.table} {one.key} {one.name}".strip()
        typer.echo(f"  {one.what:8}{named}" + (f": {cells}" if cells else ""))
    if len(changes) > _MOST_SHOWN:
        typer.echo(f"  ... and {len(changes) - _MOST_SHOWN:,} more rows.")
