"""Photos of places in the store: added, worded, put in order, and gone with their place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gridmap.errors import Conflict, NotFound
from gridmap.places.photos import PhotoWords, PlacePhoto
from gridmap.store.opened import OpenedStore
from gridmap.store.photo_store import overwrite_deleted
from gridmap.store.records import lock_records
from gridmap.store.schema_district import places
from gridmap.store.schema_place_photos import place_photos

__all__ = ["PlacePhotoStore", "drop_orphans", "set_place_photos"]

_SHOWN = ("place", "rank", "sha256", "caption", "caption_en", "alt", "alt_en", "credit", "licence",
          "shown_to", "width", "height", "size", "added_at", "added_by")  # fmt: skip
_table = place_photos.c
# SQLite refuses a statement with more than 32,766 values.
_AT_ONCE = 5_000


class PlacePhotoStore(OpenedStore):
    """Pictures of places. Each lies in one row with what is told of it."""

    def add_place_photo(
        self, place: str, photo: PlacePhoto, *, by: str, most: int
    ) -> tuple[dict[str, Any], bool]:
        """Keep a photo behind those that a place has; False when it had it already.

        Raises
        ------
        NotFound
            When there is no such place.
        Conflict
            When it has `most` photos.
        """
        with self._database.write() as connection:
            _lock(connection, place)
            own = _read(connection, _table.place == place)
            known = [one for one in own if one["sha256"] == photo.photo.sha256]
            if known:
                return known[0], False
            if len(own) >= most:
                raise Conflict(
                    "The place has as many photos as it may have.",
                    got=len(own),
                    allowed=f"at most {most}",
                    repair="Remove one of them first.",
                )
            rank = max((one["rank"] for one in own), default=0) + 1
            row = _row(place, rank, photo, by, self._database.clock())
            connection.execute(insert(place_photos).values(row))
            self._changed(connection)
            return _one(connection, place, photo.photo.sha256), True

    def place_photos(self) -> list[dict[str, Any]]:
        """Return what is told of all photos, place by place in their order."""
        with self._database.read() as connection:
            return _read(connection)

    def place_photo(self, place: str, sha256: str, *, thumb: bool = False) -> bytes:
        """Return a picture of a place, or raise `NotFound`."""
        column = _table.thumb if thumb else _table.data
        query = select(column).where(_table.place == place, _table.sha256 == sha256)
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise _missing(place, sha256)
        return bytes(found)

    def place_thumbs(self, wanted: Collection[tuple[str, str]]) -> dict[str, bytes]:
        """Return the small pictures of some photos (place, sha256), by place."""
        known, found = set(wanted), {}
        hashes = sorted({sha256 for _, sha256 in known})
        with self._database.read() as connection:
            for start in range(0, len(hashes), _AT_ONCE):
                some = _table.sha256.in_(hashes[start : start + _AT_ONCE])
                query = select(_table.place, _table.sha256, _table.thumb).where(some)
                for row in connection.execute(query):
                    if (row.place, row.sha256) in known:
                        found[row.place] = bytes(row.thumb)
        return found

    def word_place_photo(
        self, place: str, sha256: str, words: PhotoWords, *, first: bool = False
    ) -> dict[str, Any]:
        """Change what is told of a photo, and put it before the others if it is to be `first`."""
        with self._database.write() as connection:
            _lock(connection, place)
            known = _one(connection, place, sha256)
            values: dict[str, Any] = asdict(words)
            if first:
                least = min(one["rank"] for one in _read(connection, _table.place == place))
                values["rank"] = known["rank"] if known["rank"] == least else least - 1
            this = _table.place == place, _table.sha256 == sha256
            connection.execute(update(place_photos).where(*this).values(values))
            self._changed(connection)
            return _one(connection, place, sha256)

    def drop_place_photo(self, place: str, sha256: str) -> None:
        """Remove a photo for good, or raise `NotFound`."""
        with self._database.write() as connection:
            _one(connection, place, sha256)
            overwrite_deleted(connection)
            this = _table.place == place, _table.sha256 == sha256
            connection.execute(delete(place_photos).where(*this))
            self._changed(connection)


def set_place_photos(
    connection: Connection, photos: Mapping[str, Sequence[PlacePhoto]], *, by: str, now: datetime
) -> None:
    """Let places have these photos and no others, in this order.

    A photo that a place has already keeps who added it and when.
    """
    overwrite_deleted(connection)
    for place, wanted in photos.items():
        kept = {one.photo.sha256: one for one in wanted}
        own = {one["sha256"] for one in _read(connection, _table.place == place)}
        gone = [_table.place == place, _table.sha256.in_(sorted(own - set(kept)))]
        connection.execute(delete(place_photos).where(*gone))
        for rank, (sha256, one) in enumerate(kept.items(), start=1):
            if sha256 in own:
                this = _table.place == place, _table.sha256 == sha256
                values = {**asdict(one.words), "rank": rank}
                connection.execute(update(place_photos).where(*this).values(values))
            else:
                connection.execute(insert(place_photos).values(_row(place, rank, one, by, now)))


def drop_orphans(connection: Connection) -> None:
    """Remove the photos of places that are there no more."""
    overwrite_deleted(connection)
    connection.execute(delete(place_photos).where(_table.place.not_in(select(places.c.code))))


def _lock(connection: Connection, place: str) -> None:
    """Hold the place, or raise `NotFound`."""
    # Who edits it writes it anew: the row that is there now would be gone when they are done.
    lock_records(connection, "places")
    query = select(places.c.code).where(places.c.code == place).with_for_update()
    if connection.execute(query).one_or_none() is None:
        raise NotFound("There is no such place.", got=place, repair="See /api/places.")


def _row(place: str, rank: int, one: PlacePhoto, by: str, now: datetime) -> dict[str, Any]:
    photo = one.photo
    return {
        "place": place,
        "rank": rank,
        "sha256": photo.sha256,
        **asdict(one.words),
        "width": photo.width,
        "height": photo.height,
        "size": len(photo.data),
        "added_at": now,
        "added_by": by,
        "data": photo.data,
        "thumb": photo.thumb,
    }


def _read(connection: Connection, *where: Any) -> list[dict[str, Any]]:
    columns = [_table[name] for name in _SHOWN]
    order = _table.place, _table.rank, _table.id
    query = select(*columns).where(*where).order_by(*order)
    return [
        {str(name): value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]


def _one(connection: Connection, place: str, sha256: str) -> dict[str, Any]:
    found = _read(connection, _table.place == place, _table.sha256 == sha256)
    if not found:
        raise _missing(place, sha256)
    return found[0]


def _missing(place: str, sha256: str) -> NotFound:
    return NotFound("The place has no such photo.", got=f"{place} {sha256[:12]}")
