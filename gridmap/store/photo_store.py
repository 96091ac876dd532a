"""Photos in the store."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from gridmap.cases.photos import PhotoKind
from gridmap.errors import Conflict, NotFound
from gridmap.pictures import Photo
from gridmap.store.opened import OpenedStore
from gridmap.store.schema import reports
from gridmap.store.schema_photos import photos

__all__ = ["PhotoStore", "count_photos", "drop_photos", "overwrite_deleted"]

_SHOWN = ("id", "report_id", "kind", "sha256", "width", "height", "size", "added_at", "added_by")


class PhotoStore(OpenedStore):
    """Pictures of reports and of work done."""

    def photo_sent(
        self,
        report: int,
        kind: PhotoKind,
        sent_sha256: str,
        *,
        most: int,
        of: Collection[str] | None = None,
    ) -> dict[str, Any] | None:
        """Return what is told of a photo that was sent before; None where one may be added.

        Asked before a picture is decoded, which costs far more than this. Where `of` names who
        adds photos, theirs alone are counted.

        Raises
        ------
        NotFound, Conflict
            As :meth:`add_photo` would.
        """
        with self._database.read() as connection:
            known = photos.c.report_id == report, photos.c.sent_sha256 == sent_sha256
            if found := _read(connection, *known):
                return found[0]
            _require_room(connection, report, kind, most, of)
        return None

    def add_photo(
        self,
        report: int,
        kind: PhotoKind,
        photo: Photo,
        sent_sha256: str,
        *,
        by: str,
        most: int,
        of: Collection[str] | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Keep a photo; return what is told of it, and False when the report had it already.

        Raises
        ------
        NotFound
            When there is no such report.
        Conflict
            When it is closed, or has `most` photos of the kind; where `of` names who adds
            photos, of theirs.
        """
        with self._database.write() as connection:
            known = photos.c.report_id == report, photos.c.sha256 == photo.sha256
            locked = select(reports.c.id).where(reports.c.id == report).with_for_update()
            connection.execute(locked)
            if found := _read(connection, *known):
                return found[0], False
            _require_room(connection, report, kind, most, of)
            values = {
                "report_id": report,
                "kind": kind.value,
                "sha256": photo.sha256,
                "width": photo.width,
                "height": photo.height,
                "size": len(photo.data),
                "added_at": self._database.clock(),
                "added_by": by,
                "data": photo.data,
                "thumb": photo.thumb,
                "sent_sha256": sent_sha256,
            }
            connection.execute(insert(photos).values(values))
            return _read(connection, *known)[0], True

    def photos(self, report: int) -> list[dict[str, Any]]:
        """Return what is told of a report's photos, in the order in which they came."""
        with self._database.read() as connection:
            return _read(connection, photos.c.report_id == report)

    def photo(self, report: int, key: int, *, thumb: bool = False) -> bytes:
        """Return a picture of a report, or raise `NotFound`."""
        column = photos.c.thumb if thumb else photos.c.data
        query = select(column).where(photos.c.report_id == report, photos.c.id == key)
        with self._database.read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise NotFound("The report has no such photo.", got=key)
        return bytes(found)

    def count_photos(self, numbers: Collection[int]) -> int:
        """Return how many photos some reports have."""
        with self._database.read() as connection:
            return count_photos(connection, numbers)


def _require_room(
    connection: Connection, report: int, kind: PhotoKind, most: int, of: Collection[str] | None
) -> None:
    """Raise unless a photo of a kind may be added to a report, by some or by anybody."""
    asked = select(reports.c.closed_at).where(reports.c.id == report)
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFound("There is no such report.", got=report)
    own = [photos.c.report_id == report, photos.c.kind == kind.value]
    if of is not None:
        own.append(photos.c.added_by.in_(sorted(of)))
    count = connection.execute(select(func.count()).select_from(photos).where(*own)).scalar_one()
    if row.closed_at is not None or count >= most:
        raise Conflict(
            "No photo is added to this report any more.",
            got="it is closed" if row.closed_at is not None else f"{most} of this kind",
            allowed=f"at most {most} of a kind, while it is open",
            repair="Send a new report that names this one.",
        )


def _read(connection: Connection, *where: Any) -> list[dict[str, Any]]:
    query = select(*(photos.c[name] for name in _SHOWN)).where(*where).order_by(photos.c.id)
    return [
        {str(name): value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]


def count_photos(connection: Connection, numbers: Collection[int]) -> int:
    """Return how many photos some reports have."""
    query = select(func.count()).select_from(photos).where(photos.c.report_id.in_(list(numbers)))
    return int(connection.execute(query).scalar_one())


def drop_photos(connection: Connection, numbers: Collection[int]) -> None:
    """Remove the photos of some reports for good."""
    overwrite_deleted(connection)
    connection.execute(delete(photos).where(photos.c.report_id.in_(list(numbers))))


def overwrite_deleted(connection: Connection) -> None:
    """Let nothing be left of what is deleted in a GeoPackage from now on."""
    if connection.dialect.name == "sqlite":
        # Or the octets would lie in the file until something else is written over them.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
