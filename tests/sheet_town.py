"""A district for tests of sheets, made without a store: two estates, crowded services, a street."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.sheets.district import District, Estate, GroundLayer
from gridmap.sheets.model import Named
from tests.mapdata import HOSTILE

WEST, SOUTH = 117.0, 36.6
COMMUNITY = "990101001001"
_CATEGORIES = ("canteen", "nursery", "health", "repair", "parcel", "fitness", "shelter")


def box(x: float, y: float, width: float, height: float) -> Any:
    """A rectangle by hundredths of a degree."""
    return shapely.box(
        WEST + x / 100, SOUTH + y / 100, WEST + (x + width) / 100, SOUTH + (y + height) / 100
    )


def town(*, grids: int = 2, posts: int = 2, places: int = 12, hostile: bool = False) -> District:
    """One community of some grids side by side; all places stand around one corner."""
    width = 2.0 / grids
    areas = [Area(-1, "community", COMMUNITY, "文化社区", "Culture")]
    areas += [
        Area(-1, "grid", f"G{n:02d}", f"文化社区第{n}网格", f"Grid {n}", "community", COMMUNITY)
        for n in range(grids)
    ]
    shapes = [None, *(box(n * width, 0, width, 1) for n in range(grids))]
    coverage = Coverage.build("2026", Levels(["community", "grid"]), areas, shapes)
    name = HOSTILE if hostile else "东苑"
    firm = Named("东苑物业")
    estates = {
        "E1": Estate("E1", Named(name, "East Court"), True, firm, box(0.2, 0.2, 0.3, 0.3)),
        "E2": Estate("E2", Named("西里"), False, Named(""), box(1.5, 0.2, 0.2, 0.3)),
    }  # fmt: skip
    rows = [
        {"code": f"P{n:02d}", "category": _CATEGORIES[n % 7], "name": f"{name}第{n}处",
         "name_en": "", "address": "文化东路一号院内北侧平房", "hours": "Mo-Su 08:00-18:00",
         "hours_text": "每天8:00—18:00，节假日休息", "phone": f"0990-55511{n:02d}",
         "special_services": ["助餐", "送餐"], "floor": "一层",
         "lon": WEST + 0.0051 + n % 4 * 2e-5, "lat": SOUTH + 0.0051 + n // 4 * 2e-5}
        for n in range(places)
    ]  # fmt: skip
    roles = ("grid_worker", "grid_lead", "estate_secretary", "posted_worker", "police_officer")
    return District(
        coverage=coverage,
        estates=estates,
        estate_of=np.array(["E1", "E2"], dtype=object),
        estate_codes={
            "community": np.array([COMMUNITY] * 2, dtype=object),
            "grid": np.array(["G00", f"G{grids - 1:02d}"], dtype=object),
        },
        posts=[
            {"level": "grid", "area_code": f"G{g:02d}", "role": roles[n % 5], "kind": "basic",
             "work_phone": f"0990-5{g:02d}1{n:03d}", "department": ""}
            for g in range(grids) for n in range(posts)
        ],
        places=rows,
        place_codes={
            "community": np.array([COMMUNITY] * places, dtype=object),
            "grid": np.array(["G00"] * places, dtype=object),
        },
        ground={
            "roads": _layer(
                ("文化东路", _line((0, 0.1), (2, 0.1))),
                ("解放街", _line((0.6, 0), (0.6, 1))),
            ),
            "buildings": _layer(("东苑1号楼", box(0.25, 0.25, 0.08, 0.02))),
        },
        site={"as_of": "2026-07-01", "edition": "2026", "review_no": "", "demo": False,
              "public_url": "https://grid.example.org"},
    )  # fmt: skip


def changed(district: District, **parts: Any) -> District:
    """The district with some of its parts replaced."""
    return replace(district, **parts)


def _line(*ends: tuple[float, float]) -> Any:
    return shapely.LineString([(WEST + x / 100, SOUTH + y / 100) for x, y in ends])


def _layer(*features: tuple[str, Any]) -> GroundLayer:
    def column(values: list[Any]) -> Any:
        out = np.empty(len(values), dtype=object)
        out[:] = values
        return out

    return GroundLayer(
        column([name for name, _ in features]),
        column([""] * len(features)),
        column([1] * len(features)),
        column([shape for _, shape in features]),
    )
