"""Codes that are no longer in use: why, by what they were followed, and never for another area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.faults import Fault, area_fault, label
from gridmap.coverage.importing.incoming import Incoming
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.overlaps import has_shape, overlap_shares, polygonal
from gridmap.errors import BadValue
from gridmap.i18n import Saying
from gridmap.times import to_site

__all__ = [
    "CodeHolder",
    "CodeKey",
    "CodeNote",
    "RetiredCode",
    "drop_notes",
    "dropped_rows",
    "moved_faults",
    "reuse_faults",
    "with_retired_note",
]

CodeKey = tuple[str, str]

# Of the smaller of two areas, from which on they are the same place.
_SAME_PLACE = 0.5
_NOTHING = 0.01
# A neighbour that shares no more than this took over a border, not the ground.
_LEAST_SUCCESSOR = 0.001


@dataclass(frozen=True, slots=True)
class CodeNote:
    """What is recorded with a code that is retired.

    Attributes
    ----------
    reason : str
        Never empty.
    successors : tuple of mapping
        ``{"code": str, "share": float}``: areas of the same level that took over its ground,
        by the share of its area, the largest first.
    """

    reason: str
    successors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RetiredCode:
    """A code that an edition had and the next one of its family has no more.

    Attributes
    ----------
    family, level, code : str
    last_edition, edition : str
        The edition that had it last, and the one without it.
    retired_at : datetime
        Aware, UTC: when the latter came or comes into force.
    reason, successors
        See :class:`CodeNote`.
    recorded_at, recorded_by
        When (aware, UTC) and by whom.
    back_in : str or None
        Name of a later edition that has the code again.
    """

    family: str
    level: str
    code: str
    last_edition: str
    edition: str
    retired_at: datetime
    reason: str
    successors: tuple[Mapping[str, Any], ...]
    recorded_at: datetime
    recorded_by: str
    back_in: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CodeHolder:
    """An area of a published edition whose code a draft would use anew.

    Attributes
    ----------
    level, code, edition : str
    retired_at : datetime or None
        Aware, UTC: when an edition without the code followed; None when the holder's
        edition comes later than the draft.
    shape : geometry or None
        EPSG:4326, as the edition answers.
    """

    level: str
    code: str
    edition: str
    retired_at: datetime | None
    shape: Any


def dropped_rows(former: Coverage, later: Coverage) -> NDArray[np.int64]:
    """Return the rows of `former` whose code `later` has no more at that level.

    Made-up codes are left out: they stand for no area beyond their edition.
    """
    kept = _keys(later).keys()
    gone = [
        row for key, row in _keys(former).items() if key not in kept and not former.provisional[row]
    ]
    return np.array(gone, dtype=np.int64)


def drop_notes(
    former: Coverage, later: Coverage, *, why: str | None = None, reasons: Mapping[str, str]
) -> dict[CodeKey, CodeNote]:
    """Return what to record of each code that `later` drops, by (level, code).

    Parameters
    ----------
    why : str, optional
        Reason of all that have none of their own; ``not in edition NAME`` if not given.
    reasons : mapping
        From code to reason; a code may stand as ``LEVEL/CODE``.

    Raises
    ------
    BadValue
        When a reason is given for a code that is not dropped, or an empty one.
    """
    rows = dropped_rows(former, later)
    keys = [_key(former, int(row)) for row in rows]
    named = {name for level, code in keys for name in (code, f"{level}/{code}")}
    for name, reason in reasons.items():
        if name not in named or not reason.strip():
            raise BadValue(
                "A reason is given for a code that is not retired."
                if reason.strip()
                else "The reason is empty.",
                got=f"{name}={reason}",
                allowed=sorted({code for _, code in keys})[:20] or "no code is retired",
            )
    default = why or f"not in edition {later.edition}"
    followed = _successors(former, later, rows)
    return {
        (level, code): CodeNote(
            reasons.get(f"{level}/{code}", reasons.get(code, default)),
            tuple(followed.get(i, ())),
        )
        for i, (level, code) in enumerate(keys)
    }


def _successors(
    former: Coverage, later: Coverage, rows: NDArray[np.int64]
) -> dict[int, list[dict[str, Any]]]:
    out: dict[int, list[dict[str, Any]]] = {}
    for rank in np.unique(former.rank[rows]).tolist():
        level = former.levels[rank].name
        if level not in later.levels.names:
            continue
        mine, theirs = np.flatnonzero(former.rank[rows] == rank), later.rows(level)
        shapes = polygonal(former.shapes[rows[mine]]), polygonal(later.shapes[theirs])
        for i, o, share in zip(*overlap_shares(*shapes), strict=True):
            if share > _LEAST_SUCCESSOR:
                found = {"code": str(later.code[theirs[o]]), "share": round(float(share), 4)}
                out.setdefault(int(mine[i]), []).append(found)
    return out


def with_retired_note(incoming: Incoming, retired: Sequence[RetiredCode]) -> Incoming:
    """Return an import whose report says which of its codes went out of use before.

    Whether they may come back is judged when the edition is published, by place and date.
    """
    gone = {one.code for one in retired if one.level == incoming.level and one.back_in is None}
    found = sorted({area.code for area in incoming.areas} & gone)
    if not found:
        return incoming
    note = ImportNote(
        "code_retired",
        "warning",
        f"{len(found)} codes went out of use before: {', '.join(found[:10])}"
        f"{' ...' if len(found) > 10 else ''}. Publishing is refused where such a code stands "
        "for another place than it did; see `gridmap editions --retired-codes`.",
        codes=tuple(found),
    )
    order = {"error": 0, "warning": 1, "info": 2}
    messages = sorted((*incoming.report.messages, note), key=lambda one: order[one.severity])
    return replace(incoming, report=replace(incoming.report, messages=tuple(messages)))


def reuse_faults(
    coverage: Coverage, holders: Sequence[CodeHolder], *, zone: ZoneInfo
) -> list[Fault]:
    """Return a fault for each code of a draft that belonged to an area before.

    Kinds: ``code_reused`` (error: the code stood for another place), ``code_restored`` (info:
    it stands for the same place again).
    """
    rows = _keys(coverage)
    out = []
    for holder in holders:
        row = rows[holder.level, holder.code]
        common = _in_common(coverage.shapes[row], holder.shape)
        ended = holder.retired_at
        values = {
            "area": label(coverage, row),
            "since": _since(holder, zone),
            "common": f"{common:.0%}",
        }
        at = _at(coverage, row)
        if common < _SAME_PLACE:
            said = Saying("fault.code_reused", values)
            out.append(area_fault("code_reused", "error", coverage, row, said, at))
        elif ended is not None:
            said = Saying("fault.code_restored", values)
            out.append(area_fault("code_restored", "info", coverage, row, said, at))
    return out


def _since(holder: CodeHolder, zone: ZoneInfo) -> Saying:
    if holder.retired_at is None:
        return Saying("fault.code_given_later", {"edition": holder.edition})
    day = f"{to_site(holder.retired_at, zone):%Y-%m-%d}"
    return Saying("fault.code_retired", {"day": day, "edition": holder.edition})


def moved_faults(coverage: Coverage, former: Coverage) -> list[Fault]:
    """Return a warning ``code_moved`` for each code that now stands for ground elsewhere.

    Asked of areas that have next to nothing in common with what they were before.
    """
    known = _keys(former)
    pairs = [(row, known[key]) for key, row in _keys(coverage).items() if key in known]
    if not pairs:
        return []
    mine, theirs = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    new, old = coverage.shapes[mine], former.shapes[theirs]
    asked = has_shape(new) & has_shape(old) & ~coverage.provisional[mine]
    # Most areas are what they were: to see that costs less than to measure it.
    asked[asked] = ~shapely.equals_exact(new[asked], old[asked])
    changed = np.flatnonzero(asked)
    apart = [i for i in changed.tolist() if _in_common(new[i], old[i]) < _NOTHING]
    return [
        area_fault(
            "code_moved",
            "warning",
            coverage,
            int(mine[i]),
            Saying(
                "fault.code_moved",
                {"area": label(coverage, int(mine[i])), "edition": former.edition},
            ),
            _at(coverage, int(mine[i])),
        )
        for i in apart
    ]


def _in_common(new: Any, old: Any) -> float:
    """Return the common area of two shapes as a part of the smaller one, 0 to 1."""
    pair = np.empty(2, dtype=object)
    pair[:] = [new, old]
    one, other = polygonal(pair)
    least = min(one.area, other.area)
    return 0.0 if least == 0 else min(float(shapely.intersection(one, other).area / least), 1.0)


def _key(coverage: Coverage, row: int) -> CodeKey:
    return coverage.levels[int(coverage.rank[row])].name, str(coverage.code[row])


def _keys(coverage: Coverage) -> dict[CodeKey, int]:
    return {_key(coverage, row): row for row in range(len(coverage))}


def _at(coverage: Coverage, row: int) -> tuple[float | None, float | None]:
    lon, lat = coverage.label_points[row]
    return (None, None) if np.isnan(lon) else (float(lon), float(lat))
