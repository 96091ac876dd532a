"""What happens, as a stream of server-sent events: the outbox in the order of its commits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.dependencies import IdentityDep, WorkspaceDep, needs
from api.identity import Identity, still_asks
from api.openapi import problems
from gridmap.access import Action
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(tags=["events"])

_EVERY_S = 1.0
# A stream goes on so long at most for somebody who may not hear any more.
_ASKED_EVERY_S = 3.0
_AT_ONCE = 100


@router.get(
    "/api/events",
    summary="What happens, as it happens",
    dependencies=needs(Action.ORDER_LIST),
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "Events with `id` (their number), `event` (their type) and `data`.",
        },
        **problems(403, 422, 500, 503),
    },
)
async def stream(
    request: Request,
    workspace: WorkspaceDep,
    identity: IdentityDep,
    last: Annotated[
        int | None,
        Header(alias="Last-Event-ID", ge=0, lt=2**53, description="Go on after this number."),
    ] = None,
    after: Annotated[
        int | None, Query(ge=0, lt=2**53, description="The same, in the address.")
    ] = None,
    wait_s: Annotated[
        int, Query(ge=0, le=3600, description="How long to wait for more before ending.")
    ] = 60,
) -> StreamingResponse:
    """Stream what the caller may see, from now on or after a number; browsers come back alone.

    It ends within seconds when the caller signs out or may see something else.
    """
    begin = last if last is not None else after
    if begin is None:
        begin = await run_in_threadpool(workspace.store.last_message)
    return StreamingResponse(
        _stream(request, workspace, identity, begin, wait_s),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(
    request: Request, workspace: Workspace, identity: Identity, seq: int, wait_s: int
) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    waited, asked, actor = 0.0, time.monotonic(), identity.actor
    while True:
        if time.monotonic() - asked >= _ASKED_EVERY_S:
            if not await still_asks(request, identity):
                return
            asked = time.monotonic()
        last, found = await run_in_threadpool(workspace.messages, seq, limit=_AT_ONCE, actor=actor)
        for one in found:
            yield _event(one)
        if last != seq:
            seq = last
            continue
        if waited >= wait_s or await request.is_disconnected():
            return
        # Also tells a proxy in between that somebody is there.
        yield f": {seq}\n\n".encode()
        await asyncio.sleep(_EVERY_S)
        waited += _EVERY_S


def _event(message: dict[str, Any]) -> bytes:
    data = orjson.dumps(message).decode()
    return f"id: {message['seq']}\nevent: {message['type']}\ndata: {data}\n\n".encode()
