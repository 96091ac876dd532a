"""Places and services near by: found, read, told of as wrong, edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import TypeAdapter
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep, needs
from api.district_models import (
    MyGridOut,
    PlaceDetailOut,
    PlaceIn,
    PlaceOut,
    PlacesOut,
    PostOut,
    ServiceItemsOut,
    ToldOut,
    WrongIn,
)
from api.identity import client_address
from api.models import NO_CONTROLS, When
from api.openapi import cached, problems, request_body
from api.photo_views import photos_shown
from api.rendering import answer_json, answer_unchanging, documented
from api.reports import LangQuery
from gridmap.access import Action
from gridmap.calendar import CalendarDay
from gridmap.i18n import translate
from gridmap.places.hours import Opening
from gridmap.times import to_site
from gridmap.workspace import Workspace
from gridmap.workspace.serving import Origin

__all__ = ["Code", "opening_shown", "origin_shown", "router"]

router = APIRouter(tags=["district"])


class _PlaceCode(PathConvertor):
    """A code that may hold slashes; what lies below a place is no part of it."""

    regex = r"(?!.*/(?:wrong|photos(?:/[^/]*)?)$).+"


register_url_convertor("place", _PlaceCode())

_DOCUMENTED: dict[int | str, dict[str, Any]] = {**cached(), **problems(403, 404, 422, 500, 503)}
_EDIT = TypeAdapter(PlaceIn)
_WRONG = TypeAdapter(WrongIn)

Word = Annotated[str | None, Query(max_length=200, pattern=NO_CONTROLS)]
_DEGREES = r"^-?(1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,15})?,-?[0-8]?[0-9](\.[0-9]{1,15})?$"
Near = Annotated[
    str | None,
    Query(
        max_length=60,
        pattern=_DEGREES,
        description="`LON,LAT` in degrees: where one sets out from.",
        examples=["117.02,36.66"],
    ),
]
Estate = Annotated[
    str | None,
    Query(
        max_length=100,
        pattern=NO_CONTROLS,
        description="Code or name of the estate that one sets out from.",
    ),
]
Code = Annotated[
    str,
    Path(
        max_length=100,
        pattern=NO_CONTROLS,
        description="Of the place, URL-encoded; it may hold slashes.",
    ),
]
System = Annotated[
    Literal["wgs84", "cgcs2000", "gcj02", "bd09"],
    Query(description="Of `near`. What a browser tells is wgs84."),
]


@router.get(
    "/api/places",
    summary="Service places that fit what one looks for",
    dependencies=[PUBLIC],
    response_model=PlacesOut,
    responses=_DOCUMENTED,
)
def list_places(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    category: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=NO_CONTROLS,
            description="A category or a branch of the tree (`care`), or several with commas.",
        ),
    ] = None,
    open_now: Annotated[bool, Query(description="Only what is open at the moment.")] = False,
    open_at: Annotated[
        When | None, Query(description="Only what is open then, instead of now.")
    ] = None,
    near: Near = None,
    coord_sys: System = "wgs84",
    estate: Estate = None,
    within: Annotated[
        float | None,
        Query(gt=0, le=600, allow_inf_nan=False, description="At most so many minutes on foot."),
    ] = None,
    accessible: Annotated[bool, Query(description="Fit for a wheelchair.")] = False,
    free: Annotated[bool, Query(description="Nothing is paid.")] = False,
    text: Word = None,
    lang: LangQuery = None,
) -> Response:
    """Return the places that fit: the nearest first with an origin, else in code order.

    Whether a place is open is said of the moment of the request, or of `open_at`. What is not
    known is never counted as open.
    """
    origin = workspace.origin(near=near, estate=estate, coord_sys=coord_sys)
    wanted = workspace.wanted(
        category=category,
        open_only=open_now or open_at is not None,
        origin=origin,
        within=within,
        accessible=accessible,
        free=free,
        text=text,
    )
    said = lang or workspace.settings.language
    found = workspace.find_places(wanted, at=open_at, actor=actor)
    shown = [_shown(record, PlaceOut, workspace, said) for record in found]
    return answer_unchanging(request, workspace, {"origin": origin_shown(origin), "places": shown})


@router.get(
    "/api/places/{code:place}",
    summary="One place",
    dependencies=[PUBLIC],
    response_model=PlaceDetailOut,
    responses=_DOCUMENTED,
)
def one_place(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    code: Code,
    near: Near = None,
    coord_sys: System = "wgs84",
    estate: Estate = None,
    at: Annotated[When | None, Query(description="Open at this moment; now when left out.")] = None,
    lang: LangQuery = None,
) -> Response:
    """Return a place with its areas and, with an origin, the minutes on foot."""
    origin = workspace.origin(near=near, estate=estate, coord_sys=coord_sys)
    record = workspace.place(code, origin=origin, at=at, actor=actor)
    said = lang or workspace.settings.language
    return answer_unchanging(request, workspace, _shown(record, PlaceDetailOut, workspace, said))


@router.patch(
    "/api/places/{code:place}",
    summary="Edit a place, for those who keep places",
    dependencies=needs(Action.PLACE_EDIT),
    response_model=PlaceDetailOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(PlaceIn),
)
def edit_place(
    workspace: WorkspaceDep, actor: ActorDep, code: Code, body: JsonBody, lang: LangQuery = None
) -> Response:
    """Change some fields of a place; hours, closures and telephone numbers are checked.

    With the `version` that the place had when it was looked at, an edit is refused where somebody
    else changed the place since: `changes` tell the fields, and what they are now.
    """
    asked = parsed(_EDIT, body)
    changes = {
        name: value
        for name, value in asked.model_dump(exclude_unset=True, exclude={"version"}).items()
        if value is not None or name in {"home_service", "wheelchair", "checked_on"}
    }
    record = workspace.edit_place(code, changes, version=asked.version, actor=actor)
    said = lang or workspace.settings.language
    return answer_json(_shown(record, PlaceDetailOut, workspace, said))


@router.post(
    "/api/places/{code:path}/wrong",
    summary="Say that an entry is wrong",
    dependencies=[PUBLIC],
    status_code=201,
    response_model=ToldOut,
    responses=problems(403, 404, 413, 415, 422, 429, 500, 503, 507),
    openapi_extra=request_body(WrongIn),
)
def tell_wrong(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, code: Code, body: JsonBody
) -> Response:
    """Tell the staff of the place. Nobody need say who they are; from one device a few an hour."""
    asked = parsed(_WRONG, body)
    workspace.tell_wrong(
        code, asked.kind, remark=asked.remark, address=client_address(request), actor=actor
    )
    return answer_json({"told": True}, status=201)


@router.get(
    "/api/services",
    summary="Services by what one needs",
    dependencies=[PUBLIC],
    response_model=ServiceItemsOut,
    responses=_DOCUMENTED,
)
def list_services(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    text: Word = None,
    near: Near = None,
    coord_sys: System = "wgs84",
    estate: Estate = None,
) -> Response:
    """Return at-home and assisted services: channel, steps, telephone, area served."""
    origin = workspace.origin(near=near, estate=estate, coord_sys=coord_sys)
    found = workspace.find_services(text or "", origin=origin, actor=actor)
    return answer_unchanging(request, workspace, {"services": found})


@router.get(
    "/api/my-grid",
    summary="Who is responsible where I am",
    dependencies=[PUBLIC],
    response_model=MyGridOut,
    responses=_DOCUMENTED,
)
def my_grid(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    near: Near = None,
    coord_sys: System = "wgs84",
    estate: Estate = None,
) -> Response:
    """Return areas, work phones and the estate's firm, as the public board has them."""
    origin = workspace.origin(near=near, estate=estate, coord_sys=coord_sys)
    if origin is None:
        return answer_unchanging(request, workspace, {"areas": [], "posts": [], "estate": None})
    found = workspace.my_grid(origin, actor=actor)
    posts = [documented(post, PostOut) for post in found["posts"]]
    return answer_unchanging(request, workspace, found | {"posts": posts})


