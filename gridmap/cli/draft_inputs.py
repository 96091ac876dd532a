"""What edits are made of, as commands are told it: JSON, lines, polygons, places."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gridmap.cli.output import STDOUT
from gridmap.errors import BadValue, UnreadableFile

__all__ = [
    "lines_of",
    "read_edits",
    "read_line",
    "read_place",
    "read_polygon",
    "words_of",
]


def read_edits(file: str) -> list[dict[str, Any]]:
    """Return the edits of a JSON file, or of the standard input for ``-``."""
    found = _json(sys.stdin.read() if file == STDOUT else _text(Path(file)), file)
    listed = found if isinstance(found, list) else [found]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise BadValue("This is no edit.", got=file, allowed="a JSON object, or a list of them")
    return listed


def lines_of(line: list[str] | None, along: str | None) -> dict[str, Any]:
    """Return what a cut follows: drawn lines, or one of the base data."""
    if bool(line) == (along is not None):
        raise BadValue("A cut follows --line or --along.", got="both or neither")
    if along is None:
        return {"lines": [one for text in line or [] for one in read_line(text)]}
    layer, _, name = along.partition("=")
    if not layer or not name:
        raise BadValue("A line of the base data is LAYER=NAME.", got=along, allowed="roads=人民路")
    return {"along": {"layer": layer, "name": name}}


def read_line(text: str) -> list[list[list[float]]]:
    """Return lines: places written out, or all lines of a GeoJSON file."""
    try:
        places = [[float(number) for number in place.split(",")] for place in text.split()]
    except ValueError:
        places = []
    if places and all(len(place) == 2 for place in places):
        return [places]
    path = Path(text)
    if not path.exists():
        raise BadValue(
            "This is no line.",
            got=text,
            allowed="LON,LAT LON,LAT ... in degrees, or a GeoJSON file with lines",
        )
    found: list[Any] = []
    for shape in _geometries(path):
        kind, coordinates = shape["type"], shape["coordinates"]
        if kind not in ("LineString", "MultiLineString"):
            raise BadValue("A cut follows lines.", got=kind, allowed="LineString, MultiLineString")
        found += [coordinates] if kind == "LineString" else coordinates
    return [[[float(x), float(y)] for x, y, *_ in line] for line in found]


def read_polygon(path: Path) -> dict[str, Any]:
    """Return the one geometry of a GeoJSON file."""
    shapes = _geometries(path)
    if len(shapes) != 1:
        raise BadValue("One polygon is meant.", got=f"{path.name}: {len(shapes)} features")
    return shapes[0]


def _geometries(path: Path) -> list[dict[str, Any]]:
    """Return the geometries of a GeoJSON file, longitude and latitude of WGS-84."""
    found = _json(_text(path), str(path))
    features = found.get("features", [found]) if isinstance(found, dict) else []
    shapes = [one.get("geometry", one) for one in features if isinstance(one, dict)]
    if not shapes or not all(
        isinstance(shape, dict) and {"type", "coordinates"} <= set(shape) for shape in shapes
    ):
        raise BadValue(
            "This is no GeoJSON.", got=path.name, allowed="a geometry, a feature or a collection"
        )
    return shapes


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadValue("This is no JSON.", got=f"{name}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile("This file cannot be read.", got=f"{path}: {error}") from error


def words_of(text: str) -> list[str]:
    """Return what stands between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def read_place(text: str) -> list[float]:
    """Return a place that is written LON,LAT."""
    try:
        lon, lat = (float(number) for number in text.split(","))
    except ValueError as error:
        raise BadValue("This is no place.", got=text, allowed="LON,LAT in degrees") from error
    return [lon, lat]
