"""Commands on boundaries: levels, import, check, publish, editions, migrate."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import (
    CommitOption,
    StoreOption,
    opened,
    opened_to_read,
    progress_bar,
    settings_of,
)
from gridmap.cli.show import counted, facts, moment, shortened, table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gridmap.coverage.faults import Fault
    from gridmap.workspace import ImportOutcome, PublishOutcome

__all__ = ["check", "editions", "import_", "levels", "migrate", "publish"]

LevelOption = Annotated[str | None, typer.Option("--level", help="Level meant.")]
# More faults than these help nobody on a screen; --json has them all.
_MOST_SHOWN = 50
FAULTS = 1


def levels(
    ctx: typer.Context,
    names: Annotated[
        str | None,
        typer.Option("--set", metavar="NAME,NAME,...", help="Set the levels, coarse to fine."),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Show the levels of the hierarchy, coarse to fine, or set them."""
    if names is None:
        with opened_to_read(ctx, store) as workspace:
            found = workspace.levels()
    else:
        with opened(ctx, store, create=True) as workspace:
            found = workspace.set_levels([name.strip() for name in names.split(",")])
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
    under: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Where a level that is new belongs.")
    ] = None,
    coord_sys: Annotated[
        str | None,
        typer.Option("--coord-sys", metavar="S", help="What the file does not say, or says wrong."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Of a shapefile's texts, for example GB18030.")
    ] = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Import a polygon layer as one level of a draft edition."""
    from gridmap.coverage.incoming import ColumnMap

    columns = ColumnMap(
        code=code, name=name, name_en=name_en, parent=parent, kind=kind, keep=tuple(keep or ())
    )
    opener = opened(ctx, store, create=True) if commit else opened_to_read(ctx, store)
    with opener as workspace, progress_bar("import") as progress:
        outcome = workspace.import_layer(
            source,
            edition=edition,
            level=level,
            columns=columns,
            under=under,
            coord_sys=coord_sys,
            encoding=encoding,
            commit=commit,
            progress=progress,
        )
    _show_import(outcome)


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
        }
    )
    for note in report.messages:
        typer.echo(f"  {note.severity}: {note.text}")
    _show_dry_run(outcome.committed)


def _show_dry_run(committed: bool) -> None:
    if not committed:
        typer.echo("Nothing was written: this was a dry run. Add --commit to do it.")


def check(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="EDITION|FILE[:LAYER]", help="What to examine.")],
    level: LevelOption = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write faults as JSON; - is stdout.")
    ] = None,
    coord_sys: Annotated[
        str | None, typer.Option("--coord-sys", metavar="S", help="Of a file.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(metavar="E", help="Of a shapefile.")] = None,
    store: StoreOption = None,
) -> None:
    """Examine an edition or a file, worst fault first; exit code 1 when there are faults."""
    from gridmap.coverage.audit import has_faults

    with opened_to_read(ctx, store) as workspace:
        if json_out not in {None, "-"}:
            workspace.foreign(Path(str(json_out)))
        found = workspace.check(target, level=level, encoding=encoding, coord_sys=coord_sys)
    if json_out is not None:
        _write_faults(found, json_out)
    if json_out != "-":
        _show_faults(target, found)
    if has_faults(found):
        raise typer.Exit(FAULTS)


def _write_faults(found: list[Fault], where: str) -> None:
    text = json.dumps({"faults": [f.as_dict() for f in found]}, ensure_ascii=False, indent=2)
    if where == "-":
        typer.echo(text)
        return
    from gridmap.bulk.safe_output import PendingFile, disk_errors

    target = Path(where)
    with PendingFile(target) as pending, disk_errors(target):
        pending.path.write_text(text + "\n", encoding="utf-8")
        pending.commit()


def _show_faults(target: str, found: list[Fault]) -> None:
    for fault in found[:_MOST_SHOWN]:
        place = "" if fault.lon is None else f"  [{fault.lon:.6f}, {fault.lat:.6f}]"
        typer.echo(f"{fault.severity:8}{fault.kind}: {fault.text}{place}")
    if len(found) > _MOST_SHOWN:
        typer.echo(f"... and {len(found) - _MOST_SHOWN:,} more; --json OUT has them all.")
    if not found:
        typer.echo(f"{target}: no faults.")
        return
    kinds = Counter((fault.severity, fault.kind) for fault in found)
    typer.echo()
    table(("severity", "kind", "count"), [(*key, f"{n:,}") for key, n in kinds.items()])


def publish(
    ctx: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Draft to put in force.")],
    effective_from: Annotated[
        str, typer.Option("--from", metavar="DATE", help="From when; a date means 00:00 there.")
    ],
    accept_faults: Annotated[
        str | None,
        typer.Option("--accept-faults", metavar="WHY", help="Publish a faulty draft; recorded."),
    ] = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Put a draft edition in force from a date; refused when it is faulty."""
    with opened(ctx, store) as workspace:
        outcome = workspace.publish(
            edition, effective_from=effective_from, accept_faults=accept_faults, commit=commit
        )
        start = moment(outcome.effective_from, workspace.zone)
    _show_publication(outcome, start, accept_faults)


def _show_publication(outcome: PublishOutcome, start: str, accepted: str | None) -> None:
    done = "Published" if outcome.committed else "Would publish"
    typer.echo(f"{done} {outcome.edition} from {start}.")
    faults = Counter[str](fault.severity for fault in outcome.faults)
    facts(
        {
            "areas": counted(outcome.areas),
            "audit": counted(faults) or "no faults",
            "accepted": accepted if accepted and faults["error"] else "",
        }
    )
    _show_dry_run(outcome.committed)


def editions(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[EDITION]", help="Show what it was made from.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List the editions, newest first; with a name, its imports and what they remarked."""
    with opened(ctx, store) as workspace:
        if name is not None:
            _show_imports(workspace.imports(name), workspace.zone)
            return
        found, zone = workspace.editions(), workspace.zone
    if not found:
        typer.echo("There are no editions yet: gridmap import makes one.")
        return
    table(
        ("edition", "state", "from", "until", "areas", "published", "by", "accepted faults"),
        [
            (
                one["name"],
                one["state"],
                moment(one["effective_from"], zone),
                moment(one["effective_to"], zone),
                one["areas"],
                moment(one["published_at"], zone),
                one["published_by"],
                one["accepted_faults"],
            )
            for one in found
        ],
    )


def _show_imports(found: list[dict[str, Any]], zone: ZoneInfo) -> None:
    for one in found:
        layer = f":{one['source_layer']}" if one["source_layer"] else ""
        typer.echo(
            f"{one['level']}: {one['areas']:,} areas from {one['source']}{layer} "
            f"({one['coord_sys']}), {moment(one['created_at'], zone)} by {one['created_by']}"
        )
        for note in one["report"].get("messages", []):
            typer.echo(f"  {note['severity']}: {note['text']}")


def migrate(ctx: typer.Context, store: StoreOption = None) -> None:
    """Bring the store to the schema of this program."""
    from gridmap.store.store import Store

    settings = settings_of(ctx, store)
    before, after = Store.migrate(settings.store, busy_timeout_s=settings.busy_timeout_s)
    if before == after:
        typer.echo(f"The store is up to date ({after}).")
    else:
        typer.echo(f"The store was brought from {before or 'nothing'} to {after}.")
