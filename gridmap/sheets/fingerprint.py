"""What tells a sheet from the one that was printed before, part by part.

The date on the sheet and the name of the edition are left out: a sheet is printed again when
what it says has changed, not because a day has passed or grids were redrawn elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, astuple
from typing import Any

import numpy as np
import orjson
import shapely

from gridmap.sheets.content import compose
from gridmap.sheets.district import District
from gridmap.sheets.frame import Frame
from gridmap.sheets.model import Request, Sheet
from gridmap.sheets.page import live_address

__all__ = ["PARTS", "fingerprint", "fingerprint_of"]

# What can have changed, as lists of sheets to print again name it.
PARTS = ("place", "people", "services", "areas", "ground", "site")

# The last fields of a service, which most have not.
_OF_PHOTO = ("photo", "photo_by")

# A thousandth of a second of arc is 3 cm: finer differences are no reason to print.
_GRID = 1e-7


def fingerprint(district: District, request: Request) -> dict[str, str]:
    """Return a digest for each of :data:`PARTS`; parts that a sheet lacks are empty.

    Raises as :func:`gridmap.sheets.content.compose`.
    """
    return fingerprint_of(district, *compose(district, request))


def fingerprint_of(district: District, sheet: Sheet, frame: Frame) -> dict[str, str]:
    """Return the digests of a sheet that was composed."""
    kind = sheet.request.kind
    drawn = kind != "card"
    people = (*sheet.contacts, *sheet.posts_below)
    return {
        "place": _digest(
            [asdict(sheet.name), [asdict(one) for one in sheet.chain], asdict(sheet.firm)],
            [sheet.focus],
        ),
        "people": "" if kind == "services" else _digest([astuple(one) for one in people]),
        "services": _digest(
            [
                [astuple(one)[: -len(_OF_PHOTO)] for one in sheet.services],
                [astuple(one) for one in sheet.errands],
                sheet.more,
                # Sheets that were printed before there were photos are as they were.
                *[[one.number, one.photo, one.photo_by] for one in sheet.services if one.photo],
            ]
        ),
        "areas": _areas(district, frame) if drawn else "",
        "ground": _ground(district, frame) if drawn else "",
        "site": _digest([sheet.site["review_no"], live_address(sheet), sheet.site["demo"]]),
    }


def _areas(district: District, frame: Frame) -> str:
    """Digest the grids on the paper, and the estates."""
    box = shapely.box(*frame.bounds)
    coverage = district.coverage
    names, shapes = [], []
    for rows, tree in district.area_tree.values():
        found = rows[np.sort(tree.query(box, predicate="intersects"))]
        names += [[coverage.code[r], coverage.name[r], coverage.name_en[r]] for r in found]
        # Cut to the paper: what changes beyond its edge is not on it.
        shapes += shapely.intersection(district.shapes[found], box).tolist()
    estates, tree = district.estate_tree
    for i in np.sort(tree.query(box, predicate="intersects")):
        names.append([estates[i].code, estates[i].name.zh, estates[i].name.en])
        shapes.append(shapely.intersection(estates[i].shape, box))
    return _digest(names, shapes)


def _ground(district: District, frame: Frame) -> str:
    names, shapes = [], []
    for layer in sorted(district.ground):
        found = district.ground[layer]
        for i in found.within(shapely.box(*frame.bounds)):
            names.append([layer, found.name[i], found.name_en[i], _plain(found.rank[i])])
            shapes.append(found.shapes[i])
    return _digest(names, shapes)


def _plain(rank: Any) -> int | None:
    return None if rank is None or np.isnan(rank) else int(rank)


def _digest(content: object, shapes: Iterable[Any] = ()) -> str:
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    held = np.array([None, *shapes], dtype=object)[1:]
    for wkb in shapely.to_wkb(shapely.normalize(shapely.set_precision(held, _GRID))).tolist():
        digest.update(wkb or b"")
    return digest.hexdigest()[:16]
