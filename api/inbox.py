"""The inbox of notices, and what could not be delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, Field, TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import Exact, whole_number
from api.openapi import problems, request_body
from api.rendering import answer_json
from api.reports import LangQuery
from gridmap.access import Action
from gridmap.workspace.reporting import MAX_PAGE

__all__ = ["ReadIn", "router"]

router = APIRouter(tags=["notices"])

_Id = Annotated[int, Field(ge=1, lt=2**53, strict=True), BeforeValidator(whole_number)]


class NoticeOut(Exact):
    """One thing somebody is told."""

    id: int
    at: datetime
    kind: str
    number: int | None = Field(description="Of the order it is about.")
    supervision: int | None = Field(description="Id of the supervision order it is about.")
    text: str
    why: str | None
    read_at: datetime | None


class InboxOut(Exact):
    """What the caller was told, newest first."""

    unread: int = Field(ge=0, description="For the badge; at most 1000.")
    notices: list[NoticeOut]


class ReadIn(Exact):
    """Which notices were read; all of them when none are named."""

    ids: list[_Id] | None = Field(None, max_length=1_000)


class ReadOut(Exact):
    """How many notices were unread until now."""

    read: int = Field(ge=0)


class FailureOut(Exact):
    """A notice or message that was given up."""

    id: int
    kind: str
    to: str | None = Field(description="Name of the webhook.")
    event: str
    attempts: int
    why: str
    given_up_at: datetime | None


class FailuresOut(Exact):
    """What could not be delivered, the oldest first."""

    failures: list[FailureOut]


class RevivedOut(Exact):
    """How many deliveries are tried anew."""

    revived: int = Field(ge=0)


@router.get(
    "/api/inbox",
    summary="What I was told",
    dependencies=needs(Action.NOTICE_READ),
    response_model=InboxOut,
    responses=problems(403, 422, 500, 503),
)
def inbox(
    workspace: WorkspaceDep,
    actor: ActorDep,
    unread: Annotated[bool, Query(description="Only what was not read.")] = False,
    before: Annotated[int | None, Query(ge=1, lt=2**53, description="Older than this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    lang: LangQuery = None,
) -> Response:
    """Return the caller's notices, newest first, and how many are unread."""
    found = workspace.inbox(
        unread=unread,
        limit=limit,
        before=before,
        lang=lang or workspace.settings.language,
        actor=actor,
    )
    return answer_json(found)


@router.post(
    "/api/inbox/read",
    summary="Mark notices as read",
    dependencies=needs(Action.NOTICE_READ),
    response_model=ReadOut,
    responses=problems(403, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(ReadIn),
)
def read(workspace: WorkspaceDep, actor: ActorDep, body: JsonBody) -> Response:
    """Note that the caller has read notices; others' are left alone."""
    asked = parsed(_READ, body)
    return answer_json({"read": workspace.read_notices(asked.ids, actor=actor)})


@router.get(
    "/api/deliveries/failed",
    summary="What could not be delivered",
    dependencies=needs(Action.NOTICE_WATCH),
    response_model=FailuresOut,
    responses=problems(403, 422, 500, 503),
)
def failed(workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return notices and messages that were given up after the last attempt."""
    return answer_json({"failures": workspace.failed_deliveries(actor=actor)})


@router.post(
    "/api/deliveries/redeliver",
    summary="Try again what could not be delivered",
    dependencies=needs(Action.NOTICE_WATCH),
    response_model=RevivedOut,
    responses=problems(403, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(ReadIn),
)
def redeliver(workspace: WorkspaceDep, actor: ActorDep, body: JsonBody) -> Response:
    """Let deliveries be tried anew, all of them when none are named."""
    asked = parsed(_READ, body)
    return answer_json({"revived": workspace.redeliver(asked.ids, actor=actor)})


_READ = TypeAdapter(ReadIn)
