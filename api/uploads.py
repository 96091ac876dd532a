"""Forms with one file: read once a request, whoever asks for them first."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.bodies import WrongBody, kind_of_body

__all__ = ["FORM", "FORM_FIELD", "PHOTO_PART", "Upload", "photo_form", "sent_form"]

FORM = "multipart/form-data"
# The token of a session's forms; it is no part of what a form says.
FORM_FIELD = "csrf_token"

# How the file is described in the OpenAPI document.
PHOTO_PART = {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP."}

_MOST_FIELDS = 16
# 300 characters of Chinese, and the few words around them.
_MOST_WORDS = 1_500


class Upload(NamedTuple):
    """A form as it was sent: its file `photo` (None without one), and the words beside it."""

    raw: bytes | None
    words: dict[str, str]


async def sent_form(request: Request) -> Upload:
    """Return the form of a request whose body is of the type :data:`FORM`."""
    known: Upload | None = getattr(request.state, "upload", None)
    if known is not None:
        return known
    try:
        async with request.form(
            max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MOST_WORDS
        ) as form:
            found = await _read(form)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise HTTPException(422, f"The form cannot be read: {error.detail}") from error
    request.state.upload = found
    return found


async def _read(form: FormData) -> Upload:
    words = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    file = form.get("photo")
    # A browser sends a file without a name where none was chosen.
    raw = await file.read() if isinstance(file, UploadFile) and file.filename else None
    strays = [n for n, v in form.multi_items() if isinstance(v, UploadFile) and n != "photo"]
    if strays:
        words |= dict.fromkeys(strays, "")
    return Upload(raw, words)


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
