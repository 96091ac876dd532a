"""Photos sent by a form of a page: several at a time, each kept or refused in words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.bodies import MOST_BODY_BYTES
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.uploads import form_parts
from gridmap.cases.photos import PhotoKind
from gridmap.errors import BadValue, GridmapError
from gridmap.i18n import translate
from gridmap.settings import Settings

__all__ = ["SentPhotos", "count_of", "gallery", "keep_photos", "photo_limits", "sent_photos"]

log = logging.getLogger("gridmap.api")

_MOST_NAME = 80


@dataclass(frozen=True, slots=True)
class SentPhotos:
    """What a form of photos held.

    Attributes
    ----------
    kind : str
        What they show; as it was sent.
    files : list of (name, bytes)
    """

    kind: str
    files: list[tuple[str, bytes]]


async def sent_photos(request: Request) -> SentPhotos:
    """Return the photos of a form. A form without any sends one file that has no name."""
    parts = await form_parts(request)
    files = [(one.name[:_MOST_NAME], one.data) for one in parts.files if one.field == "photo"]
    return SentPhotos(parts.text("kind") or PhotoKind.REPORT.value, files)


def keep_photos(
    sent: SentPhotos, add: Callable[[bytes], Any], lang: str
) -> tuple[int, list[dict[str, Any]], int]:
    """Keep each photo that can be kept.

    Returns
    -------
    int
        How many were kept.
    list of dict
        A refusal for each of the others; see :func:`api.error_words.plain_refusal`.
    int
        The status of the answer: that of the first refusal.
    """
    refused: list[tuple[str, GridmapError]] = []
    kept = 0
    for name, raw in sent.files:
        try:
            add(raw)
            kept += 1
        except GridmapError as error:
            # Whatever it is: the others may be kept, and what the form said beside them is.
            if kind_of(error).status >= 500:
                log.error("a photo could not be kept: %s", error, exc_info=error)
            refused.append((name, error))
    if not sent.files:
        refused.append(("", BadValue("No photo was chosen.", repair="Choose one or more.")))
    said = [plain_refusal(error, lang, name or heading_of(error, lang)) for name, error in refused]
    return kept, said, kind_of(refused[0][1]).status if refused else 303


def count_of(text: str) -> int:
    """Return how many photos an address says were kept; 0 for none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def photo_limits(settings: Settings, lang: str) -> str:
    """Return what is taken, in a sentence."""
    return translate(
        "page.photo.limits",
        lang,
        mb=settings.photo_mb,
        pixels=settings.photo_megapixels,
        total=MOST_BODY_BYTES // (1024 * 1024),
    )


def gallery(
    photos: Sequence[Mapping[str, Any]], where: Callable[[int, str], str], lang: str
) -> list[dict[str, Any]]:
    """Return photos as pages show them: addresses of picture and thumbnail, and what it is."""
    return [
        {
            "full": where(one["id"], ""),
            "thumb": where(one["id"], "?size=thumb"),
            "kind": translate(f"page.photo.kind.{one['kind']}", lang),
            "at": one["added_at"],
            "by": one["added_by"],
            "width": one["width"],
            "height": one["height"],
        }
        for one in photos
    ]
