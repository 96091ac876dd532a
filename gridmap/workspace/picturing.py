"""Photos of places added, worded and removed by those who keep places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridmap.access import Actor
from gridmap.errors import NotFound
from gridmap.places.photos import MOST_PHOTOS, PhotoWords, PlacePhoto, worded
from gridmap.workspace.tending import Tending

__all__ = ["Picturing"]

_WORDS = tuple(PhotoWords.__dataclass_fields__)


class Picturing(Tending):
    """Pictures of places."""

    def add_place_photo(
        self,
        code: str,
        raw: bytes,
        words: Mapping[str, str] | None = None,
        *,
        actor: Actor | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Keep a photo of a place; return what is told of it, False when it was there already.

        Parameters
        ----------
        raw : bytes
            JPEG, PNG or WebP; at most 1,280 pixels a side are kept, and nothing but pixels.
        words : mapping, optional
            Fields of :class:`~gridmap.places.photos.PhotoWords`.

        Raises
        ------
        NotAllowed
            When the actor may not edit places where it stands.
        NotFound, Conflict
            No such place; it has as many photos as it may have.
        BadValue
            When it is too large, no photo, or worded as it cannot be.
        """
        who, _ = self._place_keeper(code, actor)
        said = worded(words or {})
        photo = PlacePhoto(self.cleaned_photo(raw), said)
        made, new = self.store.add_place_photo(code, photo, by=who.name, most=MOST_PHOTOS)
        self._expire()
        return self._photo_told(code, made["sha256"], who), new

    def word_place_photo(
        self,
        code: str,
        sha256: str,
        changes: Mapping[str, str],
        *,
        first: bool = False,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Change what is told of a photo, and put it before the others if it is to be `first`.

        Raises
        ------
        NotAllowed, NotFound, BadValue
        """
        who, _ = self._place_keeper(code, actor)
        known = self._photo_told(code, sha256, who)
        before = PhotoWords(**{name: known[name] for name in _WORDS})
        self.store.word_place_photo(code, sha256, worded(changes, before), first=first)
        self._expire()
        return self._photo_told(code, sha256, who)

    def drop_place_photo(self, code: str, sha256: str, *, actor: Actor | None = None) -> None:
        """Remove a photo of a place for good.

        Raises
        ------
        NotAllowed, NotFound
        """
        self._place_keeper(code, actor)
        self.store.drop_place_photo(code, sha256)
        self._expire()

    # -- inside ---------------------------------------------------------------------

    def _photo_told(self, code: str, sha256: str, who: Actor) -> dict[str, Any]:
        for one in self.photos_seen(who).get(code, []):
            if one["sha256"] == sha256:
                return one
        raise NotFound("The place has no such photo.", got=sha256[:12])
