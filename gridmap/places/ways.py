"""Classes of roads: how early a map draws them, and whether one walks on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gridmap.errors import BadValue
from gridmap.tables import package_data, read_lines

__all__ = ["WayClass", "walkable", "way_classes"]

# What a file says of one road goes before what its class says.
_MAY = frozenset({"yes", "designated", "permissive", "official", "是", "可步行"})
_MAY_NOT = frozenset({"no", "private", "use_sidepath", "否", "禁行", "禁止步行"})


@dataclass(frozen=True, slots=True)
class WayClass:
    """A class of roads.

    Attributes
    ----------
    name : str
        The district's or OpenStreetMap's word for it.
    rank : int
        0 for roads that a map draws first.
    walk : bool
        Whether people walk on it, or beside it.
    labels : tuple of str
        Chinese words for the same.
    """

    name: str
    rank: int
    walk: bool
    labels: tuple[str, ...]


@cache
def way_classes() -> Mapping[str, WayClass]:
    """Return the classes by name, in the order of their table."""
    _, lines = read_lines(package_data("gridmap.places", "ways.csv"))
    return {
        name: WayClass(name, int(rank), walk == "yes", tuple(labels.split("/")) if labels else ())
        for _, (name, rank, walk, labels) in lines
    }


def walkable(road_class: str, foot: str = "") -> bool:
    """Return whether one may walk on a road.

    Parameters
    ----------
    road_class : str
        A name of :func:`way_classes`; empty where it is not known, which counts as a street.
    foot : str
        What the road itself says: ``yes``, ``no``, ``designated`` ...; empty for nothing.

    Raises
    ------
    BadValue
        When there is no such class.
    """
    said = foot.strip().casefold()
    if said in _MAY_NOT:
        return False
    if said in _MAY or not road_class:
        return True
    known = way_classes().get(road_class)
    if known is None:
        raise BadValue(
            "There is no such class of roads.", got=road_class, allowed=list(way_classes())
        )
    return known.walk
