"""Commands on points: locate one, assign a file of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened, progress_bar
from gridmap.cli.show import counted, facts
from gridmap.times import to_site

if TYPE_CHECKING:
    from datetime import date

    from gridmap.bulk.model import AssignSummary
    from gridmap.locate.model import Location

__all__ = ["assign", "due_from", "locate", "show_summary"]

_MOST_DEPARTMENTS = 8
_MOST_DAYS = 7


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
        families = workspace.locate_in_families(
            lon, lat, coord_sys=coord_sys, accuracy_m=accuracy, at=at
        )
    if as_json:
        beside = {name: _answer(one) for name, one in families.items()}
        record = {"lon": found.lon, "lat": found.lat} | _answer(found)
        record |= {"warning": found.warning, "families": beside}
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        _show_location(found)
        facts({name: _in_short(one) for name, one in families.items()})


def _in_short(found: Location) -> str:
    codes = " > ".join(found.areas.values())
    return f"{codes} ({found.location_status.value})" if codes else found.location_status.value


def _answer(found: Location) -> dict[str, Any]:
    """Return what one family of grids answers, with the fields that ``/api/locate`` gives."""

    def near(area: Any) -> dict[str, Any]:
        return {"level": area.level, "code": area.code, "distance_m": area.distance_m}

    return {
        "areas": dict(found.areas),
        "location_status": found.location_status.value,
        "certain_level": found.certain_level,
        "margin_m": found.margin_m,
        "margins_m": dict(found.margins_m),
        "candidates": [near(area) for area in found.candidates],
        "nearest": near(found.nearest) if found.nearest else None,
        "edition": found.edition,
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
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUTPUT",
            help="One of the same formats; replaced, but no GeoPackage with other layers.",
        ),
    ],
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
        str | None,
        typer.Option(metavar="COL", help="Column of times of receipt; deadlines run from them."),
    ] = None,
    observed: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column of times it was seen; they select the edition."),
    ] = None,
    item: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of catalogue items, to be routed.")
    ] = None,
    catalogue: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Catalogue of the items; the site's own if not given."),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Answer from this edition, whatever the time."),
    ] = None,
    family: Annotated[
        str, typer.Option(metavar="NAME", help="Family of grids that answers.")
    ] = "base",
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Of a CSV, when it is taken for another.")
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on where a run with the same output broke off; begin anew when none did.",
        ),
    ] = False,
    store: StoreOption = None,
) -> None:
    """Add to every row of a file the areas that hold its point."""
    with opened(ctx, store) as workspace, progress_bar("assign") as progress, told_how_to_go_on():
        summary = workspace.assign(
            source,
            output,
            lon=lon,
            lat=lat,
            coord_sys=coord_sys,
            accuracy=accuracy,
            at=at,
            observed=observed,
            edition=edition,
            family=family,
            encoding=encoding,
            progress=progress,
            item=item,
            resume=resume,
            catalogue=catalogue,
        )
        today = to_site(workspace.clock(), workspace.zone).date()
    if resume:
        typer.echo(_taken_up(summary))
    show_summary(summary, today)


def _taken_up(summary: AssignSummary) -> str:
    if summary.resumed:
        return f"Went on after {summary.resumed:,} rows of a run that broke off."
    return "There was nothing to resume: the run began anew."


@contextmanager
def told_how_to_go_on() -> Iterator[None]:
    """Print what is said of a run that is interrupted, for an interrupt has no message."""
    try:
        yield
    except KeyboardInterrupt as error:
        for note in getattr(error, "__notes__", ()):
            typer.echo(note, err=True)
        raise


def show_summary(summary: AssignSummary, today: date) -> None:
    """Print what `assign` did; due days are told as seen from `today`."""
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
            "due": counted(due_from(summary.due, today)),
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
    if summary.datum_warning:
        typer.echo(f"  Warning: {summary.datum_warning}")


def due_from(due: dict[str, int], today: date) -> dict[str, int]:
    """Count due days as a dispatcher looks ahead: what is past, the next days, the rest."""
    from gridmap.bulk.tally import UNKNOWN

    if not due:
        return {}
    first = today.isoformat()
    ahead = [day for day in due if first <= day and day != UNKNOWN]
    last = ahead[:_MOST_DAYS][-1] if ahead else first
    return {
        f"before {first}": sum(n for day, n in due.items() if day < first),
        **{day: due[day] for day in ahead[:_MOST_DAYS]},
        f"after {last}": sum(due[day] for day in ahead[_MOST_DAYS:]),
        UNKNOWN: due.get(UNKNOWN, 0),
    }
