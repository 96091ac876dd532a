"""Coordinate systems as clients may name them."""

from __future__ import annotations

import re

from gridmap.crs import COORD_SYSTEMS, normalise_name
from gridmap.errors import UnknownCoordSys

__all__ = ["known_system"]

# Names and codes only. PROJ would also take definitions, which are no business of a client.
_SYSTEM_NAME = re.compile(r"[\w:\-. ]{1,40}\Z")


def known_system(name: str) -> str:
    """Return the one name of a coordinate system, or raise `UnknownCoordSys`."""
    if not _SYSTEM_NAME.match(name):
        raise UnknownCoordSys(
            "The coordinate system is not known.",
            got=name,
            allowed=[*COORD_SYSTEMS, "EPSG:nnnn"],
            repair="Name it by one of these, or by its EPSG code.",
        )
    return normalise_name(name)
