"""Paper sizes and how they are divided between map and text, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

from gridmap.errors import BadValue

__all__ = ["FAMILIES", "FONTS", "PAPERS", "SMALL_FONT", "Box", "Paper", "paper_of"]


# Open fonts with Chinese letters (SIL Open Font License; the last GPL with font exception); the
# first that is there is used and, in a PDF, embedded.
FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "WenQuanYi Micro Hei")
# What a PDF calls the font that was cut down to the usual characters; browsers know no such family.
SMALL_FONT = "gridmap CJK"
FAMILIES = (SMALL_FONT, *FONTS)


@dataclass(frozen=True, slots=True)
class Box:
    """Width and height, millimetres."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper size, upright for maps and cards, lying for boards.

    Attributes
    ----------
    name : str
        As ``@page`` has it.
    size : Box
        Upright.
    margin : float
    zoom : float
        Of text and signs: what hangs high on a wall is read from farther off.
    map : Box
        Of the map on a sheet of services.
    inset : Box
        Of the small map on a board.
    table : float
        Room for services under the map of one page, in the millimetres of zoom 1.
    """

    name: str
    size: Box
    margin: float
    zoom: float
    map: Box
    inset: Box
    table: float


PAPERS = {
    "a4": Paper("A4", Box(210, 297), 10, 1.0, Box(190, 124), Box(74, 62), 101.0),
    "a3": Paper("A3", Box(297, 420), 13, 1.28, Box(271, 186), Box(104, 92), 113.0),
}


def paper_of(name: str) -> Paper:
    """Return a paper by its name, or raise `BadValue`."""
    found = PAPERS.get(name.lower())
    if found is None:
        raise BadValue("Sheets are not made on such paper.", got=name, allowed=list(PAPERS))
    return found