def _shown(
    record: Mapping[str, Any], model: type[PlaceOut], workspace: Workspace, lang: str
) -> dict[str, Any]:
    more = {
        "open": opening_shown(record["open"], workspace, lang),
        "photos": photos_shown(record["photos"], workspace),
    }
    return documented({**record, **more}, model)


def opening_shown(opening: Opening, workspace: Workspace, lang: str) -> dict[str, Any]:
    """Return an opening with local times and its reason in words."""
    zone = workspace.zone
    changes, opens = opening.changes_at, opening.opens_at
    day = opening.day
    return {
        "state": opening.state.value,
        "reason": opening.reason.value,
        "reason_text": translate(f"opening.why.{opening.reason.value}", lang),
        "changes_at": None if changes is None else to_site(changes, zone),
        "opens_at": None if opens is None else to_site(opens, zone),
        "day": None if day is None else day.kind.value,
        "holiday": _holiday(day, lang),
        "comment": opening.comment,
    }


def _holiday(day: CalendarDay | None, lang: str) -> str:
    if day is None:
        return ""
    return day.name_en if lang == "en" and day.name_en else day.name


def origin_shown(origin: Origin | None) -> dict[str, Any] | None:
    """Return where one sets out from, as answers have it."""
    if origin is None:
        return None
    lon, lat = origin.spot
    return {
        "kind": origin.kind,
        "lon": round(lon, 7),
        "lat": round(lat, 7),
        "code": origin.code,
        "name": origin.name,
        "name_en": origin.name_en,
    }
