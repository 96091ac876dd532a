"""Exports: editions as files for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from gridmap.access import Actor, visible_fields
from gridmap.bulk.export import check_system, export_target, in_system, write_export
from gridmap.bulk.export_formats import ExportFormat
from gridmap.bulk.export_table import COLUMNS, ExportLayer, export_layer
from gridmap.coverage.editions import EditionState
from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.workspace.base import Base

__all__ = ["ExportOutcome", "Exporting"]

_FIELDS = (*COLUMNS.values(), "attributes")


@dataclass(frozen=True)
class ExportOutcome:
    """What an export wrote: areas a level, in which system, and what got lost on the way."""

    path: Path
    format: ExportFormat
    coord_sys: str
    areas: dict[str, int]
    notes: tuple[str, ...]


class Exporting(Base):
    """Editions out, as the files that an import reads."""

    def export_edition(
        self,
        edition: str,
        output: str | Path,
        *,
        levels: Sequence[str] = (),
        format: str | None = None,
        coord_sys: str | None = None,
        actor: Actor | None = None,
    ) -> ExportOutcome:
        """Write levels of an edition to a file, in place of what was there.

        Parameters
        ----------
        edition : str
            Drafts and retired ones for staff only.
        output : str or Path
            Its ending tells the format; see :func:`gridmap.bulk.export.export_target`.
        levels : sequence of str
            All that have areas, when none is named.
        format : str, optional
            Of the files in a ``.zip``.
        coord_sys : str, optional
            wgs84 (as stored), cgcs2000 or ``EPSG:nnnn``.

        Raises
        ------
        NotFound
            No such edition, or a level has no areas in it.
        UnknownLevel, UnknownCoordSys, BadValue, StoreFull
        """
        who = actor or self.actor
        coverage = self._visible_coverage(edition, who)
        chosen = _chosen(coverage, levels)
        target = export_target(self.foreign(Path(output)), format, chosen)
        system = check_system(target.format, coord_sys)
        layers = [in_system(self._export_layer(coverage, name, who), system) for name in chosen]
        notes = [note for layer in layers for note in layer.notes]
        notes += write_export(target, layers)
        return ExportOutcome(
            target.path,
            target.format,
            system,
            {layer.level: len(layer.frame) for layer in layers},
            tuple(notes),
        )

    def export_level(
        self, edition: str, level: str, *, actor: Actor | None = None
    ) -> tuple[ExportLayer, str]:
        """Return one level as a table in EPSG:4326, and a fingerprint of all that is in it.

        Raises
        ------
        NotFound, UnknownLevel
            As :meth:`export_edition`.
        """
        who = actor or self.actor
        coverage = self._visible_coverage(edition, who)
        (name,) = _chosen(coverage, [level])
        layer = self._export_layer(coverage, name, who)
        return layer, _fingerprint(layer)

    def _export_layer(self, coverage: Coverage, level: str, who: Actor) -> ExportLayer:
        fields = visible_fields(who, "areas", _FIELDS)
        further = self.store.attributes(coverage.edition, level) if "attributes" in fields else None
        return export_layer(coverage, level, fields, further)

    def _visible_coverage(self, name: str, who: Actor) -> Coverage:
        seen = {family.name for family in self.families_seen(who)}
        shown = [
            e
            for e in self.store.editions()
            if e.family in seen and (e.state is EditionState.PUBLISHED or who.is_staff)
        ]
        found = next((e for e in shown if e.name == name), None)
        if found is None:
            raise NotFound(
                "There is no such edition.",
                got=name,
                allowed=[e.name for e in shown] or "none yet",
                repair="See `gridmap editions`.",
            )
        if found.state is EditionState.PUBLISHED:
            # Compiled already, or soon to be: its parents' shapes are made once.
            return self.atlas_of(found.family).named(name).coverage
        return self.store.coverage(name)


def _chosen(coverage: Coverage, levels: Sequence[str]) -> list[str]:
    filled = [name for name in coverage.levels.names if len(coverage.rows(name))]
    for name in levels:
        coverage.levels.rank(name)
        if name not in filled:
            raise NotFound(
                f"Edition '{coverage.edition}' has no areas of that level.",
                got=name,
                allowed=filled or "none: the edition is empty",
            )
    if not filled:
        raise NotFound(
            "The edition has no areas.", got=coverage.edition, repair="Import a layer first."
        )
    return [name for name in filled if not levels or name in levels]


def _fingerprint(layer: ExportLayer) -> str:
    digest = blake2b(layer.level.encode(), digest_size=12)
    for name in layer.frame.columns:
        digest.update(str(name).encode("utf-8", "surrogatepass") + b"\0")
        if name == layer.frame.geometry.name:
            for blob in shapely.to_wkb(np.asarray(layer.frame.geometry.array, dtype=object)):
                digest.update(blob or b"")
        else:
            texts = layer.frame[name].astype(str).to_numpy(object)
            digest.update(pd.util.hash_array(texts).tobytes())
    return digest.hexdigest()
