"""What the commands on plans are asked with: their options, and what the words in them mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.output import STDOUT

if TYPE_CHECKING:
    from gridmap.planning.rules import Limits, Rules
    from gridmap.workspace import Workspace

__all__ = [
    "AreaOption",
    "BarriersOption",
    "CeilingOption",
    "CsvOption",
    "EditionArgument",
    "FloorOption",
    "HoursOption",
    "JsonOption",
    "LevelOption",
    "MeasureOption",
    "PlanArgument",
    "SeedOption",
    "SinceOption",
    "TotalOption",
    "UntilOption",
    "limits_of",
    "need_page_name",
    "own_files",
    "pair_of",
    "rules_of",
    "total_of",
]

EditionArgument = Annotated[
    str | None, typer.Argument(metavar="[EDITION]", help="A draft too; else the one in force.")
]
PlanArgument = Annotated[
    str | None,
    typer.Argument(metavar="[PLAN]", help="An edition or draft:NUMBER; else the one in force."),
]
AreaOption = Annotated[
    str | None, typer.Option("--area", metavar="LEVEL=CODE", help="Only inside that area.")
]
TotalOption = Annotated[
    str | None, typer.Option("--grids", metavar="N|N-M", help="How many grids; else any.")
]
BarriersOption = Annotated[
    str,
    typer.Option("--barriers", metavar="NAME,...", help="Not crossed: river, rail, arterial."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the random numbers.")]
LevelOption = Annotated[str, typer.Option("--level", help="Whose areas are planned.")]
MeasureOption = Annotated[str, typer.Option("--measure", help="What floor and ceiling limit.")]
FloorOption = Annotated[float, typer.Option("--floor", metavar="N", help="Least a grid holds.")]
CeilingOption = Annotated[float, typer.Option("--ceiling", metavar="N", help="Most it holds.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Reports from then; else a year.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Reports before then; else now.")
]
HoursOption = Annotated[
    Path | None, typer.Option("--hours", metavar="CSV", help="Handling hours: item,hours.")
]
JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="OUT", help="All of it as JSON; - is stdout.")
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="The table, a row a grid.")
]


def limits_of(measure: str, floor: float, ceiling: float) -> Limits:
    """Return the floor and ceiling of a measure."""
    from gridmap.planning.rules import Limits

    return Limits(measure, floor, ceiling)


def rules_of(
    limits: Limits,
    weights: dict[str, Any],
    barriers: str,
    named: tuple[list[str], list[str], list[str]],
    *,
    estates_whole: bool,
) -> Rules:
    """Return the rules that options name; `named` are locked, together and apart."""
    from gridmap.planning.rules import Rules

    lock, together, apart = named
    return Rules(
        limits=limits,
        barriers=tuple(_words(barriers)),
        locked=frozenset(lock),
        together=tuple(tuple(_words(text)) for text in together),
        apart=tuple(pair for text in apart if (pair := pair_of(text, ",")) is not None),
        estates_whole=estates_whole,
        **weights,
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def pair_of(text: str | None, mark: str) -> tuple[str, str] | None:
    """Return the two words around a mark, None for None; else `BadValue`."""
    from gridmap.errors import BadValue

    if text is None:
        return None
    one, found, other = text.partition(mark)
    if not found or not one.strip() or not other.strip():
        raise BadValue("Two words are meant.", got=text, allowed=f"ONE{mark}OTHER")
    return one.strip(), other.strip()


def total_of(text: str | None) -> int | tuple[int, int] | None:
    """Return the number of grids that is asked for, or its range; else `BadValue`."""
    from gridmap.errors import BadValue

    if text is None:
        return None
    low, _, high = text.partition("-")
    if not low.isdecimal() or (high and not high.isdecimal()) or (high and int(high) < int(low)):
        raise BadValue("This is no number of grids.", got=text, allowed="N or N-M, N up to M")
    return (int(low), int(high)) if high else int(low)


def own_files(workspace: Workspace, json_out: str | None, *others: Path | None) -> None:
    """Refuse to write over the store or what belongs to it."""
    paths = [path for path in others if path is not None]
    if json_out not in {None, STDOUT}:
        paths.append(Path(str(json_out)))
    for path in paths:
        workspace.foreign(path)


def need_page_name(output: Path) -> None:
    """Raise `BadValue` unless a file is named like a page."""
    from gridmap.errors import BadValue

    if output.suffix.lower() not in {".html", ".htm"}:
        raise BadValue("A map is an HTML page.", got=output, allowed="a name ending in .html")
