"""Request bodies: read by the event loop, parsed and checked in a thread, in one pass."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException

__all__ = [
    "JSON",
    "MOST_BODY_BYTES",
    "JsonBody",
    "WrongBody",
    "kind_of_body",
    "media_type",
    "parsed",
]

JSON = "application/json"

# 100,000 points with every field spelt out are 13 MB.
MOST_BODY_BYTES = 32 * 1024 * 1024

T = TypeVar("T")


class WrongBody(HTTPException):
    """The body is of a kind that an address does not take.

    Parameters
    ----------
    got : str
        The media type that the request names; empty when it names none.
    *taken : str
        Those that the address takes.
    """

    def __init__(self, got: str, *taken: str) -> None:
        super().__init__(415, "This address does not take a body of that kind.")
        self.got, self.taken = got or "no Content-Type", taken

    @property
    def repair(self) -> str:
        """What to do, in one sentence."""
        return f"Send the body as one of: {', '.join(self.taken)}."


def kind_of_body(request: Request) -> str:
    """Return the media type that a request says its body is of; empty when it does not."""
    return media_type(request.headers.get("content-type", ""))


def media_type(said: str) -> str:
    """Return the media type of a Content-Type header, without its parameters."""
    return said.partition(";")[0].strip().lower()


async def json_body(request: Request) -> bytes:
    """Return the bytes of a JSON body, unread: parsing much of it belongs in a thread."""
    kind = kind_of_body(request)
    if kind != JSON:
        raise WrongBody(kind, JSON)
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
