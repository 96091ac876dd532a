"""Photos of places: what is told of them, beside the pixels."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from gridmap.access import Visibility
from gridmap.errors import BadValue
from gridmap.personal import refuse_identity_numbers
from gridmap.pictures import Photo

__all__ = ["MOST_PHOTOS", "MOST_WORDS", "PHOTO_SIDE", "PhotoWords", "PlacePhoto", "worded"]

# A place is shown by one or a few photos, on a telephone over a slow connection.
MOST_PHOTOS = 6
PHOTO_SIDE = 1_280

# Characters that each of the words may have.
MOST_WORDS = {
    "caption": 200,
    "caption_en": 200,
    "alt": 300,
    "alt_en": 300,
    "credit": 100,
    "licence": 100,
}
_SHOWN_TO = (Visibility.PUBLIC.value, Visibility.STAFF.value)


@dataclass(frozen=True, slots=True)
class PhotoWords:
    """What is told of a photo of a place.

    Attributes
    ----------
    caption, caption_en : str
        What stands under it.
    alt, alt_en : str
        What it shows, for who cannot see it.
    credit, licence : str
        Who took it, and on what terms it is used.
    shown_to : str
        ``public`` or ``staff``.
    """

    caption: str = ""
    caption_en: str = ""
    alt: str = ""
    alt_en: str = ""
    credit: str = ""
    licence: str = ""
    shown_to: str = Visibility.PUBLIC.value


@dataclass(frozen=True, slots=True)
class PlacePhoto:
    """A photo of a place, as it is kept."""

    photo: Photo
    words: PhotoWords


def worded(changes: Mapping[str, Any], before: PhotoWords | None = None) -> PhotoWords:
    """Return words with some changed, each checked.

    Raises
    ------
    BadValue
        For a field that there is not, a text that is too long, or one that holds an identity
        number or characters that cannot be shown.
    """
    names = [one.name for one in fields(PhotoWords)]
    unknown = sorted(set(changes) - set(names))
    if unknown:
        raise BadValue("A photo has no such field.", got=unknown, allowed=names)
    return replace(before or PhotoWords(), **{k: _checked(k, v) for k, v in changes.items()})


def _checked(name: str, value: str) -> str:
    text = " ".join(str(value).split())
    if name == "shown_to":
        if text not in _SHOWN_TO:
            raise BadValue("A photo is not shown to these.", got=text[:40], allowed=_SHOWN_TO)
        return text
    if len(text) > MOST_WORDS[name]:
        raise BadValue(
            f"'{name}' is too long.", got=f"{len(text)} characters", allowed=MOST_WORDS[name]
        )
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in text):
        raise BadValue(f"'{name}' holds characters that cannot be shown.")
    return refuse_identity_numbers(name, text)
