"""Commands on points: locate one, assign a file of them."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened, progress_bar
from gridmap.cli.show import counted, facts

if TYPE_CHECKING:
    from gridmap.bulk.model import AssignSummary
    from gridmap.locate.model import Location

__all__ = ["assign", "locate", "show_summary"]

_MOST_DEPARTMENTS = 8


def locate(
    ctx: typer.Context,
    lon: Annotated[
        float, typer.Argument(metavar="LON", help="Longitude in degrees, or easting in metres.")
    ],
    lat: Annotated[
        float, typer.Argument(metavar="LAT", help="Latitude in degrees, or northing in metres.")
    ],
    coord_sys: Annotated[
        str,
        typer.Option("--coord-sys", metavar="S", help="wgs84, cgcs2000, gcj02, bd09 or EPSG:nnnn."),
    ] = "wgs84",
    accuracy: Annotated[
        float | None, typer.Option(metavar="M", help="Radius in metres the place lies within.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="Date or time that selects the edition.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="Level at which ambiguity matters; else the finest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
    store: StoreOption = None,
) -> None:
    """Show which area of each level holds a point."""
    with opened(ctx, store) as workspace:
        found = workspace.locate(
            lon, lat, coord_sys=coord_sys, accuracy_m=accuracy, at=at, level=level
        )
    if as_json:
        typer.echo(json.dumps(_record(found), ensure_ascii=False, indent=2))
    else:
        _show_location(found)


def _record(found: Location) -> dict[str, Any]:
    """Return the answer with the fields that ``/api/locate`` gives."""

    def near(area: Any) -> dict[str, Any]:
        return {"level": area.level, "code": area.code, "distance_m": area.distance_m}

    return {
        "lon": found.lon,
        "lat": found.lat,
        "areas": dict(found.areas),
        "location_status": found.location_status.value,
        "certain_level": found.certain_level,
        "margin_m": found.margin_m,
        "margins_m": dict(found.margins_m),
        "candidates": [near(area) for area in found.candidates],
        "nearest": near(found.nearest) if found.nearest else None,
        "edition": found.edition,
        "warning": found.warning,
    }


def _show_location(found: Location) -> None:
    place = "" if found.lon is None else f"  ({found.lon:.7f}, {found.lat:.7f})"
    typer.echo(f"{found.location_status.value}{place}")
    margins = {name: f"{metres:,.1f} m from its border" for name, metres in found.margins_m.items()}
    facts({name: f"{code}  {margins.get(name, '')}".rstrip() for name, code in found.areas.items()})
    nearest = found.nearest
    near = f"{nearest.level} {nearest.code}, {nearest.distance_m:,.1f} m away" if nearest else ""
    facts(
        {
            "certain level": found.certain_level or "",
            "candidates": ", ".join(
                f"{area.code} ({area.distance_m:,.1f} m)" for area in found.candidates
            ),
            "nearest": near,
            "edition": found.edition or "",
            "warning": found.warning,
        }
    )


def assign(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="CSV(.gz), TSV, Parquet, GeoJSON, GeoPackage.")
    ],
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="One of the same formats.")],
    lon: Annotated[str | None, typer.Option(metavar="COL", help="Column of longitudes.")] = None,
    lat: Annotated[str | None, typer.Option(metavar="COL", help="Column of latitudes.")] = None,
    coord_sys: Annotated[
        str | None,
        typer.Option(
            "--coord-sys",
            metavar="S|COL",
            help="Coordinate system, or the column that names each row's; a system wins.",
        ),
    ] = None,
    accuracy: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of accuracies in metres.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of times that select the edition.")
    ] = None,
    item: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of catalogue items, to be routed.")
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Answer from this edition, whatever the time."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Of a CSV, when it is taken for another.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Add to every row of a file the areas that hold its point."""
    with opened(ctx, store) as workspace, progress_bar("assign") as progress:
        summary = workspace.assign(
            source,
            output,
            lon=lon,
            lat=lat,
            coord_sys=coord_sys,
            accuracy=accuracy,
            at=at,
            edition=edition,
            encoding=encoding,
            progress=progress,
            item=item,
        )
    show_summary(summary)


def show_summary(summary: AssignSummary) -> None:
    """Print what `assign` did."""
    speed = f"{summary.seconds:,.1f} s, {summary.rows_per_second:,.0f} rows/s"
    typer.echo(f"Assigned {summary.rows:,} rows to {summary.output} ({speed}).")
    unseen = len(summary.departments) - _MOST_DEPARTMENTS
    more = f" · {unseen} more" if unseen > 0 else ""
    facts(
        {
            "status": counted(summary.by_status, summary.rows),
            "warnings": counted(summary.by_warning),
            **{
                name: f"{level.rows:,} rows in {level.areas:,} areas"
                + (f"; most in {counted(dict(level.top[:3]))}" if level.top else "")
                for name, level in summary.levels.items()
            },
            "department": counted(dict(islice(summary.departments.items(), _MOST_DEPARTMENTS)))
            + more,
            "handling level": counted(summary.handling_levels),
            "due time": counted(summary.due),
            "edition": counted(summary.editions),
            "coordinates": counted(summary.coord_systems),
            "read as": ", ".join(f"{role}: {name}" for role, name in summary.columns.items()),
            "file": ", ".join(f"{name} {value}" for name, value in summary.facts.items()),
            "rejected": f"{summary.rejects:,} rows, see {summary.rejects_file}"
            if summary.rejects
            else "",
        }
    )
    for note in summary.notes:
        typer.echo(f"  Note: {note}.")
