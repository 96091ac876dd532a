"""Answers as bytes: JSON by orjson, ETag and Cache-Control bounded by the next edition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from gzip import compress
from hashlib import blake2b
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gridmap.times import to_site
from gridmap.workspace import Workspace

__all__ = [
    "VARY",
    "Shelf",
    "answer_bytes",
    "answer_file",
    "answer_json",
    "answer_unchanging",
    "documented",
    "has_tag",
    "page_of",
    "seconds_to_next_edition",
    "site_date",
    "site_times",
    "unchanging",
]

# An edition may also be published from a moment already past: so never long.
_MAX_AGE_S = 60

# Whoever signs out, or in as somebody else, gets no answer that was another's.
VARY = "Authorization, Cookie"


def answer_json(
    content: Any,
    *,
    status: int = 200,
    media_type: str = "application/json",
    location: str | None = None,
) -> Response:
    """Return `content` as JSON that no cache keeps; NaN becomes null.

    `location` is the address of what was made, for an answer of 201.
    """
    headers = {"Cache-Control": "no-store"} | ({} if location is None else {"Location": location})
    return Response(_bytes(content), status, headers, media_type=media_type)


def page_of(
    address: str,
    asked: Mapping[str, Any],
    name: str,
    records: Sequence[Any],
    *,
    total: int,
    offset: int,
    limit: int,
) -> dict[str, Any]:
    """Return a page of a list: its records as `name`, and the address of the next one, if any.

    Parameters
    ----------
    address : str
        Of the list, without a query.
    asked : mapping
        What the list is narrowed by; None is left out.
    """
    words = {k: str(v).lower() if v is True or v is False else v for k, v in asked.items()}
    query = {k: v for k, v in words.items() if v is not None}
    query |= {"limit": limit, "offset": offset + limit}
    more = offset + limit < total
    return {
        "total": total,
        "offset": offset,
        "limit": limit,
        "next": f"{address}?{urlencode(query)}" if more else None,
        name: records,
    }


def answer_bytes(content: bytes, *, media_type: str) -> Response:
    """Return `content` as it is; no cache keeps it."""
    return Response(content, 200, {"Cache-Control": "no-store"}, media_type=media_type)


def answer_unchanging(
    request: Request,
    workspace: Workspace,
    content: Any,
    *,
    media_type: str = "application/json",
    max_age_s: int = _MAX_AGE_S,
) -> Response:
    """Return `content` as JSON that stays true until boundaries change.

    The ETag is of the bytes, which name the edition, so it can never stand for other
    content; a request that already has them gets 304. No cache may keep the answer past
    the moment the next edition takes over. Answers depend on who asks: private.
    """
    body, tag, control = unchanging(workspace, content, max_age_s=max_age_s)
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": control, "Vary": VARY}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type)


class Shelf:
    """Answers that are the same for many, as bytes and compressed: made once while they stand.

    What an answer is made of is known by being the same object; whoever makes it anew when
    something has changed makes another.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[Any, bytes, bytes, str]] = {}

    def answer(
        self,
        name: str,
        content: Any,
        request: Request,
        workspace: Workspace,
        *,
        max_age_s: int = _MAX_AGE_S,
    ) -> Response:
        """Return what :func:`answer_unchanging` does."""
        with self._lock:
            found = self._kept.get(name)
            if found is None or found[0] is not content:
                body = _bytes(content)
                found = self._kept[name] = (content, body, compress(body, 6, mtime=0), _tag(body))
        _, body, packed, tag = found
        headers = {"ETag": f'W/"{tag}"', "Cache-Control": _control(workspace, max_age_s)}
        headers["Vary"] = f"{VARY}, Accept-Encoding"
        if has_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = packed
        return Response(body, 200, headers, "application/json")


def unchanging(
    workspace: Workspace, content: Any, *, max_age_s: int = _MAX_AGE_S, at_hand: bool = False
) -> tuple[bytes, str, str]:
    """Return the bytes, the tag (weak) and the Cache-Control of `answer_unchanging`.

    With `at_hand`, for content that was, without waiting for anything.
    """
    body = _bytes(content)
    return body, _tag(body), _control(workspace, max_age_s, at_hand=at_hand)


def _tag(body: bytes) -> str:
    # Weak where it is sent: the same content may travel compressed or not.
    return blake2b(body, digest_size=12).hexdigest()


def _control(workspace: Workspace, max_age_s: int, *, at_hand: bool = False) -> str:
    left = seconds_to_next_edition(workspace, at_hand=at_hand)
    age = max_age_s if left is None else min(max_age_s, max(0, int(left)))
    return f"private, max-age={age}, must-revalidate"


def answer_file(
    request: Request, tag: str, make: Callable[[], bytes], *, media_type: str, name: str
) -> Response:
    """Return a file to be saved as `name`, made only when the client does not have it.

    `tag` is of what the file holds: the bytes themselves may bear the time they were made.
    """
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache", "Vary": VARY}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(make(), 200, headers, media_type)


def documented(record: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return those fields of a record that its model documents, in the model's order."""
    return {name: record[name] for name in model.model_fields if name in record}


def seconds_to_next_edition(workspace: Workspace, *, at_hand: bool = False) -> float | None:
    """Return the seconds until another edition of any family takes over; None when none is due.

    With `at_hand`, by the editions that answer now, without waiting for anything.
    """
    now = workspace.clock()
    upcoming = workspace.next_change_at_hand(now) if at_hand else workspace.next_change(now)
    return None if upcoming is None else (upcoming - now).total_seconds()


def site_times(record: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return the record with its moments as local times of the site, offset included."""
    return {
        name: to_site(value, zone) if isinstance(value, datetime) else value
        for name, value in record.items()
    }


def site_date(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """Return a moment for people: the date there, with the time unless it is midnight."""
    if moment is None:
        return None
    local = to_site(moment, zone)
    return (
        f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"
    )


def _bytes(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def has_tag(sent: str, tag: str) -> bool:
    """True when an If-None-Match header names a tag."""
    known = [one.strip().removeprefix("W/").strip('"') for one in sent.split(",")]
    return tag in known or "*" in known
