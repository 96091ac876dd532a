"""Photos of places: listed and shown to whom they are for; kept by those who keep places."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep, needs
from api.district_models import PlacePhotoIn, PlacePhotoOut, PlacePhotosOut
from api.openapi import cached, problems, request_body
from api.photo_views import photo_shown, photos_shown
from api.places import Code
from api.rendering import answer_json, answer_unchanging, has_tag
from api.uploads import photo_body, photo_form
from gridmap.access import Action
from gridmap.pictures import MEDIA_TYPE
from gridmap.places.photos import MOST_WORDS

__all__ = ["WORDS", "router"]

router = APIRouter(tags=["district"])

WORDS = (*MOST_WORDS, "shown_to")

# The address names the picture, so that what lies there never changes. Not for a year all the
# same: a photo that was taken down is not to live on in what others keep.
_KEPT_S = 7 * 86_400
_CHANGES = TypeAdapter(PlacePhotoIn)

Picture = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture, hexadecimal.")
]


async def sent_photo(request: Request) -> tuple[bytes, dict[str, str]]:
    """Return the photo of a form and what is told of it."""
    return await photo_form(request, WORDS)


_BODY = photo_body(
    {
        **{name: {"type": "string", "maxLength": most} for name, most in MOST_WORDS.items()},
        "shown_to": {"type": "string", "enum": ["public", "staff"]},
    }
)


@router.get(
    "/api/places/{code:path}/photos",
    summary="Photos of a place",
    dependencies=[PUBLIC],
    response_model=PlacePhotosOut,
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def list_photos(request: Request, workspace: WorkspaceDep, actor: ActorDep, code: Code) -> Response:
    """Return what is told of each, and where it is."""
    found = workspace.place(code, actor=actor)["photos"]
    return answer_unchanging(request, workspace, {"photos": photos_shown(found, workspace)})


@router.get(
    "/api/places/{code:path}/photos/{picture}",
    summary="One photo of a place",
    dependencies=[PUBLIC],
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "The picture."},
        **cached(),
        **problems(403, 404, 422, 500, 503),
    },
)
def one_photo(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    code: Code,
    picture: Picture,
    size: Annotated[
        Literal["full", "thumb"], Query(description="`thumb`: at most 320 pixels a side.")
    ] = "full",
) -> Response:
    """Return the picture as JPEG. One that is for staff is not there for others."""
    data, public = workspace.place_photo(code, picture, thumb=size == "thumb", actor=actor)
    if not public:
        return Response(data, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})
    tag = f"{picture[:32]}-{size}"
    headers = {"ETag": f'"{tag}"', "Cache-Control": f"public, max-age={_KEPT_S}, immutable"}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=MEDIA_TYPE, headers=headers)


@router.post(
    "/api/places/{code:path}/photos",
    summary="Add a photo to a place, for those who keep places",
    dependencies=needs(Action.PLACE_EDIT),
    status_code=201,
    response_model=PlacePhotoOut,
    responses={
        200: {"model": PlacePhotoOut, "description": "The place has this photo already."},
        **problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    },
    openapi_extra=_BODY,
)
def add_photo(
    workspace: WorkspaceDep,
    actor: ActorDep,
    code: Code,
    sent: Annotated[tuple[bytes, dict[str, str]], Depends(sent_photo)],
) -> Response:
    """Keep a photo, turned upright, without the place, device or time that its file tells of.

    The same picture sent twice is kept once, with what was told of it first.
    """
    raw, words = sent
    made, new = workspace.add_place_photo(code, raw, words, actor=actor)
    return answer_json(photo_shown(made, workspace), status=201 if new else 200)


@router.patch(
    "/api/places/{code:path}/photos/{picture}",
    summary="Change what is told of a photo, and whether it is the first",
    dependencies=needs(Action.PLACE_EDIT),
    response_model=PlacePhotoOut,
    responses=problems(403, 404, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(PlacePhotoIn),
)
def word_photo(
    workspace: WorkspaceDep, actor: ActorDep, code: Code, picture: Picture, body: JsonBody
) -> Response:
    """Change caption, text for who cannot see it, credit, licence, and to whom it is shown."""
    asked: dict[str, Any] = parsed(_CHANGES, body).model_dump(exclude_none=True)
    first = bool(asked.pop("first", False))
    told = workspace.word_place_photo(code, picture, asked, first=first, actor=actor)
    return answer_json(photo_shown(told, workspace))


@router.delete(
    "/api/places/{code:path}/photos/{picture}",
    summary="Remove a photo of a place, for good",
    dependencies=needs(Action.PLACE_EDIT),
    response_model=PlacePhotosOut,
    responses=problems(403, 404, 422, 500, 503, 507),
)
def drop_photo(workspace: WorkspaceDep, actor: ActorDep, code: Code, picture: Picture) -> Response:
    """Remove it, and return the photos that are left."""
    workspace.drop_place_photo(code, picture, actor=actor)
    left = workspace.place(code, actor=actor)["photos"]
    return answer_json({"photos": photos_shown(left, workspace)})
