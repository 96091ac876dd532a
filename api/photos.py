"""Photos of reports: sent in by their senders and by those who handle them; seen by staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import Exact
from api.openapi import problems
from api.rendering import answer_json
from api.uploads import photo_body, photo_form
from gridmap.access import Action
from gridmap.cases.photos import PhotoKind
from gridmap.pictures import MEDIA_TYPE

__all__ = ["router"]

router = APIRouter(tags=["reports"])

Number = Annotated[int, Path(ge=1, lt=2**53, description="Number of the report.")]


class PhotoOut(Exact):
    """What is told of a photo."""

    id: int
    report_id: int
    kind: PhotoKind
    sha256: str
    width: int
    height: int
    size: int
    added_at: datetime
    added_by: str | None = None


class PhotosOut(Exact):
    """A report's photos, in the order in which they came."""

    photos: list[PhotoOut]


class _Sent(NamedTuple):
    raw: bytes
    kind: str
    key: str | None


async def sent_photo(request: Request) -> _Sent:
    """Return the one photo of a form, and the words beside it."""
    raw, words = await photo_form(request, ("kind", "key"))
    return _Sent(raw, words.get("kind") or PhotoKind.REPORT.value, words.get("key"))


_BODY = photo_body(
    {
        "kind": {
            "type": "string",
            "enum": [kind.value for kind in PhotoKind],
            "description": "`before` and `after` are for those who do the work.",
        },
        "key": {
            "type": "string",
            "description": "The idempotency key the report was sent with, or its receipt: for a "
            "sender who is not signed in.",
        },
    }
)


@router.post(
    "/api/reports/{number}/photos",
    summary="Add a photo to a report",
    dependencies=needs(Action.REPORT_SUBMIT),
    status_code=201,
    response_model=PhotoOut,
    responses={
        200: {"model": PhotoOut, "description": "The report has this photo already."},
        **problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    },
    openapi_extra=_BODY,
)
def add_photo(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: Number,
    sent: Annotated[_Sent, Depends(sent_photo)],
) -> Response:
    """Keep a photo, turned upright, without the place, device or time that its file tells of.

    By the sender, with the key that the report was sent with, while it is open; by staff
    within whose reach it lies, also of the place before and after the work.
    """
    made, new = workspace.add_photo(number, sent.raw, kind=sent.kind, key=sent.key, actor=actor)
    return answer_json(made, status=201 if new else 200)


@router.get(
    "/api/reports/{number}/photos",
    summary="Photos of a report, for staff",
    dependencies=needs(Action.PHOTO_SEE),
    response_model=PhotosOut,
    responses=problems(403, 404, 422, 500, 503),
)
def list_photos(workspace: WorkspaceDep, actor: ActorDep, number: Number) -> Response:
    """Return what is told of each."""
    return answer_json({"photos": workspace.photos(number, actor=actor)})


@router.get(
    "/api/reports/{number}/photos/{photo}",
    summary="One photo of a report, for staff",
    dependencies=needs(Action.PHOTO_SEE),
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "The picture."},
        **problems(403, 404, 422, 500, 503),
    },
    response_class=Response,
)
def one_photo(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: Number,
    photo: Annotated[int, Path(ge=1, lt=2**53, description="Id of the photo.")],
    size: Annotated[
        Literal["full", "thumb"], Query(description="`thumb`: at most 320 pixels a side.")
    ] = "full",
) -> Response:
    """Return the picture as JPEG; nothing between may keep it."""
    data = workspace.photo(number, photo, thumb=size == "thumb", actor=actor)
    return Response(data, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})
