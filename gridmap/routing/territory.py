"""The offices of one edition's areas, and which of them a place belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridmap.coverage.model import Coverage
from gridmap.routing.parties import (
    COMMUNITY,
    EXCLUSIVE_UNIT,
    SUBDISTRICT,
    Party,
    party_code,
)

__all__ = ["Seat", "Territory"]

# What the office of an area is called, by how the area's own name ends: the first that fits.
_ZONES = ("高新区", "开发区", "示范区", "园区", "新区", "保税区", "度假区", "试验区", "风景区")
_OFFICES = (
    ("街道", "办事处"),
    ("街道办", "事处"),
    ("镇", "人民政府"),
    ("乡", "人民政府"),
    *((zone, "管理委员会") for zone in _ZONES),
    *((body, "") for body in ("办事处", "政府", "委员会", "管委会")),
    ("", "街道办事处"),
)
_COMMITTEES = (
    ("村", "委会"),
    *((body, "") for body in ("委会", "委员会")),
    *((body, "会") for body in ("居委", "村委")),
    ("", "居委会"),
)

# Levels that are named for what they are never stand in for an office's area.
_COMMUNITIES = ("community", "village")
_FINER = (*_COMMUNITIES, "grid", "microgrid", "courtyard", "estate", "building")


@dataclass(frozen=True, slots=True)
class Seat:
    """The bodies that a place belongs to, as party codes; empty where there is none.

    Attributes
    ----------
    office : str
        Of the sub-district.
    community : str
        Committee of the community.
    unit : str
        Unit of the exclusive grid around the place.
    """

    office: str = ""
    community: str = ""
    unit: str = ""


class Territory:
    """Offices of the sub-districts and communities, and units of the exclusive grids.

    The sub-district is the level of that name, else the coarsest; the community is the level
    of that name or of ``village``, else the one below the sub-district. A level that is named
    for something finer (``grid`` ...) is neither: an edition may lack one or both.

    Parameters
    ----------
    coverage : Coverage

    Attributes
    ----------
    seats : list of Seat
        The distinct ones.
    seat_of : list of int
        For each row of the coverage its place in `seats`.
    """

    def __init__(self, coverage: Coverage) -> None:
        names = coverage.levels.names
        self.coverage = coverage
        self._subdistrict = _rank_of(names, ("subdistrict",), 0, _FINER)
        self._community = _rank_of(names, _COMMUNITIES, self._subdistrict + 1, _FINER)
        self._row_of = {
            (coverage.levels[int(coverage.rank[row])].name, str(coverage.code[row])): row
            for row in range(len(coverage))
        }
        every = [self._seat(row) for row in range(len(coverage))]
        self.seats = list(dict.fromkeys(every))
        number = {seat: n for n, seat in enumerate(self.seats)}
        self.seat_of = [number[seat] for seat in every]

    def row(self, level: str, code: str) -> int | None:
        """Return the row of an area, None when the edition has none of that level and code."""
        return self._row_of.get((level, code))

    def ground(self, areas: Iterable[tuple[str, str]]) -> Any:
        """Return the ground of some areas (level, code) together (EPSG:4326).

        Those that the edition does not have add nothing: of none at all it is empty.
        """
        rows = [row for area in areas if (row := self.row(*area)) is not None]
        return shapely.union_all(shapely.make_valid([self.coverage.shapes[row] for row in rows]))

    def chain(self, row: int) -> list[int]:
        """Return a row and its ancestors, fine to coarse."""
        return [up for up in self.coverage.ancestors[row][::-1].tolist() if up >= 0]

    def label(self, row: int) -> tuple[str, str]:
        """Return what an area is called in Chinese and in English: its name, else its code."""
        name = self.coverage.name[row] or self.coverage.code[row]
        return str(name), str(self.coverage.name_en[row] or name)

    def parties(self) -> list[Party]:
        """Return the bodies of all areas."""
        coverage, found = self.coverage, []
        for row in np.flatnonzero(~coverage.hidden).tolist():
            name, name_en = self.label(row)
            seat = self.seats[self.seat_of[row]]
            if coverage.rank[row] == self._subdistrict:
                found.append(Party(seat.office, _ended(name, _OFFICES), f"{name_en} Office"))
            if coverage.rank[row] == self._community:
                committee = _ended(name, _COMMITTEES)
                found.append(Party(seat.community, committee, f"{name_en} Committee"))
            if coverage.kind[row] == "exclusive":
                found.append(Party(party_code(EXCLUSIVE_UNIT, coverage.code[row]), name, name_en))
        return found

    def _seat(self, row: int) -> Seat:
        up, coverage = self.coverage.ancestors[row], self.coverage
        # The parts of an exclusive grid are exclusive too: the unit is the whole of it.
        whole = [r for r in self.chain(row) if coverage.kind[r] == "exclusive"]
        unit = whole[-1] if whole else -1
        office = up[self._subdistrict] if self._subdistrict >= 0 else -1
        community = up[self._community] if self._community >= 0 else -1
        kinds = ((SUBDISTRICT, office), (COMMUNITY, community), (EXCLUSIVE_UNIT, unit))
        return Seat(*(party_code(k, coverage.code[r]) if r >= 0 else "" for k, r in kinds))


def _rank_of(
    names: tuple[str, ...], wanted: tuple[str, ...], otherwise: int, never: tuple[str, ...]
) -> int:
    """Return the rank of the first wanted name, else `otherwise` if that may be it, else -1."""
    for rank, name in enumerate(names):
        if name in wanted:
            return rank
    return otherwise if otherwise < len(names) and names[otherwise] not in never else -1


def _ended(name: str, endings: tuple[tuple[str, str], ...]) -> str:
    return name + next(more for end, more in endings if name.endswith(end))
