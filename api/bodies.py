"""Request bodies: read by the event loop, parsed and checked in a thread, in one pass."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

__all__ = ["JsonBody", "parsed"]

T = TypeVar("T")


async def json_body(request: Request) -> bytes:
    """Return the bytes of a JSON body, unread: parsing much of it belongs in a thread."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the body as application/json.")
    return await request.body()


JsonBody = Annotated[bytes, Depends(json_body)]


def parsed(adapter: TypeAdapter[T], body: bytes) -> T:
    """Return what a body says; `RequestValidationError` naming the places that are wrong.

    Bytes that are no UTF-8, and halves of surrogate pairs, are no JSON.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in found]
        ) from error
