"""Which areas hold a point: one at a time, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.columns import ARROW
from api.coordsys import known_system
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.locate_route import ANSWER_FIELDS, LOCATION_FIELDS, LocateRoute, near_area
from api.models import (
    CoordSys,
    LocateColumns,
    LocatedColumnsOut,
    LocateMany,
    LocationOut,
    LocationsOut,
    PointIn,
    When,
)
from api.openapi import cached, problems, request_body
from api.rendering import answer_json, answer_unchanging
from gridmap.access import Actor, visible_fields
from gridmap.errors import BadValue
from gridmap.locate.model import Locations, Points
from gridmap.times import parse_when
from gridmap.workspace import Workspace

__all__ = ["near_area", "router"]

router = APIRouter(tags=["locate"], route_class=LocateRoute, dependencies=[PUBLIC])

# Each system needs a transformer of its own: a request that names hundreds is a mistake.
_MOST_SYSTEMS = 16

# An accuracy of kilometres reaches every area there is. Its candidates are counted in small
# parts, and the request refused before they fill the memory.
_WIDE_M = 200.0
_FEW, _MANY = 500, 5_000
_MOST_CANDIDATES = 500_000

_BODY = TypeAdapter(LocateMany)

# How a stream travels: its columns are spelt out in the description.
_STREAM = {ARROW: {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/api/locate",
    summary="Locate one point",
    response_model=LocationOut,
    responses={**cached(), **problems(403, 422, 500, 503)},
)
def locate_one(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    lon: Annotated[
        float,
        Query(allow_inf_nan=False, description="Longitude in degrees, or easting in metres."),
    ],
    lat: Annotated[
        float,
        Query(allow_inf_nan=False, description="Latitude in degrees, or northing in metres."),
    ],
    coord_sys: Annotated[CoordSys, Query()] = "wgs84",
    accuracy_m: Annotated[
        float | None,
        Query(allow_inf_nan=False, description="Radius in metres within which the place lies."),
    ] = None,
    at: Annotated[When | None, Query()] = None,
    level: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=40,
            description="Level at which ambiguity matters; else the finest.",
        ),
    ] = None,
) -> Response:
    """Return the area of each level that holds the point, at a moment.

    Beside the base grids, by which reports are routed, every family of grids that the caller
    may see answers under `families`. A point that cannot be placed is an answer, not an error:
    see `location_status`. Only a request that cannot be read is refused.
    """
    point = PointIn(lon=lon, lat=lat, coord_sys=coord_sys, accuracy_m=accuracy_m, at=at)
    found = _locate(workspace, actor, [point], level, families=True)
    return answer_unchanging(request, workspace, found[0])


@router.post(
    "/api/locate",
    summary="Locate many points",
    response_model=LocationsOut | LocatedColumnsOut,
    responses={200: {"content": _STREAM}, **problems(403, 413, 415, 422, 500, 503)},
    openapi_extra=request_body(LocateMany, LocateColumns, content=_STREAM),
)
def locate_many(workspace: WorkspaceDep, actor: ActorDep, body: JsonBody) -> Response:
    """Return where each point lies, in order, in one of two forms.

    With `points`, each is answered exactly as `GET /api/locate` answers it, without the
    answers of `families` when they are not wanted.

    With columns `lon` and `lat`, only the base grids' areas and the status are answered, and
    much faster: each column as a `legend` of values and an `index` into it, -1 for none. No
    accuracies, no margins, nothing `ambiguous`.

    The same as an Arrow stream (`application/vnd.apache.arrow.stream`): send one, uncompressed,
    with the float64 columns `lon` and `lat` and, if wanted, `coord_sys`, `at` and `level` in
    the metadata of its schema. Answered, when one was sent or `Accept` names it, is a stream
    with a dictionary column for each level, `location_status` and `edition`. NaN and null are
    missing points.
    """
    asked = parsed(_BODY, body)
    found = _locate(workspace, actor, asked.points, asked.level, families=asked.families)
    return answer_json({"locations": found})


def _locate(
    workspace: Workspace,
    actor: Actor,
    asked: Sequence[PointIn],
    level: str | None,
    *,
    families: bool,
) -> list[dict[str, Any]]:
    """Both doors lead here, so that one point has one answer."""
    fields = visible_fields(actor, "locations", LOCATION_FIELDS)
    points = _points(workspace, asked)
    wide = any(point.accuracy_m is not None and point.accuracy_m > _WIDE_M for point in asked)
    records: list[dict[str, Any]] = []
    candidates = 0
    for part in _parts(points, _FEW if wide else _MANY):
        found = workspace.locate_many(part, level=level, margins=True, actor=actor)
        answered = _records(found, fields)
        candidates += _count(answered)
        if families:
            for record in answered:
                record["families"] = {}
            for name, beside in _beside(workspace, actor, part).items():
                candidates += _count(beside)
                for record, one in zip(answered, beside, strict=True):
                    record["families"][name] = one
        if candidates > _MOST_CANDIDATES:
            raise BadValue(
                "The accuracies reach too many areas for one answer.",
                got=f"more than {_MOST_CANDIDATES:,} candidates",
                allowed=f"{_MOST_CANDIDATES:,} candidates in all",
                repair="Send fewer points at a time, or smaller accuracies.",
            )
        records += answered
    return records


def _count(answered: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(record.get("candidates", ())) for record in answered)


def _beside(workspace: Workspace, actor: Actor, points: Points) -> dict[str, list[dict[str, Any]]]:
    """Return what the families of grids beside the base grids answer, one record a point."""
    fields = visible_fields(actor, "locations", ANSWER_FIELDS)
    found = workspace.locate_families(points, actor=actor)
    return {name: _records(one, fields) for name, one in found.items()}


def _points(workspace: Workspace, asked: Sequence[PointIn]) -> Points:
    return Points(
        x=_numbers(point.lon for point in asked),
        y=_numbers(point.lat for point in asked),
        coord_sys=_systems([point.coord_sys for point in asked]),
        accuracy_m=_numbers(point.accuracy_m for point in asked),
        at=_moments(workspace, [point.at for point in asked]),
    )


def _parts(points: Points, most: int) -> Iterator[Points]:
    """Split the points: candidates of one part are held in memory before they are counted."""
    for start in range(0, len(points), most):
        part = slice(start, start + most)
        yield Points(
            x=points.x[part],
            y=points.y[part],
            coord_sys=points.coord_sys[part],
            accuracy_m=points.accuracy_m[part] if points.accuracy_m is not None else None,
            at=points.at[part] if points.at is not None else None,
        )


def _numbers(values: Iterable[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _systems(named: list[str]) -> np.ndarray[Any, np.dtype[np.object_]]:
    different = set(named)
    if len(different) > _MOST_SYSTEMS:
        raise BadValue(
            "Too many coordinate systems in one request.",
            got=len(different),
            allowed=f"at most {_MOST_SYSTEMS}",
            repair="Send one request for each system.",
        )
    known = {name: known_system(name) for name in different}
    out = np.empty(len(named), dtype=object)
    out[:] = [known[name] for name in named]
    return out


def _moments(workspace: Workspace, given: list[str | None]) -> list[datetime]:
    """Return a moment for each point: parts of one request are answered for one present."""
    now = workspace.clock()
    known = {text: parse_when(text, workspace.zone) for text in set(given) if text is not None}
    return [now if text is None else known[text] for text in given]


def _records(found: Locations, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Turn columns into one record a point, holding only `fields`, in their order."""
    candidates = {i: [near_area(area) for area in areas] for i, areas in found.candidates.items()}
    nearest = {i: near_area(area) for i, area in found.nearest.items()}
    columns: dict[str, Iterable[Any]] = {
        "lon": _or_none(found.lon),
        "lat": _or_none(found.lat),
        "areas": _by_level({name: codes.tolist() for name, codes in found.codes.items()}, found),
        "location_status": found.status.tolist(),
        "certain_level": found.certain_level.tolist(),
        "margin_m": _or_none(found.margin_m),
        "margins_m": _by_level({n: _or_none(m) for n, m in found.margins_m.items()}, found),
        "candidates": (candidates.get(i, []) for i in range(len(found))),
        "nearest": (nearest.get(i) for i in range(len(found))),
        "edition": found.edition.tolist(),
        "warning": found.warning.tolist(),
    }
    rows = zip(*(columns[name] for name in fields), strict=True)
    return [dict(zip(fields, row, strict=True)) for row in rows]


def _or_none(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    listed: list[float | None] = values.tolist()
    for i in np.flatnonzero(np.isnan(values)).tolist():
        listed[i] = None
    return listed


def _by_level(columns: dict[str, list[Any]], found: Locations) -> list[dict[str, Any]]:
    names = [name for name in found.levels.names if name in columns]
    rows = zip(*(columns[name] for name in names), strict=True)
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in rows
    ]
