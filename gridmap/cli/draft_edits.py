"""Commands that edit drafts: any edit as JSON, the common ones by options; undo and redo."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.draft_shows import (
    DraftArgument,
    VersionOption,
    WhyOption,
    draft_number,
    show_edit,
    told,
    version_of,
)
from gridmap.cli.output import STDOUT
from gridmap.errors import BadValue, UnreadableFile

__all__ = [
    "border",
    "cut",
    "edit",
    "exclusive",
    "merge",
    "reassign",
    "redo",
    "split",
    "undo",
]

CodesOption = Annotated[
    list[str] | None,
    typer.Option("--code", metavar="CODE", help="Of what is new, in order; else the next free."),
]
LineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--line",
        metavar="LON,LAT ...|FILE",
        help="Places with spaces between, or a GeoJSON file with lines; may be repeated.",
    ),
]
AlongOption = Annotated[
    str | None,
    typer.Option(
        "--along", metavar="LAYER=NAME", help="A line of the base data: roads=人民路, rivers=..."
    ),
]


def edit(
    ctx: typer.Context,
    draft: DraftArgument,
    file: Annotated[
        str, typer.Argument(metavar="FILE.json", help="An edit, or a list of them; - reads stdin.")
    ],
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Edit a draft by JSON, as the service takes it: {"op": "reassign", "to": ..., "atoms": [...]}.

    Of a list each edit is logged for itself; the first one that is refused ends it, and those
    before it stay.
    """
    _apply(ctx, store, draft, _edits(file), why, version)


def reassign(
    ctx: typer.Context,
    draft: DraftArgument,
    to: Annotated[str, typer.Argument(metavar="GRID", help="Code of the grid they go to.")],
    atoms: Annotated[
        list[str] | None, typer.Option("--atom", metavar="CODE", help="One that goes; repeated.")
    ] = None,
    lasso: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="GeoJSON polygon: those whose inner point it holds."),
    ] = None,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Give atoms to another grid: one, several, or those that a polygon holds."""
    if bool(atoms) == (lasso is not None):
        raise BadValue("Atoms are named by --atom, or held by --lasso.", got="both or neither")
    made: dict[str, Any] = {"op": "reassign", "to": to}
    made |= {"atoms": atoms} if lasso is None else {"lasso": _polygon(lasso)}
    _apply(ctx, store, draft, [made], why, version)


def merge(
    ctx: typer.Context,
    draft: DraftArgument,
    grids: Annotated[list[str], typer.Argument(metavar="GRID...", help="Two or more.")],
    code: Annotated[
        str, typer.Option(metavar="CODE", help="Of the grid; else by the rule of succession.")
    ] = "",
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Make one grid of several."""
    made = {"op": "merge_grids", "grids": grids, "code": code}
    _apply(ctx, store, draft, [made], why, version)


