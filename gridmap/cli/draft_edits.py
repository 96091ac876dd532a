"""Commands that edit drafts: any edit as JSON, and each kind by its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.draft_inputs import (
    lines_of,
    read_edits,
    read_line,
    read_place,
    read_polygon,
    words_of,
)
from gridmap.cli.draft_shows import (
    DraftArgument,
    VersionOption,
    WhyOption,
    draft_number,
    show_edit,
    told,
    version_of,
)
from gridmap.errors import BadValue

__all__ = [
    "apply_edits",
    "border",
    "cut",
    "drag",
    "edit",
    "exclusive",
    "join",
    "merge",
    "reassign",
    "split",
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
    apply_edits(ctx, store, draft, read_edits(file), why, version)


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
    made |= {"atoms": atoms} if lasso is None else {"lasso": read_polygon(lasso)}
    apply_edits(ctx, store, draft, [made], why, version)


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
    apply_edits(ctx, store, draft, [made], why, version)


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
        made["parts"] = [words_of(part) for part in parts]
    if line or along or not parts:
        made |= lines_of(line, along)
    apply_edits(ctx, store, draft, [made], why, version)


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
    made = {"op": "split_atom", "atom": atom, "codes": codes or [], **lines_of(line, along)}
    apply_edits(ctx, store, draft, [made], why, version)


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
    lines = read_line(line)
    if len(lines) != 1:
        raise BadValue("A border is one line.", got=f"{len(lines)} lines")
    made = {"op": "replace_border", "between": [one, other], "line": lines[0]}
    apply_edits(ctx, store, draft, [made], why, version)


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
    made |= {"estate": estate} if outline is None else {"outline": read_polygon(outline)}
    apply_edits(ctx, store, draft, [made], why, version)


def join(
    ctx: typer.Context,
    draft: DraftArgument,
    atoms: Annotated[list[str], typer.Argument(metavar="ATOM...", help="Two or more.")],
    code: Annotated[str, typer.Option(metavar="CODE", help="Which of theirs stays.")] = "",
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Make one atom of neighbours in one grid."""
    made = {"op": "merge_atoms", "atoms": atoms, "code": code}
    apply_edits(ctx, store, draft, [made], why, version)


def drag(
    ctx: typer.Context,
    draft: DraftArgument,
    source: Annotated[
        list[str], typer.Option("--from", metavar="LON,LAT", help="Where it is; repeated.")
    ],
    target: Annotated[
        list[str], typer.Option("--to", metavar="LON,LAT", help="Where it goes, in that order.")
    ],
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Drag vertices of borders, junctions too: whatever has them follows."""
    if len(source) != len(target):
        raise BadValue(
            "Each vertex goes somewhere.", got=f"{len(source)} --from, {len(target)} --to"
        )
    moves = [[read_place(a), read_place(b)] for a, b in zip(source, target, strict=True)]
    apply_edits(ctx, store, draft, [{"op": "move_points", "moves": moves}], why, version)


def apply_edits(
    ctx: typer.Context,
    store: str | None,
    draft: str,
    edits: list[dict[str, Any]],
    why: str,
    version: int | None,
) -> None:
    """Apply edits to a draft one after the other, and print what each came to."""
    with opened(ctx, store) as workspace, told():
        number = draft_number(workspace, draft)
        at = version_of(workspace, number, version)
        planned = workspace.plan_draft(number)["level"]
        for one in edits:
            # The planned level is meant where an option names none.
            made = {**one, "level": planned} if one.get("level", "") is None else one
            done = workspace.edit_draft(number, at, made, why=why)
            show_edit(done)
            at = done.version
