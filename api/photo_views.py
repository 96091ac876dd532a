"""Photos of places as answers and pages have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.district_models import PlacePhotoOut
from api.rendering import documented, site_times
from gridmap.maps.photos import photo_address
from gridmap.workspace import Workspace

__all__ = ["photo_shown", "photos_shown", "pictures"]


def photo_shown(record: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """Return what an actor sees of a photo, with its address and local times."""
    times: dict[str, datetime] = site_times(record, workspace.zone)
    href = photo_address(record["place"], record["sha256"])
    return documented({**times, "href": href}, PlacePhotoOut)


def pictures(record: Mapping[str, Any], lang: str, alt: str) -> list[dict[str, Any]]:
    """Return the photos of a place as pages show them, in a language; `alt` where none is told."""
    return [
        {
            **one,
            "href": photo_address(record["code"], one["sha256"]),
            "caption": _said(one, "caption", lang),
            "alt": _said(one, "alt", lang) or _said(one, "caption", lang) or alt,
            "from": " · ".join(part for part in (one["credit"], one["licence"]) if part),
        }
        for one in record["photos"]
    ]


def _said(one: Mapping[str, Any], name: str, lang: str) -> str:
    """Return what is told in a language, in Chinese where there is no other."""
    other = str(one[f"{name}_en"])
    return other if lang == "en" and other else str(one[name])


def photos_shown(
    records: Sequence[Mapping[str, Any]], workspace: Workspace
) -> list[dict[str, Any]]:
    """Return what an actor sees of some photos."""
    return [photo_shown(one, workspace) for one in records]