def split(
    ctx: typer.Context,
    draft: DraftArgument,
    grid: Annotated[str, typer.Argument(metavar="GRID", help="The one to divide.")],
    parts: Annotated[
        list[str] | None,
        typer.Option("--part", metavar="ATOM,...", help="Atoms that become a grid; repeated."),
    ] = None,
    line: LineOption = None,
    along: AlongOption = None,
    codes: CodesOption = None,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Divide a grid: by lists of its atoms, along a drawn line, or along a road or river."""
    made: dict[str, Any] = {"op": "split_grid", "grid": grid, "codes": codes or []}
    if parts:
        made["parts"] = [_words(part) for part in parts]
    if line or along or not parts:
        made |= _lines(line, along)
    _apply(ctx, store, draft, [made], why, version)


def cut(
    ctx: typer.Context,
    draft: DraftArgument,
    atom: Annotated[str, typer.Argument(metavar="ATOM", help="The one to cut.")],
    line: LineOption = None,
    along: AlongOption = None,
    codes: CodesOption = None,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Cut an atom along a drawn line, or along a road or river; both parts stay in its grid."""
    made = {"op": "split_atom", "atom": atom, "codes": codes or [], **_lines(line, along)}
    _apply(ctx, store, draft, [made], why, version)


def border(
    ctx: typer.Context,
    draft: DraftArgument,
    one: Annotated[str, typer.Argument(metavar="ATOM", help="On one side.")],
    other: Annotated[str, typer.Argument(metavar="ATOM", help="On the other.")],
    line: Annotated[
        str, typer.Option("--line", metavar="LON,LAT ...|FILE", help="The new border, end to end.")
    ],
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Draw the border between two atoms anew; their grids and all above follow."""
    lines = _read_line(line)
    if len(lines) != 1:
        raise BadValue("A border is one line.", got=f"{len(lines)} lines")
    made = {"op": "replace_border", "between": [one, other], "line": lines[0]}
    _apply(ctx, store, draft, [made], why, version)


def exclusive(
    ctx: typer.Context,
    draft: DraftArgument,
    outline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="GeoJSON polygon of the site.")
    ] = None,
    estate: Annotated[
        str | None, typer.Option(metavar="CODE", help="Instead: an estate's red line.")
    ] = None,
    code: Annotated[str, typer.Option(metavar="CODE", help="Of the grid; else the next.")] = "",
    title: Annotated[str, typer.Option("--name", metavar="TEXT", help="Of the grid.")] = "",
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Make an exclusive grid of a site's outline or of an estate; what it crosses is cut."""
    if (outline is None) == (estate is None):
        raise BadValue("A site is an --outline or an --estate.", got="both or neither")
    made: dict[str, Any] = {"op": "exclusive", "code": code, "title": title}
    made |= {"estate": estate} if outline is None else {"outline": _polygon(outline)}
    _apply(ctx, store, draft, [made], why, version)


def undo(
    ctx: typer.Context,
    draft: DraftArgument,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Take back the last edit in effect, whoever made it; it stays in the log."""
    with opened(ctx, store) as workspace, told():
        number = draft_number(workspace, draft)
        show_edit(workspace.undo_draft(number, version_of(workspace, number, version), why=why))


def redo(
    ctx: typer.Context,
    draft: DraftArgument,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Do again what was undone last."""
    with opened(ctx, store) as workspace, told():
        number = draft_number(workspace, draft)
        show_edit(workspace.redo_draft(number, version_of(workspace, number, version), why=why))


# -- inside -------------------------------------------------------------------------------


def _apply(
    ctx: typer.Context,
    store: str | None,
    draft: str,
    edits: list[dict[str, Any]],
    why: str,
    version: int | None,
) -> None:
    with opened(ctx, store) as workspace, told():
        number = draft_number(workspace, draft)
        at = version_of(workspace, number, version)
        for one in edits:
            done = workspace.edit_draft(number, at, one, why=why)
            show_edit(done)
            at = done.version


def _edits(file: str) -> list[dict[str, Any]]:
    found = _json(sys.stdin.read() if file == STDOUT else _text(Path(file)), file)
    listed = found if isinstance(found, list) else [found]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise BadValue("This is no edit.", got=file, allowed="a JSON object, or a list of them")
    return listed


def _lines(line: list[str] | None, along: str | None) -> dict[str, Any]:
    if bool(line) == (along is not None):
        raise BadValue("A cut follows --line or --along.", got="both or neither")
    if along is None:
        return {"lines": [one for text in line or [] for one in _read_line(text)]}
    layer, _, name = along.partition("=")
    if not layer or not name:
        raise BadValue("A line of the base data is LAYER=NAME.", got=along, allowed="roads=人民路")
    return {"along": {"layer": layer, "name": name}}


def _read_line(text: str) -> list[list[list[float]]]:
    """Return lines: places written out, or all lines of a GeoJSON file."""
    try:
        places = [[float(number) for number in place.split(",")] for place in text.split()]
    except ValueError:
        places = []
    if places and all(len(place) == 2 for place in places):
        return [places]
    path = Path(text)
    if not path.exists():
        raise BadValue(
            "This is no line.",
            got=text,
            allowed="LON,LAT LON,LAT ... in degrees, or a GeoJSON file with lines",
        )
    found: list[Any] = []
    for shape in _geometries(path):
        kind, coordinates = shape["type"], shape["coordinates"]
        if kind not in ("LineString", "MultiLineString"):
            raise BadValue("A cut follows lines.", got=kind, allowed="LineString, MultiLineString")
        found += [coordinates] if kind == "LineString" else coordinates
    return [[[float(x), float(y)] for x, y, *_ in line] for line in found]


def _polygon(path: Path) -> dict[str, Any]:
    shapes = _geometries(path)
    if len(shapes) != 1:
        raise BadValue("One polygon is meant.", got=f"{path.name}: {len(shapes)} features")
    return shapes[0]


def _geometries(path: Path) -> list[dict[str, Any]]:
    """Return the geometries of a GeoJSON file, longitude and latitude of WGS-84."""
    found = _json(_text(path), str(path))
    features = found.get("features", [found]) if isinstance(found, dict) else []
    shapes = [one.get("geometry", one) for one in features if isinstance(one, dict)]
    if not shapes or not all(
        isinstance(shape, dict) and {"type", "coordinates"} <= set(shape) for shape in shapes
    ):
        raise BadValue(
            "This is no GeoJSON.", got=path.name, allowed="a geometry, a feature or a collection"
        )
    return shapes


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadValue("This is no JSON.", got=f"{name}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile("This file cannot be read.", got=f"{path}: {error}") from error


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
