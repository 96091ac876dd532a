"""Why an edit is refused, and where: what holds of every state is asked of what an edit touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridmap.errors import EditRefused
from gridmap.i18n import Saying
from gridmap.planning.state import PlanState

__all__ = [
    "MIN_WIDTH_M",
    "Refusal",
    "need_inside",
    "need_whole",
    "need_wide",
    "pieces_of",
    "refuse",
]

# Twice the area over the perimeter: of a strip its width. Nobody means a narrower area.
MIN_WIDTH_M = 5.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason, and its place.

    Attributes
    ----------
    kind : str
        ``in_pieces``, ``other_parent``, ``not_neighbours``, ``too_narrow``, ``off_border``,
        ``outer_border``, ``crosses``, ``not_across``, ``whole_grid``, ``same_grid``,
        ``other_grid``, ``nothing``, ``taken_code``.
    said : Saying
    lon, lat : float or None
        Where, EPSG:4326.
    codes : tuple of str
        Areas concerned.
    """

    kind: str
    said: Saying
    lon: float | None = None
    lat: float | None = None
    codes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data, its sentence in both languages."""
        return {
            "kind": self.kind,
            "text": self.said.say("zh"),
            "text_en": self.said.say("en"),
            "lon": self.lon,
            "lat": self.lat,
            "codes": list(self.codes),
        }


def refuse(
    kind: str,
    values: Mapping[str, object] | None = None,
    *,
    at: tuple[float, float] | None = None,
    codes: Iterable[str] = (),
) -> EditRefused:
    """Return the error of an edit that is refused for one reason; its text is ``refused.KIND``."""
    lon, lat = at or (None, None)
    reason = Refusal(kind, Saying(f"refused.{kind}", dict(values or {})), lon, lat, tuple(codes))
    return refused([reason])


def refused(reasons: Sequence[Refusal]) -> EditRefused:
    """Return the error that tells some reasons."""
    first = reasons[0]
    where = "" if first.lon is None else f" at {first.lon:.6f}, {first.lat:.6f}"
    return EditRefused(
        first.said.say("en"),
        got=f"{', '.join(first.codes) or 'the edit'}{where}",
        repair="Change the edit there, and send it again.",
        reasons=[one.as_dict() for one in reasons],
    )


def need_whole(before: PlanState, after: PlanState, grids: Iterable[int]) -> None:
    """Refuse what tears a grid apart; legal islands hang together with what they belong to.

    A grid that was in several pieces may stay so, but not get more of them.
    """
    reasons = []
    for grid in grids:
        pieces = after.tally.pieces(grid)
        if pieces <= 1:
            continue
        had = before.tally.pieces(grid) if grid < len(before.grids) else 1
        if pieces > max(had, 1):
            code = after.grids[grid].code
            cut_off = min(pieces_of(after, after.members(grid)), key=lambda p: (len(p), p))
            lon, lat = after.place_of(cut_off)
            said = Saying("refused.in_pieces", {"grid": code, "n": pieces})
            away = tuple(after.atoms[i].code for i in cut_off[:20])
            reasons.append(Refusal("in_pieces", said, lon, lat, (code, *away)))
    if reasons:
        raise refused(reasons)


def pieces_of(state: PlanState, members: Iterable[int]) -> list[list[int]]:
    """Return atoms by the connected pieces that they lie in."""
    start, others, _ = state.graph.near
    left = {int(i) for i in members}
    found = []
    while left:
        stack = [min(left)]
        left.discard(stack[0])
        piece = []
        while stack:
            at = stack.pop()
            piece.append(at)
            near = left.intersection(others[start[at] : start[at + 1]].tolist())
            left -= near
            stack += near
        found.append(sorted(piece))
    return found


def need_inside(state: PlanState, atoms: Iterable[int], grid: int) -> None:
    """Refuse atoms of another community than a grid's."""
    container = state.grids[grid].container
    away = [i for i in atoms if state.graph.container[i] != container]
    if away:
        names = np.append(state.graph.container_code, "")
        values = {
            "atom": state.atoms[away[0]].code,
            "there": names[state.graph.container[away[0]]],
            "grid": state.grids[grid].code,
            "here": names[container],
        }
        codes = tuple(state.atoms[i].code for i in away[:20])
        raise refuse("other_parent", values, at=state.place_of(away), codes=codes)


def need_wide(before: PlanState, after: PlanState, atoms: Iterable[int]) -> None:
    """Refuse atoms that became too narrow to be meant; one that was so already may stay so."""
    graph = after.graph
    reasons = []
    for i in atoms:
        width = _width(graph.area_m2[i], graph.perimeter_m[i])
        code = after.atoms[i].code
        known = before.atom_at.get(code)
        former = MIN_WIDTH_M
        if known is not None:
            former = _width(before.graph.area_m2[known], before.graph.perimeter_m[known])
        if width < min(MIN_WIDTH_M, former) - 1e-6:
            lon, lat = after.place_of([i])
            values = {"atom": code, "width": f"{width:.1f}", "least": f"{MIN_WIDTH_M:g}"}
            said = Saying("refused.too_narrow", values)
            reasons.append(Refusal("too_narrow", said, lon, lat, (code,)))
    if reasons:
        raise refused(reasons)


def _width(area: float, perimeter: float) -> float:
    return 2 * area / perimeter if perimeter > 0 else 0.0
