"""Saved indexes of editions: built once, mapped into memory by every process that answers.

Two files an edition: over its atoms, and over the derived shapes of the areas above them, whose
borders margins are measured to.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from gridmap.coverage.model import Coverage
from gridmap.errors import StoreUnusable, UnreadableFile
from gridmap.locate.engines import default_engine, has_compiled
from gridmap.locate.locator import Locator, atom_order, index_above
from gridmap.locate.model import TileEngine

if TYPE_CHECKING:
    from gridmap.locate.tiles.index import TileIndex

__all__ = ["IndexShelf"]

log = logging.getLogger("gridmap.locate")

_ENDING = ".tiles"
# Of the index over the areas above the atoms; also follows the fingerprint inside the file.
_ABOVE = ".above"

# A file that another process saves before it publishes is not yet any edition's.
_NEW_S = 3600.0


class IndexShelf:
    """A folder of indexes, each named by the fingerprint of the areas it was made from.

    A file is only ever a copy of what the store holds: one that is missing, damaged, or of
    another version is made anew, and a folder that cannot be written costs time at every
    start and nothing else. Without the compiled engine nothing is saved.

    Parameters
    ----------
    folder : Path
        Of one store alone; made when the first index is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._complained = False

    def path(self, fingerprint: str, ending: str = _ENDING) -> Path:
        """Return where the index of a coverage with this fingerprint is, or would be."""
        return self.folder / f"{fingerprint}{ending}"

    def locator(self, coverage: Coverage, fingerprint: str) -> tuple[Locator, bool]:
        """Return the coverage's locator, and whether an index was saved for it just now.

        Parameters
        ----------
        fingerprint : str
            What `coverage.fingerprint()` gives.
        """
        if not has_compiled():
            return Locator(coverage), False
        index, saved = self._had(coverage, fingerprint)
        above, also = self._had(coverage, fingerprint, above=True)
        return Locator(coverage, index=index, above=above), saved or also

    def put(self, coverage: Coverage, fingerprint: str) -> bool:
        """Save the indexes of a coverage unless good ones are there; True when one was saved."""
        if not has_compiled():
            return False
        saved = [self._had(coverage, fingerprint, above=above)[1] for above in (False, True)]
        return any(saved)

    def sweep(self, keep: Collection[str]) -> int:
        """Remove files of no fingerprint in `keep`, an hour old at least; return how many."""
        wanted = {self.path(one, ending).name for one in keep for ending in (_ENDING, _ABOVE)}
        gone = 0
        try:
            # What a killed process left half written is hidden and ends in .part.
            for path in self.folder.iterdir():
                ours = path.suffix in (_ENDING, _ABOVE) or (
                    path.name[:1] == "." and path.suffix == ".part"
                )
                if ours and path.name not in wanted and _age(path) > _NEW_S:
                    path.unlink(missing_ok=True)
                    gone += 1
        except OSError as error:
            self._complain(f"{self.folder}: {error.strerror or error}")
        return gone

    # -- inside ---------------------------------------------------------------------

    def _had(
        self, coverage: Coverage, fingerprint: str, *, above: bool = False
    ) -> tuple[TileEngine, bool]:
        """Return an index of a coverage, of its atoms or of what is above, saved if it was not."""
        path = self.path(fingerprint, _ABOVE if above else _ENDING)
        made_from = fingerprint + _ABOVE if above else fingerprint
        found = self._opened(path, made_from)
        expected = len(coverage) - len(coverage.atoms) if above else len(coverage.atoms)
        if found is not None and len(found) == expected:
            return found, False
        made = (
            index_above(coverage)
            if above
            else default_engine(coverage.geometry[atom_order(coverage)])
        )
        return made, self._saved(made, path, made_from)

    def _opened(self, path: Path, made_from: str) -> TileIndex | None:
        from gridmap.locate.tiles.index import TileIndex

        try:
            return TileIndex.open(path, made_from)
        except UnreadableFile as error:
            if path.exists():
                log.warning("a saved index is made anew: %s", error)
            return None

    def _saved(self, index: TileEngine, path: Path, made_from: str) -> bool:
        from gridmap.locate.tiles.index import TileIndex

        if not isinstance(index, TileIndex):
            return False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            index.save(path, made_from)
        except OSError as error:
            self._complain(f"{self.folder}: {error.strerror or error}")
        except StoreUnusable as error:
            self._complain(str(error.got))
        else:
            return True
        return False

    def _complain(self, why: str) -> None:
        if not self._complained:
            self._complained = True
            log.warning(
                "indexes are not saved, so every start builds them (%s); GRIDMAP_CACHE may name "
                "a folder that can be written",
                why,
            )


def _age(path: Path) -> float:
    """Seconds since a file was written; 0 when it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
