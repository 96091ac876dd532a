"""Micro-grids in several parts: both sides of a river, a plot inside the neighbour's land."""

from __future__ import annotations

import math

from gridmap.demo.dice import Dice
from gridmap.demo.grouping import Graph, components
from gridmap.demo.mesh import Point
from gridmap.demo.notice import no_district
from gridmap.demo.town import Town

__all__ = ["Twins"]


class Twins:
    """Joins pieces that do not touch: both sides of a river, a plot inside the neighbour's land."""

    def __init__(
        self,
        town: Town,
        pieces: list[list[int]],
        graph: Graph,
        grid_of: dict[int, int],
        community: list[int],
        subdistrict: list[int],
    ) -> None:
        self.town, self.pieces, self.graph = town, pieces, graph
        self.grid_of, self.community, self.subdistrict = grid_of, community, subdistrict
        self.centre = [self._centre(piece) for piece in pieces]
        self.busy: set[int] = set()

    def join(self, count: int, dice: Dice) -> dict[int, int]:
        """Return `count` pieces that each become a part of another piece."""
        joined: dict[int, int] = {}
        far = max(1, count // 4)
        # One plot in another sub-district where there are several, some in another community,
        # the rest in the same grid.
        for reach, goal in (("subdistrict", 1), ("community", far), ("grid", count)):
            for i in self._order(reach != "grid", dice):
                if len(joined) >= goal or (reach == "subdistrict" and max(self.subdistrict) == 0):
                    break
                host = self._host(i, reach)
                if host is not None:
                    joined[i] = host
                    self.busy |= {i, host}
        if len(joined) != count:
            raise no_district("not enough places for multipart micro-grids")
        return joined

    def _order(self, apart: bool, dice: Dice) -> list[int]:
        order = [int(i) for i in dice.order(len(self.pieces))]
        if apart:
            order.sort(key=lambda i: self.pieces[i][0] not in self.town.enclaves)
        return order

    def _host(self, piece: int, reach: str) -> int | None:
        """Return the nearest piece to join: in the same grid, or abroad as `reach` says."""
        if piece in self.busy or not self._rest_is_whole(piece):
            return None
        found: list[tuple[float, int]] = []
        for other in range(len(self.pieces)):
            away = math.dist(self.centre[piece], self.centre[other])
            if (
                away > 620
                or other in self.busy
                or other == piece
                or other in self.graph.bond[piece]
            ):
                continue
            weight = self.graph.weight[piece] + self.graph.weight[other]
            if weight < 210 and self._relation(piece, other) == reach:
                found.append((away, other))
        return min(found)[1] if found else None

    def _relation(self, piece: int, other: int) -> str:
        """Return ``grid`` when both are of one grid, else the coarsest level that divides them.

        Two grids of one community are ``near``: joining those would say nothing new.
        """
        a, b = self.grid_of[piece], self.grid_of[other]
        if a == b:
            return "grid"
        a, b = self.community[a], self.community[b]
        if a == b:
            return "near"
        return "community" if self.subdistrict[a] == self.subdistrict[b] else "subdistrict"

    def _rest_is_whole(self, piece: int) -> bool:
        home = self.grid_of[piece]
        rest = [p for p, g in self.grid_of.items() if g == home and p != piece]
        near = {p: self.graph.bond[p] for p in rest}
        return len(rest) >= 2 and len(components(rest, near)) == 1

    def _centre(self, piece: list[int]) -> Point:
        corners = [p for face in piece for p in self.town.mesh.points(face)]
        return (
            sum(p[0] for p in corners) / len(corners),
            sum(p[1] for p in corners) / len(corners),
        )
