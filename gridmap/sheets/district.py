"""All that sheets are taken from: one edition, one roster, one list of places, and the ground.

Everything here is what the public may see; the workspace cuts it down before. Points were
located by the locator, which alone answers where something lies.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import tie_key
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import polygonal
from gridmap.errors import BadValue, NotFound
from gridmap.maps.categories import OTHER, SERVICES, Category
from gridmap.places.estates import areas_of_homes
from gridmap.places.rosters import posts_for
from gridmap.sheets.model import ESTATE, Named

__all__ = ["District", "Estate", "GroundLayer", "PlacePhoto"]

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Estate:
    """A housing estate in force: its name, its ground (EPSG:4326), who manages it."""

    code: str
    name: Named
    managed: bool
    firm: Named
    shape: Any


@dataclass(frozen=True, eq=False)
class PlacePhoto:
    """The first photo of a place that the public sees: what it is known by, whom it is from."""

    sha256: str
    thumb: bytes
    by: str


@dataclass(frozen=True, eq=False)
class GroundLayer:
    """One layer of the ground: names, ranks of roads, shapes in EPSG:4326."""

    name: Objects
    name_en: Objects
    rank: Objects
    shapes: Objects

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> GroundLayer:
        """Take over the layer as the store gives it."""
        return cls(
            frame["name"].to_numpy(dtype=object),
            frame["name_en"].to_numpy(dtype=object),
            frame["rank"].to_numpy(dtype=object),
            frame.geometry.to_numpy(),
        )

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Answers which features lie in a box."""
        return shapely.STRtree(self.shapes)

    def within(self, box: Any) -> NDArray[np.int64]:
        """Return the features that touch a box, in their order."""
        return np.sort(self.tree.query(box, predicate="intersects"))


