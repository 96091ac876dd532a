"""The map of a sheet as SVG: ground, houses, grids, numbered markers, scale bar, north arrow.

Colours are pale where the ground is and strong where the reader shall look.
"""

from __future__ import annotations

from html import escape

import numpy as np

from gridmap.i18n import translate
from gridmap.sheets.content import MARKER_MM
from gridmap.sheets.district import District
from gridmap.sheets.frame import Frame
from gridmap.sheets.ground import borders, ground, houses
from gridmap.sheets.labels import Labels
from gridmap.sheets.markers import spread
from gridmap.sheets.model import Sheet
from gridmap.sheets.naming import name_things
from gridmap.sheets.papers import FAMILIES, Paper
from gridmap.sheets.signs import Line, covered, furniture_of, marker, path, text_of, veil

__all__ = ["draw"]

# Signs and names on the small map of a board.
_SMALL = 0.72

# Without blanks between them: WeasyPrint takes a blank for a part of the name.
_FAMILY = ",".join([*(f"'{name}'" for name in FAMILIES), "sans-serif"])


def draw(district: District, sheet: Sheet, frame: Frame, paper: Paper) -> str:
    """Return the map as an ``<svg>`` element, its size in millimetres of paper."""
    lang = sheet.request.lang
    zoom = paper.zoom * (_SMALL if sheet.request.kind == "board" else 1.0)
    width, height = frame.box.width, frame.box.height
    marked = sheet.services if sheet.request.kind == "services" else ()
    furniture, taken = furniture_of(frame, lang, zoom)
    radius = MARKER_MM * zoom
    anchors = frame.to_paper(np.array([(s.lon, s.lat) for s in marked]).reshape(-1, 2))
    spots = spread(anchors, radius, frame.box, taken=taken)
    focus = frame.drawn(np.array([sheet.focus], dtype=object))[0]
    labels = Labels(frame.box, [*taken, *covered(anchors, spots.at, radius)])
    below = "".join(ground(district, frame, zoom))
    parts = [
        f'<svg class="map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}mm" height="{height:g}mm" role="img" '
        f'aria-label="{escape(translate("sheet.map.of", lang, name=sheet.name.say(lang)))}">',
        f'<g font-family="{_FAMILY}">',
        f'<rect width="{width:g}" height="{height:g}" fill="#f3efe6"/>',
        below,
        veil(focus, width, height),
        "".join(houses(district, frame, focus)),
        "".join(borders(district, sheet, frame, zoom)),
        path(focus, Line("#ffffff", 1.7 * zoom)),
        path(focus, Line("#17618f", 0.85 * zoom)),
    ]
    name_things(district, sheet, frame, focus, labels, zoom)
    parts += [text_of(label) for label in labels.placed]
    for service, anchor, at, led in zip(marked, anchors, spots.at, spots.led, strict=True):
        parts.append(marker(service.number, service.colour, anchor, at, bool(led), radius))
    parts += [
        furniture,
        f'<rect x="0.15" y="0.15" width="{width - 0.3:g}" height="{height - 0.3:g}" '
        'fill="none" stroke="#4b5560" stroke-width="0.3"/></g></svg>',
    ]
    return "".join(parts)
