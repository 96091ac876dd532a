"""Showing what an import changes in a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gridmap.cli.show import facts, shortened

if TYPE_CHECKING:
    from gridmap.coverage.importing.differences import Differences

__all__ = ["show_differences"]

# A list longer than this is read in a GIS, not on a terminal.
_MOST_SHOWN = 20


def show_differences(found: Differences) -> None:
    """Print how a level that comes in differs from what the draft has."""
    if not found:
        typer.echo(f"No difference to what the draft has: {found.unchanged:,} areas unchanged.")
        return
    typer.echo("Different from what the draft has:")
    facts(
        {
            "added": _counted(found.added),
            "removed": _counted(found.removed),
            "new columns": ", ".join(found.columns_added),
            "lost columns": ", ".join(found.columns_removed),
            "unchanged": f"{found.unchanged:,}",
        }
    )
    for shape in found.shapes[:_MOST_SHOWN]:
        typer.echo(
            f"  {shape.code}: gains {shape.gained_m2:,.1f} m2, loses {shape.lost_m2:,.1f} m2"
        )
    for value in found.values[:_MOST_SHOWN]:
        typer.echo(f"  {value.code}: {value.column} {_shown(value.old)} -> {_shown(value.new)}")
    for what, count in (("polygons", len(found.shapes)), ("values", len(found.values))):
        if count > _MOST_SHOWN:
            typer.echo(f"  ... and {count - _MOST_SHOWN:,} more {what}.")


def _counted(codes: tuple[str, ...]) -> str:
    return f"{len(codes):,}: {shortened(codes)}" if codes else ""


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str) else str(value)