@dataclass(frozen=True, eq=False)
class District:
    """What sheets are taken from.

    Attributes
    ----------
    coverage : Coverage
        The edition in force.
    estates : mapping of str to Estate
        By code, those in force.
    estate_points : float64 (n, 2), estate_of : object (n,) of str
        Points that stand for an estate: its houses, or where none are known one point in it.
    estate_codes, place_codes : mapping of level to object (n,) of str or None
        Where those points, and the places, lie.
    posts : sequence of mappings
        On duty; ``level``, ``area_code``, ``role``, ``work_phone``.
    places : sequence of mappings
    ground : mapping of layer to GroundLayer
    site : mapping
        See :class:`~gridmap.sheets.model.Sheet`.
    items : sequence of mappings
        Services that one asks for, in code order.
    categories : sequence of Category
        What places can be, in the order of a legend.
    photos : mapping of str to PlacePhoto
        By the code of the place.
    """

    coverage: Coverage
    estates: Mapping[str, Estate]
    estate_of: Objects
    estate_codes: Mapping[str, Objects]
    posts: Sequence[Mapping[str, Any]]
    places: Sequence[Mapping[str, Any]]
    place_codes: Mapping[str, Objects]
    ground: Mapping[str, GroundLayer]
    site: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]] = ()
    categories: Sequence[Category] = SERVICES
    photos: Mapping[str, PlacePhoto] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[str, ...]:
        """What sheets can be made for: estates, and every level of areas."""
        names = self.coverage.levels.names
        return names if ESTATE in names else (ESTATE, *names)

    def codes(self, level: str) -> list[str]:
        """Return the codes of a level that sheets are made for, in byte order.

        Raises
        ------
        BadValue
            When there is no such level.
        """
        if level not in self.levels:
            raise BadValue("Sheets are not made for such a level.", got=level, allowed=self.levels)
        if self.is_estate(level):
            return sorted(self.estates, key=tie_key)
        rows = self.coverage.rows(level)
        shown = rows[~self.coverage.hidden[rows] & ~shapely.is_empty(self.shapes[rows])]
        return [str(code) for code in self.coverage.code[shown]]

    def is_estate(self, level: str) -> bool:
        """True when the level means estates that are no areas of the edition."""
        return level == ESTATE and ESTATE not in self.coverage.levels.names

    def estate(self, code: str) -> Estate:
        """Return an estate, or raise `NotFound`."""
        found = self.estates.get(code)
        if found is None:
            raise NotFound(
                "There is no such estate.",
                got=code,
                repair="Import estates with `gridmap places import FILE --kind estate --commit`.",
            )
        return found

    def area_name(self, level: str, code: str) -> Named:
        """Return an area's name, its code where it has none."""
        row = self._row.get((level, code))
        if row is None:
            return Named(code)
        return Named(str(self.coverage.name[row] or code), str(self.coverage.name_en[row] or ""))

    def areas_of_estate(self, code: str) -> dict[str, list[str]]:
        """Return by level the areas that hold an estate's houses, most houses first."""
        mine = self._estate_rows.get(code, np.zeros(0, dtype=np.int64))
        names = self.coverage.levels.names
        return areas_of_homes({level: self.estate_codes[level][mine] for level in names})

    def posts_of(self, level: str, code: str) -> list[Mapping[str, Any]]:
        """Return the posts for one area."""
        return self._posts.get((level, code), [])

    def posts_of_estate(
        self, code: str, areas: Iterable[tuple[str, str]]
    ) -> list[Mapping[str, Any]]:
        """Return the posts for an estate that lies in some areas; see :func:`posts_for`."""
        areas = list(areas)
        some = [*self._about_estates.get(code, []), *(p for a in areas for p in self.posts_of(*a))]
        return posts_for({id(post): post for post in some}.values(), set(areas), code)

    def area_chain(self, level: str, code: str) -> set[tuple[str, str]]:
        """Return an area and those that it lies in, by level and code."""
        coverage = self.coverage
        above = coverage.ancestors[coverage.row(level, code)].tolist()
        return {(level, code)} | {
            (name, str(coverage.code[row]))
            for name, row in zip(coverage.levels.names, above, strict=True)
            if row >= 0
        }

    def category(self, code: str) -> Category:
        """Return a category; one that there is not is "other"."""
        return self._categories.get(code, (0, OTHER))[1]

    def category_rank(self, code: str) -> int:
        """Return the place of a category in the legend; one that there is not is the last."""
        return self._categories.get(code, (len(self._categories), OTHER))[0]

    def items_in(self, areas: Container[tuple[str, str]]) -> list[Mapping[str, Any]]:
        """Return the services given in some areas (level, code), those for them alone first."""
        own = [one for one in self.items if (one["level"], one["area_code"]) in areas]
        return [*own, *(one for one in self.items if not one["level"])]

    @cached_property
    def shapes(self) -> Objects:
        """The areas by row of the edition as they are drawn; empty for those without a polygon.

        What crosses itself is mended for the paper: an edition may be published with faults.
        """
        return polygonal(self.coverage.shapes)

    @cached_property
    def area_tree(self) -> dict[str, tuple[NDArray[np.int64], shapely.STRtree]]:
        """For each level its rows and a tree of their shapes."""
        found = {}
        for level in self.coverage.levels.names:
            rows = self.coverage.rows(level)
            rows = rows[~shapely.is_missing(self.coverage.shapes[rows])]
            found[level] = (rows, shapely.STRtree(self.shapes[rows]))
        return found

    @cached_property
    def estate_tree(self) -> tuple[list[Estate], shapely.STRtree]:
        """All estates, and a tree of their shapes."""
        all_of_them = list(self.estates.values())
        return all_of_them, shapely.STRtree([one.shape for one in all_of_them])

    @cached_property
    def place_spots(self) -> Floats:
        """Degrees of the places, (n, 2)."""
        spots = [(float(p["lon"]), float(p["lat"])) for p in self.places]
        return np.array(spots, dtype=np.float64).reshape(-1, 2)

    @cached_property
    def _row(self) -> dict[tuple[str, str], int]:
        names = self.coverage.levels.names
        return {
            (names[rank], str(code)): row
            for row, (rank, code) in enumerate(
                zip(self.coverage.rank.tolist(), self.coverage.code, strict=True)
            )
        }

    @cached_property
    def _estate_rows(self) -> dict[str, NDArray[np.int64]]:
        order = np.argsort(self.estate_of.astype(str), kind="stable")
        codes = self.estate_of[order].astype(str)
        starts = 1 + np.flatnonzero(codes[1:] != codes[:-1])
        groups = np.split(order, starts) if len(codes) else []
        return {str(self.estate_of[group[0]]): group for group in groups}

    @cached_property
    def _categories(self) -> dict[str, tuple[int, Category]]:
        return {one.code: (at, one) for at, one in enumerate(self.categories)}

    @cached_property
    def _about_estates(self) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for post in self.posts:
            if post.get("estate_code"):
                found.setdefault(str(post["estate_code"]), []).append(post)
        return found

    @cached_property
    def _posts(self) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for post in self.posts:
            found.setdefault((str(post["level"]), str(post["area_code"])), []).append(post)
        return found
