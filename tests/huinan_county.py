"""A county like Huinan: its bodies and grids, its two lists of items, and who may do what."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tests.place_rows import Ground, grant, of, over, write_table

COUNTY = "990523"
CATALOGUE = Path(__file__).parent / "data" / "catalogues" / "eighty"
# Streets 001-003, townships from 100 on, the zone as the statistics number such bodies.
STREETS = [f"{COUNTY}{n:03}" for n in (1, 2, 3)]
TOWNSHIPS = [f"{COUNTY}{n:03}" for n in (*range(100, 110), 200)]
BODIES = [*STREETS, *TOWNSHIPS, f"{COUNTY}400"]
# Beside those that catalogues name by default.
MORE = {
    "JW": "纪委监委", "DC": "督查室", "ZZ": "组织部", "XV": "宣传部", "ZF": "政法委",
    "XS": "信访局",
    "NY": "农业农村局", "LY": "林业局", "ZR": "自然资源局", "WJ": "卫生健康局",
}  # fmt: skip
POSTED = ("CG", "GA", "SJ", "ZJ", "RS", "MZ", "XF", "YJ")
LITTER, COVER, LAMP = "A01", "C03", "C05"
# Every third item of the eighty, and those that are played.
FIRST_ITEMS = 28


def grids_of(body: str) -> list[str]:
    return [f"{body}001001", f"{body}001002"]


def ground() -> dict[str, list[Ground]]:
    """The county in columns of four units: a body, its community, two grids each."""
    levels: dict[str, list[Ground]] = {"county": [], "subdistrict": [], "community": [], "grid": []}
    levels["county"].append(Ground(COUNTY, "禾南县", (0, 0, 4 * len(BODIES), 4)))
    for column, body in enumerate(BODIES):
        west = 4 * column
        kind = "街道" if body in STREETS else "开发区" if body.endswith("400") else "镇"
        name, box = f"第{column + 1}{kind}", (west, 0, west + 4, 4)
        levels["subdistrict"].append(Ground(body, name, box, COUNTY))
        levels["community"].append(Ground(f"{body}001", f"{name}社区", box, body))
        for n, code in enumerate(grids_of(body)):
            half = (west, 2 * n, west + 4, 2 * n + 2)
            levels["grid"].append(Ground(code, f"{name}{n + 1}网格", half, f"{body}001"))
    return levels


def rules(folder: Path, codes: list[str] | None, litter: tuple[str, str]) -> Path:
    """Write the site's rules: its departments, and a catalogue of some items or of all."""
    folder.mkdir(exist_ok=True)

    def rows(name: str) -> list[dict[str, str]]:
        with (CATALOGUE / name).open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    items = [row for row in rows("catalogue.csv") if codes is None or row["code"] in codes]
    for row in items:
        if row["code"] == LITTER:
            row["limit_amount"], row["limit_unit"] = litter
    known = {row["code"] for row in items}
    write_table(folder / "catalogue.csv", items)
    write_table(folder / "classes.csv", rows("classes.csv"))
    kept = [row for row in rows("site_rules.csv") if row["item"] in known]
    write_table(folder / "site_rules.csv", kept)
    assets = [
        row | {"items": " ".join(c for c in row["items"].split() if c in known)}
        for row in rows("asset_types.csv")
    ]
    write_table(folder / "asset_types.csv", [row for row in assets if row["items"]])
    shape = {"name": "default", "label": "事项清单", "code_pattern": "[A-H][0-9]{2}"}
    write_table(folder / "catalogues.csv", [shape | {"plain_day": "calendar_day"}])
    # Litter goes out by itself; anything else the centre sends.
    terms = [
        {"scope": "site", "code": "", "limit_table": "catalogue", "returns": 2, "dispatch": ""},
        {"scope": "item", "code": LITTER, "dispatch": "at_once"},
        {"scope": "item", "code": COVER, "dispatch": "at_once"},
    ]
    write_table(folder / "terms.csv", terms)
    packaged = Path("gridmap/routing/data/departments.csv")
    with (Path(__file__).parents[1] / packaged).open(encoding="utf-8") as file:
        bodies = list(csv.DictReader(file))
    own = [{"code": c, "name": n, "kind": "department"} for c, n in MORE.items()]
    write_table(folder / "departments.csv", [*bodies, *own])
    return folder


def first_items() -> list[str]:
    with (CATALOGUE / "catalogue.csv").open(encoding="utf-8") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    played = [LITTER, COVER, LAMP, "B01", "E09"]
    return sorted([*played, *[c for c in codes if c not in played][::3][: FIRST_ITEMS - 5]])


def people() -> dict[str, Any]:
    """The centre, everybody with whistle rights, each department, and who watches."""
    street = STREETS[0]
    found: dict[str, Any] = {
        "centre": grant("dispatcher"),
        "zhang": grant("dispatcher"),
        "street": grant("subdistrict_officer", over(f"subdistrict:{street}")),
        "community": grant("community_officer", over(f"community:{street}001")),
        "worker": grant("grid_worker", over(f"grid:{grids_of(street)[0]}")),
        "lead": grant("grid_lead", over(f"community:{street}001")),
        "delegate": grant("delegate"),
        "watch": grant("supervisor"),
        "admin": grant("admin"),
        "head": grant("leader"),
        "deputy": grant("leader"),
    }
    bodies = ["HW", "CG", "SZ", "YL", "SW", "ZJ", "GA", "JJ", "XF", "YJ", "SJ", "HB", "JT", "RS",
              "MZ", "CL", "JY", *MORE]  # fmt: skip
    return found | {code: grant("handler", of(code)) for code in bodies}
