"""Photos of places as each actor sees them; who may see a photo is asked here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gridmap.access import Actor, Role, visible_records
from gridmap.pictures import THUMB_SIDE, Photo, clean, shrunk
from gridmap.places.photo_files import PhotoFolder
from gridmap.places.photos import PHOTO_SIDE
from gridmap.workspace.place_tables import PlaceTables

__all__ = ["PlacePhotos"]


ByPlace = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class _Kept:
    """Photos as they were at one change of the store, and as those with some roles see them."""

    token: object
    by_place: ByPlace
    seen: dict[frozenset[Role], ByPlace] = field(default_factory=dict)


class PlacePhotos(PlaceTables):
    """What is told of photos is kept at hand; the pictures are read when they are asked for."""

    _photos_kept: _Kept | None = None

    def photos_seen(self, who: Actor) -> ByPlace:
        """Return by place what an actor may see of its photos, the first first.

        A place that the actor may not see is among them all the same: who asks for its photos
        has asked for the place before. The records are shared, and not to be changed.
        """
        held, roles = self._photos_held(), who.roles
        found = held.seen.get(roles)
        if found is None:
            every = {
                code: visible_records(who, "place_photos", rows)
                for code, rows in held.by_place.items()
            }
            found = held.seen[roles] = {code: seen for code, seen in every.items() if seen}
        return found

    def lead_photos(self, who: Actor) -> dict[str, dict[str, Any]]:
        """Return by place the first photo that an actor may see; see :meth:`photos_seen`."""
        return {code: seen[0] for code, seen in self.photos_seen(who).items()}

    def lead_thumbs(self, leads: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
        """Return by place the small picture of photos that :meth:`lead_photos` gave."""
        return self.store.place_thumbs([(code, one["sha256"]) for code, one in leads.items()])

    def cleaned_photo(self, raw: bytes) -> Photo:
        """Return what is kept of a photo of a place; see :func:`gridmap.pictures.clean`."""
        return clean(
            raw,
            most_bytes=self.settings.photo_mb * 1_000_000,
            most_pixels=self.settings.photo_megapixels * 1_000_000,
            side=PHOTO_SIDE,
        )

    def photo_folder(self, folder: Path) -> PhotoFolder:
        """Return what reads the photos that a table in a folder names."""
        held = {
            (place, one["sha256"]): (int(one["width"]), int(one["height"]))
            for place, rows in self._photos_held().by_place.items()
            for one in rows
        }

        def known(place: str, sha256: str, raw: bytes) -> Photo | None:
            size = held.get((place, sha256))
            return None if size is None else Photo(raw, shrunk(raw, THUMB_SIDE), *size, sha256)

        return PhotoFolder(
            folder,
            most_bytes=self.settings.photo_mb * 1_000_000,
            clean=self.cleaned_photo,
            known=known,
        )

    # -- inside ---------------------------------------------------------------------

    def _photos_held(self) -> _Kept:
        self._current()
        with self._lock:
            kept, token = self._photos_kept, self._token
        if kept is not None and kept.token == token:
            return kept
        found: ByPlace = {}
        for row in self.store.place_photos():
            record = {**row, "visibility": row["shown_to"]}
            found.setdefault(row["place"], []).append(record)
        made = _Kept(token, found)
        with self._lock:
            self._photos_kept = made
        return made
