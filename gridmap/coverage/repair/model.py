"""What a repair proposes: each row that changes, who gives what to whom, and what is left."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import shapely

from gridmap.coverage.auditing.faults import Fault, size_text
from gridmap.coverage.model import Coverage
from gridmap.coverage.repair.limits import Limits, Scope
from gridmap.errors import Conflict

__all__ = ["Mend", "Proposal", "RowChange", "Transfer"]


@dataclass(frozen=True, slots=True)
class Mend:
    """One fault and what is done about it.

    Attributes
    ----------
    kind : {"overlap", "gap", "invalid_geometry", "rebuilt_parent"}
    rows : tuple of int
        Rows of the coverage that it concerns.
    to : int or None
        Row that gets the place; None where it has no single taker.
    why : str
        The rule that decided.
    area_m2, width_m, lon, lat : float
        Size and place (EPSG:4326) of what is mended.
    """

    kind: str
    rows: tuple[int, ...]
    to: int | None
    why: str
    area_m2: float
    width_m: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """Square metres that pass from one row to another; None is ground that is nobody's."""

    giver: int | None
    taker: int | None
    area_m2: float
    geometry: shapely.Geometry = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class RowChange:
    """One area whose polygon changes.

    Attributes
    ----------
    row : int
        Row in the coverage.
    level, code, name : str
    before, after : geometry
        EPSG:4326.
    before_m2 : float
    lost_m2, gained_m2 : float
        Ground given up and taken. Both are 0 when only vertices change.
    is_parent : bool
        True for the declared polygon of a parent.
    why : tuple of str
    """

    row: int
    level: str
    code: str
    name: str
    before: shapely.Geometry = field(repr=False)
    after: shapely.Geometry = field(repr=False)
    before_m2: float
    lost_m2: float
    gained_m2: float
    is_parent: bool
    why: tuple[str, ...]

    @property
    def net_m2(self) -> float:
        """Area after less area before."""
        return self.gained_m2 - self.lost_m2

    @property
    def moved_m2(self) -> float:
        """Area given and taken together."""
        return self.gained_m2 + self.lost_m2

    @property
    def moved_share(self) -> float:
        """What is given and taken, as a part of the area before."""
        return self.moved_m2 / self.before_m2 if self.before_m2 > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Proposal:
    """A repair that somebody may look at and then have applied, or not.

    Attributes
    ----------
    coverage : Coverage
        The coverage as it would be; rows that do not change hold the very same geometry.
    base : str
        Fingerprint of the coverage it was made from.
    scope, limits
        What it was made with.
    rows : tuple of RowChange
        The largest change first.
    mends : tuple of Mend
        The largest first.
    transfers : tuple of Transfer
        The largest first.
    refused : tuple of str
        Faults within the scope that are not mended, and why.
    left : tuple of Fault
        Errors and warnings that the audit finds afterwards, the worst first.
    area_m2 : float
        Area of all atoms before.
    moved_m2 : float
        Ground of the atoms that changes hands, each square metre once.
    """

    coverage: Coverage
    base: str
    scope: Scope
    limits: Limits
    rows: tuple[RowChange, ...]
    mends: tuple[Mend, ...]
    transfers: tuple[Transfer, ...]
    refused: tuple[str, ...]
    left: tuple[Fault, ...]
    area_m2: float
    moved_m2: float

    @property
    def moved_share(self) -> float:
        """Part of the area of all atoms that changes hands."""
        return self.moved_m2 / self.area_m2 if self.area_m2 > 0 else 0.0

    @property
    def id(self) -> str:
        """A short name of exactly this change to exactly this coverage."""
        digest = hashlib.sha256(self.base.encode())
        for change in sorted(self.rows, key=lambda r: r.row):
            digest.update(str(change.row).encode() + shapely.to_wkb(change.after))
        return digest.hexdigest()[:12]

    def counts(self) -> dict[str, int]:
        """Number of mends by kind."""
        return dict(Counter(m.kind for m in self.mends))

    def beyond(self) -> tuple[str, ...]:
        """What goes beyond the limits, a sentence each, naming the rows; the largest first."""
        return tuple(self._beyond())

    def _beyond(self) -> Iterator[str]:
        limits = self.limits
        if self.moved_share > limits.total_share:
            yield (
                f"{self.moved_m2:,.1f} m², {self.moved_share:.3%} of all area, would change"
                f" hands; the limit is {limits.total_share:.3%}."
            )
        for row in self.rows:
            what = f"{row.level} {row.code} would give and take {row.moved_m2:,.1f} m²"
            if not row.is_parent and row.moved_m2 > limits.row_m2:
                yield f"{what}; the limit is {limits.row_m2:,.1f} m²."
            elif row.moved_share > limits.row_share:
                yield f"{what}, {row.moved_share:.2%} of it; the limit is {limits.row_share:.2%}."

    def require_within_limits(self) -> None:
        """Raise `Conflict`, naming the rows, when the proposal goes beyond its limits."""
        beyond = self.beyond()
        if beyond:
            raise Conflict(
                "The repair would change more than its limits allow: " + " ".join(beyond[:20]),
                got=f"{len(beyond)} beyond the limits",
                allowed=f"{self.limits.total_share:.3%} of all area,"
                f" {self.limits.row_m2:g} m² and {self.limits.row_share:.2%} of each area",
                repair="Mend these places by hand, have fewer faults mended (--gap-width,"
                " --gap-area, --overlap-area), or raise the limits (--max-total, --max-row-m2,"
                " --max-row).",
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the proposal as JSON-able data, without geometry."""
        return {
            "proposal": self.id,
            "edition": self.coverage.edition,
            "base": self.base,
            "scope": asdict(self.scope),
            "limits": asdict(self.limits),
            "beyond_limits": list(self.beyond()),
            "totals": {
                "rows_changed": len(self.rows),
                "rows": len(self.coverage),
                "area_m2": round(self.area_m2, 3),
                "moved_m2": round(self.moved_m2, 6),
                "moved_share": self.moved_share,
                "mended": self.counts(),
            },
            "rows": [self._row_dict(row) for row in self.rows],
            "transfers": [
                {
                    "from": self._code(t.giver),
                    "to": self._code(t.taker),
                    "area_m2": round(t.area_m2, 6),
                }
                for t in self.transfers
            ],
            "mended": [self._mend_dict(mend) for mend in self.mends],
            "refused": list(self.refused),
            "left": [fault.as_dict() for fault in self.left],
        }

    def _code(self, row: int | None) -> dict[str, str] | None:
        if row is None:
            return None
        level = self.coverage.levels[int(self.coverage.rank[row])].name
        return {"level": level, "code": str(self.coverage.code[row])}

    def _row_dict(self, row: RowChange) -> dict[str, Any]:
        return {
            "level": row.level,
            "code": row.code,
            "name": row.name,
            "before_m2": round(row.before_m2, 6),
            "after_m2": round(row.before_m2 + row.net_m2, 6),
            "net_m2": round(row.net_m2, 6),
            "lost_m2": round(row.lost_m2, 6),
            "gained_m2": round(row.gained_m2, 6),
            "why": list(row.why),
        }

    def _mend_dict(self, mend: Mend) -> dict[str, Any]:
        size = size_text(mend.area_m2, mend.width_m).say("en")
        return {
            "kind": mend.kind,
            "areas": [self._code(row) for row in mend.rows],
            "to": self._code(mend.to),
            "area_m2": round(mend.area_m2, 6),
            "lon": round(mend.lon, 7),
            "lat": round(mend.lat, 7),
            "why": mend.why,
            "text": f"{mend.kind} of {size}: {mend.why}",
        }
