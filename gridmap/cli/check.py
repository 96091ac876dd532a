"""The command `check`: what is wrong with an edition or a file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import CodeOption, NameOption, StoreOption, WhereOption, opened_to_read
from gridmap.cli.output import show_notes
from gridmap.cli.show import table

if TYPE_CHECKING:
    from gridmap.workspace import Workspace
    from gridmap.workspace.checking import Examination

__all__ = ["FAULTS", "check"]

LevelOption = Annotated[str | None, typer.Option("--level", help="Level meant.")]
# More faults than these help nobody on a screen; --json has them all.
_MOST_SHOWN = 50
FAULTS = 1
_PAGES = (".html", ".htm")


def check(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="EDITION|FILE[:LAYER]", help="What to examine.")],
    level: LevelOption = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="EDITION|FILE[:LAYER]", help="Outline or layer of the same place to compare."
        ),
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write faults as JSON; - is stdout.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Write a map (.html) or a layer (.gpkg, .geojson) of the faults; may be repeated.",
        ),
    ] = None,
    code: CodeOption = None,
    name: NameOption = None,
    coord_sys: Annotated[
        str | None, typer.Option("--coord-sys", metavar="S", help="Of a file.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Of a file's texts, for example GB18030.")
    ] = None,
    where: WhereOption = None,
    against_coord_sys: Annotated[
        str | None,
        typer.Option("--against-coord-sys", metavar="S", help="Of the file to compare with."),
    ] = None,
    against_encoding: Annotated[
        str | None,
        typer.Option("--against-encoding", metavar="E", help="Of the file to compare with."),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Examine an edition or a file, worst fault first; exit code 1 when there are faults."""
    outputs = _checked(output or [])
    with opened_to_read(ctx, store) as workspace:
        for path in [*outputs, *([] if json_out in {None, "-"} else [Path(str(json_out))])]:
            workspace.foreign(path)
        found = workspace.examine(
            target,
            level=level,
            code=code,
            name=name,
            encoding=encoding,
            coord_sys=coord_sys,
            where=where or (),
            against=against,
            against_encoding=against_encoding,
            against_coord_sys=against_coord_sys,
        )
        lang = workspace.settings.language
        for path in outputs:
            _write(workspace, found, path)
    if json_out is not None:
        _write_json(found, lang, json_out)
    if json_out != "-":
        _show_faults(found, lang)
        for path in outputs:
            typer.echo(f"Wrote {path} ({path.stat().st_size / 1e6:,.1f} MB).")
    if found.is_faulty:
        raise typer.Exit(FAULTS)


def _checked(outputs: list[Path]) -> list[Path]:
    """Refuse an ending that says nothing before the work is done."""
    from gridmap.bulk.fault_files import ENDINGS
    from gridmap.errors import BadValue

    for path in outputs:
        if path.suffix.lower() not in {*_PAGES, *ENDINGS}:
            raise BadValue(
                "What to write is told by the ending of the name.",
                got=path.name,
                allowed=[".html", *ENDINGS],
                repair="For JSON use --json.",
            )
    return outputs


def _write(workspace: Workspace, found: Examination, path: Path) -> None:
    from gridmap.bulk.fault_files import write_faults

    if path.suffix.lower() in _PAGES:
        _write_text(path, workspace.faults_map(found).html())
    else:
        write_faults(path, found.faults, workspace.settings.language)


def _write_text(target: Path, text: str) -> None:
    from gridmap.bulk.safe_output import PendingFile, disk_errors

    with PendingFile(target) as pending, disk_errors(target):
        pending.path.write_text(text, encoding="utf-8")
        pending.commit()


def _write_json(found: Examination, lang: str, where: str) -> None:
    record = {
        "faults": [f.as_dict(lang) for f in found.faults],
        "notes": [n.as_dict() for n in found.notes],
    }
    text = json.dumps(record, ensure_ascii=False, indent=2)
    if where == "-":
        typer.echo(text)
    else:
        _write_text(Path(where), text + "\n")


def _show_faults(found: Examination, lang: str) -> None:
    faults = found.faults
    for fault in faults[:_MOST_SHOWN]:
        place = "" if fault.lon is None else f"  [{fault.lon:.6f}, {fault.lat:.6f}]"
        typer.echo(f"{fault.severity:8}{fault.kind}: {fault.said.say(lang)}{place}")
    if len(faults) > _MOST_SHOWN:
        typer.echo(f"... and {len(faults) - _MOST_SHOWN:,} more; --json OUT has them all.")
    if not faults:
        typer.echo(f"{found.target}: no faults.")
    show_notes(found.notes)
    if faults:
        kinds = Counter((fault.severity, fault.kind) for fault in faults)
        typer.echo()
        table(("severity", "kind", "count"), [(*key, f"{n:,}") for key, n in kinds.items()])
