"""Forms with files: read once a request, whoever asks for them first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from fastapi import Request
from starlette.exceptions import HTTPException

from api.bodies import WrongBody, kind_of_body

__all__ = [
    "FORM",
    "FORM_FIELD",
    "Parts",
    "SentFile",
    "Upload",
    "form_parts",
    "photo_body",
    "photo_form",
    "sent_form",
]

FORM = "multipart/form-data"
# The token of a session's forms; it is no part of what a form says.
FORM_FIELD = "csrf_token"

# How the file is described in the OpenAPI document.
_PHOTO_PART = {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP."}


def photo_body(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the OpenAPI document describes a form with a photo and some words beside it."""
    schema = {
        "type": "object",
        "required": ["photo"],
        "additionalProperties": False,
        "properties": {"photo": _PHOTO_PART, **words},
    }
    encoding = {"photo": {"contentType": "image/jpeg, image/png, image/webp"}}
    return {
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": schema, "encoding": encoding}},
        }
    }


# Of one form: as many photos as somebody takes of one place, and the words beside them.
_MOST_FILES, _MOST_FIELDS = 60, 100
# Two texts of the longest kind in Chinese, nine bytes a character.
_MOST_WORDS = 65_536


class SentFile(NamedTuple):
    """A file of a form: its field, what it was called, and its bytes."""

    field: str
    name: str
    data: bytes


class Parts(NamedTuple):
    """The texts of a form in their order, and its files; those that were not chosen left out."""

    texts: list[tuple[str, str]]
    files: list[SentFile]

    def text(self, name: str) -> str | None:
        """Return the first text of a field; None without one."""
        return next((value for field, value in self.texts if field == name), None)


class Upload(NamedTuple):
    """A form as it was sent: its file `photo` (None without one), and the words beside it."""

    raw: bytes | None
    words: dict[str, str]


async def form_parts(request: Request) -> Parts:
    """Return the parts of a form of the type :data:`FORM`, read once a request.

    Whoever refuses the request need not know of its files: they are in memory, which the
    largest body that is taken allows, and closed.
    """
    known: Parts | None = getattr(request.state, "parts", None)
    if known is not None:
        return known
    try:
        async with request.form(
            max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_MOST_WORDS
        ) as form:
            found = Parts([], [])
            for name, value in form.multi_items():
                if isinstance(value, str):
                    found.texts.append((name, value))
                # A browser sends a file without a name where none was chosen.
                elif value.filename:
                    found.files.append(SentFile(name, value.filename, await value.read()))
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise HTTPException(422, f"The form cannot be read: {error.detail}") from error
    request.state.parts = found
    return found


async def sent_form(request: Request) -> Upload:
    """Return a form with one photo, of a request whose body is of the type :data:`FORM`."""
    texts, files = await form_parts(request)
    photos = [one for one in files if one.field == "photo"]
    strays = [one.field for one in files if one.field != "photo"]
    strays += ["photo"] * (len(photos) > 1)
    raw = photos[0].data if len(photos) == 1 else None
    return Upload(raw, dict(texts) | dict.fromkeys(strays, ""))


async def photo_form(request: Request, names: Collection[str]) -> tuple[bytes, dict[str, str]]:
    """Return the photo of a form and the words beside it, of these names and no others."""
    kind = kind_of_body(request)
    if kind != FORM:
        raise WrongBody(kind, FORM)
    raw, words = await sent_form(request)
    words = {name: value for name, value in words.items() if name != FORM_FIELD}
    if raw is None or not set(words) <= set(names):
        said = ", ".join(f"'{name}'" for name in names)
        raise HTTPException(422, f"A form has a file 'photo', and may say {said}; nothing else.")
    return raw, words
