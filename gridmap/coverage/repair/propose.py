"""Mending a coverage, as a proposal that changes nothing but its faults: `gridmap repair`.

Overlaps are settled, gaps filled and broken rings made valid, each where it is and up to a
stated size; areas without a fault keep their polygons byte for byte. Whose each place becomes
is guessed by rules (:mod:`gridmap.coverage.repair.faults`), so the result is a proposal: who
gives how many square metres to whom, and what is left for a person.

No vertex is rounded: that would move every row. Precision means that vertices nearer than
1 cm (0.9e-7 of a degree) become one, at the faults only.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.coverage.repair.clean import carry_out
from gridmap.coverage.repair.faults import make_plan
from gridmap.coverage.repair.ledger import make_ledger
from gridmap.coverage.repair.limits import Limits, Scope
from gridmap.coverage.repair.model import Mend, Proposal, RowChange, Transfer

__all__ = ["Limits", "Mend", "Proposal", "RowChange", "Scope", "Transfer", "propose"]

Rows = NDArray[np.int64]

_PASSES = 3


def propose(
    coverage: Coverage,
    *,
    limits: Limits | None = None,
    scope: Scope | None = None,
    rebuild_parents: bool = False,
    level: str | None = None,
) -> Proposal:
    """Work out how the faults of a coverage can be mended; nothing is written.

    Parameters
    ----------
    coverage : Coverage
        Any; geometry in EPSG:4326. A coverage without faults or without rows gives a
        proposal without changes.
    limits : Limits, optional
        How much may change; see :meth:`Proposal.require_within_limits`.
    scope : Scope, optional
        Which faults are mended.
    rebuild_parents : bool
        Replace each declared polygon of a parent by the union of its atoms.
    level : str, optional
        Leave levels finer than this out, as if they were not there.

    Returns
    -------
    Proposal
        Areas in square metres on the ellipsoid. Rows that do not change hold the very same
        geometry object in ``proposal.coverage``.

    Raises
    ------
    UnknownLevel
    BadValue
        When `shapely.coverage_clean` cannot clean the faults' surroundings.
    """
    scope, limits = scope or Scope(), limits or Limits()
    kept = np.arange(len(coverage))
    if level is not None:
        kept = np.flatnonzero(coverage.rank <= coverage.levels.rank(level))
    seen = coverage if level is None else coverage.only(np.isin(np.arange(len(coverage)), kept))
    mended, mends, refused = _mend_atoms(seen, scope)
    if rebuild_parents:
        mended, rebuilt = _with_parents(mended)
        mends += rebuilt
    rows, transfers = make_ledger(seen, mended, mends)
    changed, atoms = {row.row for row in rows}, set(seen.atoms.tolist())
    mends = [m for m in mends if changed.intersection(m.rows)]
    return Proposal(
        coverage=_whole(coverage, kept, mended),
        base=coverage.fingerprint(),
        scope=scope,
        limits=limits,
        rows=tuple(replace(r, row=int(kept[r.row])) for r in rows),
        mends=tuple(_renumbered(m, kept) for m in sorted(mends, key=lambda m: -m.area_m2)),
        transfers=tuple(
            replace(t, giver=_at(kept, t.giver), taker=_at(kept, t.taker)) for t in transfers
        ),
        refused=tuple(refused),
        left=tuple(f for f in audit(mended) if f.severity != "info"),
        area_m2=float(Ruler().measure(polygonal(seen.geometry[seen.atoms])).area_m2.sum()),
        moved_m2=sum(t.area_m2 for t in transfers if {t.giver, t.taker} - {None} <= atoms),
    )


def _mend_atoms(coverage: Coverage, scope: Scope) -> tuple[Coverage, list[Mend], list[str]]:
    """Mend until nothing is left to do; return what was done, and what was not and why."""
    mended, mends = coverage, list[Mend]()
    # Once is enough, unless a mend cuts a hole in two, of which one is no enclave any more.
    for _ in range(_PASSES):
        plan = make_plan(mended, scope)
        cleaned = carry_out(plan, mended, scope)
        mended = _with_atoms(mended, plan.atoms, cleaned.polygons)
        mends += cleaned.mends
        refused = [*plan.refused, *cleaned.refused]
        if not cleaned.mends:
            break
    return mended, [*mends, *_made_valid(coverage, mended)], refused


def _with_atoms(coverage: Coverage, atoms: Rows, new: NDArray[np.object_]) -> Coverage:
    """Put the mended atoms in; one that has no polygon, or would have none, stays."""
    geometry = coverage.geometry.copy()
    for at in np.flatnonzero(has_shape(new)).tolist():
        geometry[atoms[at]] = new[at]
    return replace(coverage, geometry=geometry)


def _made_valid(before: Coverage, after: Coverage) -> list[Mend]:
    """A mend for each atom that was not a valid polygon and is one now."""
    atoms = before.atoms
    old, new = before.geometry[atoms], after.geometry[atoms]
    some = np.flatnonzero(has_shape(old) & ~shapely.is_valid(old) & shapely.is_valid(new))
    size = Ruler().measure(new[some])
    why = "made a valid polygon: what its rings enclose once"
    return [
        Mend(
            "invalid_geometry",
            (int(atoms[at]),),
            int(atoms[at]),
            f"{why} ({str(shapely.is_valid_reason(old[at])).split('[')[0].lower()})",
            0.0,
            0.0,
            float(size.lon[i]),
            float(size.lat[i]),
        )
        for i, at in enumerate(some.tolist())
    ]


def _with_parents(coverage: Coverage) -> tuple[Coverage, list[Mend]]:
    """Put the union of its atoms in the place of each declared parent that differs."""
    is_parent = np.ones(len(coverage), dtype=bool)
    is_parent[coverage.atoms] = False
    rows = np.flatnonzero(is_parent & has_shape(coverage.geometry) & has_shape(coverage.shapes))
    old, new = coverage.geometry[rows], coverage.shapes[rows]
    # Vertices of children along a straight border of their parent make no other polygon.
    same = shapely.is_valid(old) & shapely.equals(polygonal(old), new)
    rows, old, new = rows[~same], old[~same], new[~same]
    geometry = coverage.geometry.copy()
    geometry[rows] = new
    size = Ruler().measure(polygonal(shapely.symmetric_difference(polygonal(old), new)))
    inside = Ruler().measure(new)
    mends = [
        Mend(
            "rebuilt_parent",
            (int(row),),
            int(row),
            "rebuilt from its children",
            float(size.area_m2[i]),
            float(size.width_m[i]),
            float(inside.lon[i]),
            float(inside.lat[i]),
        )
        for i, row in enumerate(rows)
    ]
    return replace(coverage, geometry=geometry), mends


def _whole(coverage: Coverage, kept: Rows, part: Coverage) -> Coverage:
    """Return the whole coverage with the geometry of the part that was looked at."""
    geometry = coverage.geometry.copy()
    geometry[kept] = part.geometry
    return replace(coverage, geometry=geometry)


def _renumbered(mend: Mend, kept: Rows) -> Mend:
    return replace(mend, rows=tuple(int(kept[r]) for r in mend.rows), to=_at(kept, mend.to))


def _at(kept: Rows, row: int | None) -> int | None:
    return None if row is None else int(kept[row])
