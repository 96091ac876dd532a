"""Photos in the cards of places: by address where there is a server, else inside the document."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gridmap.maps.district import MAX_BYTES
from gridmap.maps.document import GridMap
from gridmap.maps.island import script_json
from gridmap.maps.records import add_photos
from gridmap.pictures import MEDIA_TYPE, shrunk

__all__ = ["CardPhoto", "PlacePhotos", "by_address", "photo_address", "picture_data", "show_photos"]

# What a card has: address or content, what it shows in Chinese and English, where it is from.
CardPhoto = Mapping[str, str]

# Beside a document's borders there is room for about two hundred of these.
_SIDE = 160
_QUALITY = 70
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class PlacePhotos:
    """The first photo of each place, as an actor may see it.

    Attributes
    ----------
    leads : mapping of code to record
        What is told of each; layer ``place_photos``.
    thumbs : callable
        Returns the small pictures of some of them, by code.
    """

    leads: Mapping[str, Mapping[str, Any]]
    thumbs: Callable[[Mapping[str, Mapping[str, Any]]], Mapping[str, bytes]]


def photo_address(place: str, sha256: str) -> str:
    """Return the path of a place's picture on the server; another picture has another."""
    return f"/api/places/{quote(place, safe='')}/photos/{sha256}"


def picture_data(data: bytes) -> str:
    """Return a picture as an address that holds it."""
    return f"data:{MEDIA_TYPE};base64,{b64encode(data).decode('ascii')}"


def by_address(leads: Mapping[str, Mapping[str, Any]]) -> dict[str, CardPhoto]:
    """Return for each place its first photo, to be fetched when its card is opened."""
    return {
        code: _card(one, photo_address(code, one["sha256"]) + "?size=thumb")
        for code, one in leads.items()
    }


def show_photos(document: GridMap, data: dict[str, Any], photos: PlacePhotos | None) -> None:
    """Give the places in `data`, which is to be added to a document, their photos.

    In a document of its own they are shown when they take no more than 1 MB and all of it
    stays below :data:`~gridmap.maps.district.MAX_BYTES`: all of them or none, for a reader
    cannot tell a place without a photo from one whose photo was left out. Where they do not
    fit, ``photosLeft`` says how many there are.
    """
    if photos is None or not photos.leads:
        return
    there = {place.get("id", "") for place in data["places"]}
    leads = {code: one for code, one in photos.leads.items() if code in there}
    if document.mode == "served":
        add_photos(data["places"], by_address(leads))
        return
    room = MAX_BYTES - len(document.html().encode()) - len(script_json(data).encode())
    found = _embedded(leads, photos.thumbs(leads), min(_MOST_BYTES, room))
    if found is None:
        data["photosLeft"] = len(leads)
    else:
        add_photos(data["places"], found)


def _embedded(
    leads: Mapping[str, Mapping[str, Any]], thumbs: Mapping[str, bytes], most: int
) -> dict[str, CardPhoto] | None:
    """Return the photos as parts of the document, None when they take more than `most`."""
    found: dict[str, CardPhoto] = {}
    used = 0
    for code, thumb in thumbs.items():
        found[code] = _card(leads[code], picture_data(shrunk(thumb, _SIDE, quality=_QUALITY)))
        used += len(script_json({"photo": found[code]}).encode())
        if used > most:
            return None
    return found


def _card(one: Mapping[str, Any], source: str) -> CardPhoto:
    said = {
        "src": source,
        "zh": one["alt"] or one["caption"],
        "en": one["alt_en"] or one["caption_en"],
        "by": " · ".join(part for part in (one["credit"], one["licence"]) if part),
    }
    return {name: text for name, text in said.items() if text}
