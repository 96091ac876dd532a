"""Places out as a table that an import reads again, with their photos beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gridmap.access import Actor
from gridmap.workspace.facts import Facts

__all__ = ["PlaceExporting", "PlacesExport"]


@dataclass(frozen=True)
class PlacesExport:
    """What an export of places wrote."""

    path: Path
    rows: int
    photos: int


class PlaceExporting(Facts):
    """Places as a file for other programs, cut down to what the actor may see."""

    def export_places(self, output: str | Path, *, actor: Actor | None = None) -> PlacesExport:
        """Write all places as CSV or .xlsx, their photos into a folder ``NAME-photos`` beside it.

        Marks that would part a cell of the table stand in percent in the folder's name.

        An import of the file changes nothing: columns are named as it reads them, and photos
        are taken as they are.

        Raises
        ------
        BadValue
            For another format, or a folder that is not there.
        """
        from gridmap.bulk.place_table import check_place_table, write_file, write_place_table
        from gridmap.places.photo_files import cell_name
        from gridmap.places.table import TITLES, place_cells

        who = actor or self.actor
        path = self.foreign(Path(output))
        check_place_table(path)
        folder = path.with_name(f"{cell_name(path.stem)}-photos")
        seen, rows, pictures = self.photos_seen(who), [], 0
        for place in self.records("places", actor=who):
            photos = seen.get(place["code"], [])
            files = _files(place["code"], photos)
            if files:
                folder.mkdir(exist_ok=True)
            for photo, name in zip(photos, files, strict=True):
                data = self.store.place_photo(place["code"], photo["sha256"])
                write_file(folder / name, data)
            pictures += len(files)
            named = [f"{folder.name}/{name}" for name in files]
            rows.append(place_cells(place, photos, named))
        # Last: a table never names a photo that is not there yet.
        write_place_table(path, TITLES, rows)
        return PlacesExport(path, len(rows), pictures)


def _files(code: str, photos: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the photos of a place are called: by its code, without what parts names."""
    stem = quote(code, safe="")
    return [f"{stem}-{n}.jpg" for n, _ in enumerate(photos, start=1)]
