"""Families of grids beside the base grids: what they are, what they answer, what they cut."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from gridmap.access import Action, Actor, Visibility, redact
from gridmap.areas import Level, Levels
from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.coverage.cuts import NOISE, Cuts, find_cuts
from gridmap.coverage.editions import Edition
from gridmap.coverage.families import BASE, Family
from gridmap.errors import BadValue, NotFound
from gridmap.locate.model import Location, Locations, Points
from gridmap.workspace.locating import Locating

__all__ = ["CutOutcome", "Families"]

_CSV = (
    "family", "level", "code", "name", "base_level", "base_code", "base_name", "area_m2",
    "share_of_base", "share_of_area", "cut",
)  # fmt: skip


@dataclass(frozen=True)
class CutOutcome:
    """Where a family cuts base grids.

    Attributes
    ----------
    family, edition, base_edition : str
    areas, base_areas : int
        How many were laid over each other.
    cut : list of mapping
        The base grids that are cut, in code order: ``level``, ``code``, ``name``, and
        ``areas``, from code of the family to the part of the base grid in it.
    pairs : list of mapping
        The crosswalk: one record for each base grid and area that share ground, and one with
        an empty ``code`` for what of a base grid is in no area. ``share_of_base`` of one base
        grid add up to 1, when the family's areas do not overlap.
    """

    family: str
    edition: str
    base_edition: str
    areas: int
    base_areas: int
    cut: list[dict[str, Any]]
    pairs: list[dict[str, Any]]


class Families(Locating):
    """Professional coverages: editions of their own over the same ground."""

    def families(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the families of grids, the base grids first; staff's only to staff."""
        who = actor or self.actor
        found = []
        for family in self.families_seen(who):
            current = self.edition_at(family=family.name)
            record = {
                "name": family.name,
                "label": family.label,
                "label_en": family.label_en,
                "levels": list(family.levels.names),
                "in_force": current.name if current else None,
                "visibility": family.visibility.value,
            }
            found.append(redact(who, "families", record))
        return found

    def add_family(
        self,
        name: str,
        *,
        levels: Sequence[str],
        label: str = "",
        label_en: str = "",
        visibility: str = "public",
        actor: Actor | None = None,
    ) -> Family:
        """Add a family of grids with levels of its own, each ``NAME`` or ``NAME=LABEL``.

        Raises
        ------
        BadValue
            When a name cannot be used.
        Conflict
            When the family exists, or a level belongs to another one.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        try:
            seen_by = Visibility(visibility)
        except ValueError:
            raise BadValue(
                "There is no such visibility.", got=visibility, allowed="public, staff"
            ) from None
        # The only level of a family goes by the family's title.
        only = len(levels) == 1
        titles = (label, label_en) if only else ()
        made = Levels(Level.read(one, *titles) for one in levels)
        family = Family(name, label, label_en, made, seen_by)
        self.store.add_family(family, who)
        self._expire()
        return family

    def locate_families(
        self, points: Points, *, actor: Actor | None = None
    ) -> dict[str, Locations]:
        """Return, for every family beside the base grids, the areas that hold the points.

        By name of the family; with margins. Staff's families are left out for others.
        """
        who = actor or self.actor
        return {
            family.name: self.locate_many(points, family=family.name, margins=True, actor=who)
            for family in self.families_seen(who)
            if family.name != BASE
        }

    def locate_in_families(
        self,
        x: float,
        y: float,
        *,
        coord_sys: str = "wgs84",
        accuracy_m: float | None = None,
        at: str | datetime | None = None,
        actor: Actor | None = None,
    ) -> dict[str, Location]:
        """Return, for every family beside the base grids, the areas that hold one point."""
        points = Points(
            x=np.array([x]),
            y=np.array([y]),
            coord_sys=coord_sys,
            accuracy_m=None if accuracy_m is None else np.array([accuracy_m]),
            at=None if at is None else [self._moment(at)],
        )
        return {name: found[0] for name, found in self.locate_families(points, actor=actor).items()}

    def cuts(
        self,
        family: str,
        *,
        at: str | datetime | None = None,
        edition: str | None = None,
        level: str | None = None,
        noise: float = NOISE,
        actor: Actor | None = None,
    ) -> CutOutcome:
        """Return where the areas of a family cut base grids, with the crosswalk.

        Parameters
        ----------
        at : str or datetime, optional
            The moment whose editions are compared; now if not given.
        edition : str, optional
            An edition of the family, a draft too, in place of the one in force.
        level : str, optional
            Level of the base grids; the finest areas if not given.
        noise : float
            Part of a base grid below which it is not cut.

        Raises
        ------
        NotFound
            When the family, the edition or the level does not exist, or none is in force.
        """
        self._may(actor, Action.EDITION_CHECK)
        if not 0 <= noise < 0.5:
            raise BadValue("The noise is a part of a base grid.", got=noise, allowed="0 to 0.5")
        if family == BASE:
            raise BadValue(
                "The base grids do not cut themselves.",
                got=family,
                allowed=[one.name for one in self.families_seen() if one.name != BASE]
                or "no family yet",
            )
        base, theirs = self._compared(family, at, edition)
        found = find_cuts(
            self._stored_coverage(base), self._stored_coverage(theirs), level=level, noise=noise
        )
        return CutOutcome(
            family=family,
            edition=theirs.name,
            base_edition=base.name,
            areas=len(found.other.atoms),
            base_areas=len(found.base_rows),
            cut=_cut_records(found),
            pairs=_pair_records(found, family, noise),
        )

    def _compared(
        self, family: str, at: str | datetime | None, edition: str | None
    ) -> tuple[Edition, Edition]:
        """Return the edition of the base grids and that of the family."""
        self.atlas_of(family)
        base = self.edition_at(at)
        named = None if edition is None else self.store.edition(edition)
        theirs = named or self.edition_at(at, family=family)
        if theirs is None or base is None:
            raise NotFound(
                f"No edition of the {'base grids' if base is None else 'family'} is in force.",
                got=str(at or "now"),
                repair="Publish one: gridmap publish EDITION --from DATE --commit.",
            )
        if theirs.family != family:
            raise BadValue(
                f"This edition belongs to the family '{theirs.family}'.", got=theirs.name
            )
        return base, theirs

    def write_cuts(self, outcome: CutOutcome, output: str | Path) -> Path:
        """Write the crosswalk as CSV, whole or not at all; UTF-8 with a mark for Excel."""
        target = self.foreign(Path(output))
        with (
            PendingFile(target) as pending,
            disk_errors(target),
            pending.path.open("w", encoding="utf-8-sig", newline="") as stream,
        ):
            writer = csv.DictWriter(stream, _CSV, lineterminator="\n")
            writer.writeheader()
            writer.writerows(outcome.pairs)
            stream.flush()
            pending.commit()
        return target


def _cut_records(cuts: Cuts) -> list[dict[str, Any]]:
    shares: dict[int, dict[str, float]] = {int(row): {} for row in cuts.cut}
    for row, other, share in zip(cuts.base_row, cuts.other_row, cuts.share_of_base, strict=True):
        if int(row) in shares:
            shares[int(row)][str(cuts.other.code[other])] = round(float(share), 6)
    return [
        {
            "level": cuts.base.area(row).level,
            "code": cuts.base.area(row).code,
            "name": cuts.base.area(row).name,
            "areas": areas,
        }
        for row, areas in shares.items()
    ]


def _pair_records(cuts: Cuts, family: str, noise: float) -> list[dict[str, Any]]:
    cut = set(cuts.cut.tolist())
    pairs = [
        (int(row), int(other), float(share), float(back), float(area))
        for row, other, share, back, area in zip(
            cuts.base_row,
            cuts.other_row,
            cuts.share_of_base,
            cuts.share_of_other,
            cuts.area_m2,
            strict=True,
        )
    ]
    lacking = np.flatnonzero(cuts.uncovered > noise)
    pairs += [(int(cuts.base_rows[i]), -1, float(cuts.uncovered[i]), 0.0, 0.0) for i in lacking]
    return [
        _pair(cuts, family, pair, pair[0] in cut)
        for pair in sorted(pairs, key=lambda pair: (pair[0], pair[1] < 0, -pair[2]))
    ]


def _pair(
    cuts: Cuts, family: str, pair: tuple[int, int, float, float, float], cut: bool
) -> dict[str, Any]:
    row, other, share, back, area = pair
    base = cuts.base.area(row)
    mine = cuts.other.area(other) if other >= 0 else None
    return {
        "family": family,
        "level": mine.level if mine else "",
        "code": mine.code if mine else "",
        "name": mine.name if mine else "",
        "base_level": base.level,
        "base_code": base.code,
        "base_name": base.name,
        "area_m2": round(area, 3) if mine else None,
        "share_of_base": round(share, 6),
        "share_of_area": round(back, 6) if mine else None,
        "cut": int(cut),
    }
