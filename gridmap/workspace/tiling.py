"""Vector tiles of published editions."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridmap.access import Actor, require, visible_fields
from gridmap.coverage.editions import Edition, EditionState
from gridmap.errors import NotFound
from gridmap.workspace.base import Base

if TYPE_CHECKING:
    from gridmap.vector_tiles.tileset import TileSet

__all__ = ["Tile", "Tiling"]

# Levels of editions whose tiles are at hand at a time.
_MOST_SETS = 16


@dataclass(frozen=True)
class Tile:
    """A tile to be made when it is wanted.

    Attributes
    ----------
    tag : str
        The same for the same bytes, on every machine.
    """

    tag: str
    _set: TileSet
    _place: tuple[int, int, int]
    _fields: tuple[str, ...]

    def content(self) -> bytes:
        """Return its bytes; empty where there is no area."""
        return self._set.tile(*self._place, self._fields)


class Tiling(Base):
    """Areas of published editions as vector tiles, with what the actor may see."""

    _tile_sets: OrderedDict[tuple[str, str], tuple[Any, TileSet]] | None = None

    def tile(
        self, edition: str, level: str, z: int, x: int, y: int, *, actor: Actor | None = None
    ) -> Tile:
        """Return a tile of a level.

        Raises
        ------
        NotFound
            When the actor sees no such published edition, or it has no areas of the level.
        UnknownLevel
        BadValue
            When there is no such tile.
        """
        from gridmap.vector_tiles.grid import check_tile
        from gridmap.vector_tiles.tileset import FIELDS

        check_tile(z, x, y)
        who = actor or self.actor
        found = self._tiles_of(edition, level, who)
        fields = tuple(visible_fields(who, "areas", FIELDS))
        tag = f"{found.tag}-{z}-{x}-{y}" + ("" if fields == FIELDS else "-" + "-".join(fields))
        return Tile(tag, found, (z, x, y), fields)

    def tile_bounds(
        self, edition: str, level: str, *, actor: Actor | None = None
    ) -> tuple[float, float, float, float]:
        """Return west, south, east, north of a level (degrees); raises as :meth:`tile`."""
        return self._tiles_of(edition, level, actor or self.actor).bounds

    def tile_least_zoom(self, edition: str, level: str, *, actor: Actor | None = None) -> int:
        """Return the coarsest zoom at which a level has tiles; raises as :meth:`tile`."""
        return self._tiles_of(edition, level, actor or self.actor).least_zoom

    def _tiles_of(self, edition: str, level: str, who: Actor) -> TileSet:
        from gridmap.vector_tiles.tileset import TileSet

        require(who, "areas")
        one = self._published(edition, who)
        coverage = self.atlas_of(one.family).named(edition).coverage
        coverage.levels.rank(level)
        with self._lock:
            if self._tile_sets is None:
                self._tile_sets = OrderedDict()
            held = self._tile_sets.get((edition, level))
            if held is not None:
                self._tile_sets.move_to_end((edition, level))
        if held is not None and held[0] is coverage:
            return held[1]
        made = TileSet(coverage, level, self._tile_folder(one))
        with self._lock:
            self._tile_sets[edition, level] = (coverage, made)
            while len(self._tile_sets) > _MOST_SETS:
                self._tile_sets.popitem(last=False)
        return made

    def _published(self, name: str, who: Actor) -> Edition:
        seen = {family.name for family in self.families_seen(who)}
        shown = [
            one
            for one in self._editions
            if one.family in seen and one.state is EditionState.PUBLISHED
        ]
        found = next((one for one in shown if one.name == name), None)
        if found is None:
            raise NotFound(
                "There is no such published edition.",
                got=name,
                allowed=[one.name for one in shown] or "none yet",
                repair="See `gridmap editions`.",
            )
        return found

    def _tile_folder(self, edition: Edition) -> Path | None:
        """Return where simplified borders of an edition are kept; those of others go."""
        if edition.content_hash is None:
            return None
        folder = self._shelf.folder / "vector-tiles"
        known = {one.content_hash for one in self._editions}
        if folder.is_dir():
            for path in folder.iterdir():
                if path.name not in known:
                    shutil.rmtree(path, ignore_errors=True)
        return folder / edition.content_hash
