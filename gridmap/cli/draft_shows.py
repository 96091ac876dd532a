"""What the commands on drafts share: which one is meant, what an edit came to or refused it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.show import counted, shortened, table
from gridmap.errors import EditRefused, NotFound, Stale

if TYPE_CHECKING:
    from gridmap.planning.measures import GridNumbers
    from gridmap.workspace import EditOutcome, Workspace

__all__ = [
    "AtOption",
    "DraftArgument",
    "VersionOption",
    "WhyOption",
    "changes",
    "draft_number",
    "said",
    "show_edit",
    "told",
    "version_of",
]

_MOST_SHOWN = 10
# Fields of edits that say in a log what was meant.
_TELLING = (
    "to", "grid", "atom", "code", "between", "grids", "title", "along", "source", "within",
)  # fmt: skip

DraftArgument = Annotated[str, typer.Argument(metavar="DRAFT", help="Its number or its name.")]
AtOption = Annotated[
    int | None, typer.Option("--at", metavar="N", min=0, help="As it was at that version.")
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept in the log.")]
VersionOption = Annotated[
    int | None,
    typer.Option(
        "--version",
        metavar="N",
        min=0,
        help="The version that was looked at: refused when others have changed it since.",
    ),
]


def draft_number(workspace: Workspace, named: str) -> int:
    """Return the number of a draft that is named by it or by its name; else `NotFound`."""
    drafts = workspace.plan_drafts()
    for one in drafts:
        if named in (str(one["id"]), one["name"]):
            return int(one["id"])
    raise NotFound(
        "There is no such draft.",
        got=named,
        allowed=[f"{one['id']} {one['name']}" for one in drafts[:20]] or "none yet",
        repair="See `gridmap plan draft list`; begin one with `gridmap plan draft new NAME`.",
    )


def version_of(workspace: Workspace, number: int, asked: int | None) -> int:
    """Return the version that was looked at: the one that is named, else that of now."""
    return int(workspace.plan_draft(number)["version"]) if asked is None else asked


@contextmanager
def told() -> Iterator[None]:
    """Add to a refusal all its reasons with their places, to a stale edit what others did."""
    try:
        yield
    except EditRefused as refused:
        for one in refused.reasons[1:]:
            refused.add_note(_reason(one))
        raise
    except Stale as stale:
        for one in stale.changes:
            stale.add_note(
                f"version {one['version']} by {one['by']} at {one['at']}: "
                f"{said(one['action'], one['edit'])}; {changes(one['changed'])}"
            )
        raise


def show_edit(done: EditOutcome) -> None:
    """Print what an edit, an undo or a redo changed, and the measures of the grids it touched."""
    entry = done.entry
    typer.echo(f"Version {done.version}: {said(entry.action, entry.edit)}.")
    typer.echo(f"  {changes(entry.changed)}")
    if done.grids:
        show_grids(done.grids)


def show_grids(grids: Sequence[GridNumbers]) -> None:
    """Print grids with their measures."""
    names = [*dict.fromkeys(name for one in grids for name in one.held)]
    table(
        ("grid", "atoms", *names, "ha", "compactness", "pieces", "within limits"),
        [
            (
                one.code,
                f"{one.atoms:,}",
                *[f"{one.held[n]:,.0f}" if n in one.held else "" for n in names],
                f"{one.area_m2 / 1e4:,.2f}",
                f"{one.compactness:.3f}",
                one.pieces,
                {None: "exempt", True: "yes", False: "no"}[one.in_limits],
            )
            for one in grids[:_MOST_SHOWN]
        ],
    )
    if len(grids) > _MOST_SHOWN:
        typer.echo(f"... and {len(grids) - _MOST_SHOWN:,} more.")


def said(action: str, edit: Mapping[str, Any] | None) -> str:
    """Return an entry of a log in a few words."""
    if edit is None:
        return action
    words = [_word(edit[name]) for name in _TELLING if edit.get(name)]
    return " ".join([str(edit["op"]), *words])


def changes(changed: Iterable[Mapping[str, Any]]) -> str:
    """Return what changed in a line: how many of which level, and the first of them."""
    found = list(changed)
    counts = Counter(f"{one['level']} {one['what']}" for one in found)
    return f"{counted(counts)}: {shortened([one['code'] for one in found])}" if found else "nothing"


def _word(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        return shortened([*map(str, value)], 3)
    return str(value)


def _reason(one: Mapping[str, Any]) -> str:
    place = "" if one["lon"] is None else f" at {one['lon']:.6f}, {one['lat']:.6f}"
    return f"{one['text_en']} ({shortened(one['codes'])}{place})"
