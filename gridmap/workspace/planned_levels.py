"""Levels of a plan or a draft as what the store takes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridmap.coverage.importing.incoming import Incoming
from gridmap.coverage.model import STORED_CRS
from gridmap.coverage.notes import ImportReport

if TYPE_CHECKING:
    from gridmap.planning.drafted import DraftedLevel

__all__ = ["planned_import"]


def planned_import(level: DraftedLevel, source: str, digest: str) -> Incoming:
    """Return a level of planned areas as an import.

    Parameters
    ----------
    source : str
        What it is recorded to come from.
    digest : str
        SHA-256 of the plan, kept with the import.
    """
    report = ImportReport(
        rows=len(level.areas),
        areas=len(level.areas),
        coord_sys=STORED_CRS,
        kept_columns=tuple(sorted({name for held in level.attributes for name in held})),
        dropped_columns=(),
        provisional=(),
        messages=(),
    )
    return Incoming(
        level=level.level,
        areas=level.areas,
        geometry=level.geometry,
        attributes=[dict(held) for held in level.attributes],
        coord_sys=STORED_CRS,
        source=source,
        source_layer=level.level,
        source_sha256=digest,
        encoding=None,
        report=report,
    )
