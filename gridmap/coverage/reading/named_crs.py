"""The coordinate system that a GeoJSON says it is in, where the driver does not know that one.

The driver takes what it does not know, GCJ-02 above all, for longitude and latitude in WGS-84
without a word.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from gridmap.coordsys import normalise_name
from gridmap.errors import UnknownCoordSys

__all__ = ["crs_member", "said_system"]

# What the driver takes a GeoJSON to be in when it does not know what that says.
_FALLBACK = "EPSG:4326"
# The member stands before the features, or behind them.
_HEAD, _TAIL = 1 << 16, 1 << 13
_MEMBER = re.compile(r'"crs"\s*:\s*')


def said_system(said: object, driver: str | None) -> str | None:
    """Return the system of a GeoJSON.

    Parameters
    ----------
    said : object
        The value of its ``crs``; None when it has none.
    driver : str or None
        What the driver takes it to be in.

    Returns
    -------
    str or None
        What the driver says, or what the file does where the driver did not know that; it may
        be no system at all. None where the ``crs`` names none, as a link does not.
    """
    if said is None or driver != _FALLBACK:
        return driver
    name = _name_of(said)
    if name is None:
        return None
    try:
        known = normalise_name(name)
    except UnknownCoordSys:  # told where the system is chosen, which may be by the caller
        known = name
    return driver if known == "wgs84" else name


def crs_member(path: Path) -> object:
    """Return the value of the ``crs`` of a GeoJSON of any size, without reading its features."""
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8", "replace").partition('"features"')[0]
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read().decode("utf-8", "replace")
    # A property of a feature may be called so, too: those stand before the last bracket.
    closing = tail.rfind("]")
    for part in (head, tail[closing + 1 :] if closing >= 0 else ""):
        found = _MEMBER.search(part)
        if found:
            try:
                return json.JSONDecoder().raw_decode(part, found.end())[0]
            except json.JSONDecodeError:
                continue
    return None


def _name_of(said: object) -> str | None:
    """Return the name in a ``crs`` of GeoJSON, of any of its forms; None for a link."""
    about = said.get("properties") if isinstance(said, dict) else {"name": said}
    if not isinstance(about, dict):
        return None
    code = about.get("code")
    name = about.get("name", about.get("urn")) if code is None else f"EPSG:{code}"
    return name if isinstance(name, str) and name.strip() else None
