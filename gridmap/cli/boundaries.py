"""Commands on boundaries: levels, import, migrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import (
    CommitOption,
    StoreOption,
    WhereOption,
    opened,
    opened_to_read,
    progress_bar,
    settings_of,
)
from gridmap.cli.differences import show_differences
from gridmap.cli.output import STDOUT, show_notes, write_json
from gridmap.cli.show import facts, shortened, show_dry_run, table
from gridmap.errors import BadValue

if TYPE_CHECKING:
    from gridmap.workspace import ImportOutcome

__all__ = ["import_", "levels", "migrate"]


def levels(
    ctx: typer.Context,
    names: Annotated[
        str | None,
        typer.Option(
            "--set",
            metavar="NAME[=LABEL],...",
            help="Set the levels, coarse to fine, with their labels: town=乡镇,village,grid.",
        ),
    ] = None,
    family: Annotated[
        str, typer.Option(metavar="NAME", help="Family of grids whose levels are meant.")
    ] = "base",
    store: StoreOption = None,
) -> None:
    """Show the levels of the hierarchy, coarse to fine, or set them."""
    if names is None:
        with opened_to_read(ctx, store) as workspace:
            found = workspace.levels(family)
    else:
        with opened(ctx, store, create=True) as workspace:
            found = workspace.set_levels([name.strip() for name in names.split(",")], family=family)
    table(("level", "中文", "English"), [(one.name, one.label, one.label_en) for one in found])


def import_(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FILE[:LAYER]", help="Polygon layer.")],
    edition: Annotated[str, typer.Option(help="Draft edition; made if there is none.")],
    level: Annotated[str, typer.Option(help="Level that the layer's areas are of.")],
    name: Annotated[str, typer.Option(metavar="COL", help="Column of names.")],
    code: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of codes; made up without one.")
    ] = None,
    name_en: Annotated[
        str | None, typer.Option("--name-en", metavar="COL", help="Column of English names.")
    ] = None,
    parent: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the parent's code or name.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the kind: basic or exclusive.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="Keep a column that looks like personal data."),
    ] = None,
    alias: Annotated[
        list[str] | None,
        typer.Option(metavar="COL", help="Column of other names, divided by ; or 、 or comma."),
    ] = None,
    aliases: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="CSV of other names: alias, and code or name."),
    ] = None,
    also_code: Annotated[
        list[str] | None,
        typer.Option(
            "--also-code", metavar="SYSTEM=COL", help="Codes in another system, such as police."
        ),
    ] = None,
    under: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Where a level that is new belongs.")
    ] = None,
    coord_sys: Annotated[
        str | None,
        typer.Option("--coord-sys", metavar="S", help="What the file does not say, or says wrong."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Of a file's texts, for example GB18030.")
    ] = None,
    remainders: Annotated[
        bool,
        typer.Option(
            "--remainders/--no-remainders",
            help="Make areas of what the layer leaves uncovered of the level above.",
        ),
    ] = True,
    family: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Family of grids of a new edition; else the base grids."),
    ] = None,
    json_out: Annotated[
        str | None,
        typer.Option("--json", metavar="OUT", help="All remarks as JSON; - is stdout."),
    ] = None,
    where: WhereOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Import a polygon layer as one level of a draft edition."""
    from gridmap.coverage.importing.incoming import ColumnMap

    columns = ColumnMap(
        code=code,
        name=name,
        name_en=name_en,
        parent=parent,
        kind=kind,
        keep=tuple(keep or ()),
        also=tuple(_system_and_column(text) for text in also_code or ()),
        aliases=tuple(alias or ()),
    )
    opener = opened(ctx, store, create=True) if commit else opened_to_read(ctx, store)
    with opener as workspace, progress_bar("import") as progress:
        if json_out not in {None, STDOUT}:
            workspace.foreign(Path(str(json_out)))
        outcome = workspace.import_layer(
            source,
            edition=edition,
            level=level,
            columns=columns,
            under=under,
            coord_sys=coord_sys,
            encoding=encoding,
            aliases=aliases,
            remainders=remainders,
            family=family,
            where=where or (),
            commit=commit,
            progress=progress,
        )
    if json_out is not None:
        write_json(_record(outcome), json_out)
    if json_out != STDOUT:
        _show_import(outcome)


def _record(outcome: ImportOutcome) -> dict[str, Any]:
    record = outcome.report.as_dict()
    notes = record.pop("messages")
    changes = outcome.differences
    return {
        "edition": outcome.edition,
        "level": outcome.level,
        "committed": outcome.committed,
        "new_level": outcome.new_level,
        **record,
        "differences": None if changes is None else changes.as_dict(),
        "notes": notes,
    }


def _system_and_column(text: str) -> tuple[str, str]:
    system, equals, column = text.partition("=")
    if not (system.strip() and equals and column):
        raise BadValue(
            "A further system of codes is written SYSTEM=COL.",
            got=text,
            allowed="for example police=JWH_CODE",
        )
    return system.strip(), column


def _show_import(outcome: ImportOutcome) -> None:
    report = outcome.report
    done = "Imported" if outcome.committed else "Would import"
    typer.echo(f"{done} {outcome.rows:,} areas as level {outcome.level} of {outcome.edition}.")
    facts(
        {
            "coordinates": report.coord_sys,
            "new level": outcome.level if outcome.new_level else "",
            "further columns": ", ".join(report.kept_columns),
            "left out": ", ".join(report.dropped_columns),
            "made-up codes": shortened(report.provisional),
            "remainders": shortened([c for n in report.of_kind("remainder") for c in n.codes]),
        }
    )
    show_notes(report.messages)
    if outcome.differences is not None:
        show_differences(outcome.differences)
    show_dry_run(outcome.committed)


def migrate(ctx: typer.Context, store: StoreOption = None) -> None:
    """Bring the store to the schema of this program."""
    from gridmap.store.store import Store

    settings = settings_of(ctx, store)
    before, after = Store.migrate(settings.store, busy_timeout_s=settings.busy_timeout_s)
    if before == after:
        typer.echo(f"The store is up to date ({after}).")
    else:
        typer.echo(f"The store was brought from {before or 'nothing'} to {after}.")
