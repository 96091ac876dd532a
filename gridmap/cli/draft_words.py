"""Commands on what a draft's grids and atoms are called; and what takes edits back."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.draft_edits import apply_edits
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

__all__ = ["describe", "recode", "redo", "renumber", "undo"]

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="Of a grid; or --level.")]
LevelOption = Annotated[
    str | None, typer.Option("--level", metavar="LEVEL", help="Of the area; else the planned one.")
]


def describe(
    ctx: typer.Context,
    draft: DraftArgument,
    code: CodeArgument,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Its name.")] = None,
    name_en: Annotated[str | None, typer.Option(metavar="TEXT", help="In English.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="basic, exclusive.")] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An attribute; repeated."),
    ] = None,
    level: LevelOption = None,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Name a grid or an atom, and set its kind and attributes."""
    made: dict[str, Any] = {"op": "describe", "level": level, "code": code}
    known = {"name": name, "name_en": name_en, "kind": kind}
    made |= {key: value for key, value in known.items() if value is not None}
    made["attributes"] = dict(_pair(text) for text in values or ())
    apply_edits(ctx, store, draft, [made], why, version)


def recode(
    ctx: typer.Context,
    draft: DraftArgument,
    code: CodeArgument,
    to: Annotated[str, typer.Argument(metavar="NEW", help="One that was never in use.")],
    level: LevelOption = None,
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Give a grid or an atom another code."""
    made = {"op": "recode", "level": level, "code": code, "to": to}
    apply_edits(ctx, store, draft, [made], why, version)


def renumber(
    ctx: typer.Context,
    draft: DraftArgument,
    within: Annotated[
        str, typer.Option(metavar="CODE", help="Of the area above; else everywhere.")
    ] = "",
    why: WhyOption = "",
    version: VersionOption = None,
    store: StoreOption = None,
) -> None:
    """Number the grids by the rule: heirs keep their codes, others get the next, west to east."""
    made = {"op": "renumber", "within": within}
    apply_edits(ctx, store, draft, [made], why, version)


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


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip():
        raise BadValue("An attribute is NAME=VALUE.", got=text)
    return name.strip(), value.strip()
