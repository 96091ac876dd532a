"""Reading a catalogue from its tables; every fault is located by file, row and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gridmap.errors import BadValue
from gridmap.routing.catalogue import (
    Catalogue,
    Emergency,
    EmergencyLine,
    HandlingLevel,
    Item,
    ItemClass,
    Limit,
    LimitUnit,
    LocationRule,
)
from gridmap.routing.departments import Departments, load_departments
from gridmap.tables import Row, Source, package_data, read_table

__all__ = ["load_catalogue"]

_REQUIRED = ("code", "name", "class_code", "level", "limit_unit", "location_rule")
_OPTIONAL = (
    "name_en",
    "department",
    "limit_amount",
    "co_departments",
    "emergency_call",
    "emergency_when",
    "note",
    "note_en",
)


def load_catalogue(
    folder: Path | None = None,
    *,
    name: str = "default",
    departments: Departments | None = None,
) -> Catalogue:
    """Read a catalogue from a folder of CSV tables.

    Parameters
    ----------
    folder : Path, optional
        Holds any of ``catalogue.csv``, ``classes.csv``, ``emergency_lines.csv`` and
        ``departments.csv``; what it lacks comes from the package, so a site that only has
        its own rescue numbers keeps one small file. None: the default catalogue.
    name : str
        Name of the catalogue in messages and explanations.
    departments : Departments, optional
        Bodies that items may name; read from the folder when None.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn
        When a file is not such a table.
    BadValue
        For a faulty cell; the message names file, row and column.
    """
    if folder is not None and not folder.is_dir():
        raise BadValue("A catalogue is a folder of CSV tables.", got=str(folder))
    known = departments or load_departments(_find(folder, "departments.csv"))
    classes = _read_classes(_find(folder, "classes.csv"))
    lines = _read_lines(_find(folder, "emergency_lines.csv"))
    items = _read_items(_find(folder, "catalogue.csv"), classes, lines, known)
    return Catalogue(name, items, classes.values(), lines.values())


def _find(folder: Path | None, name: str) -> Source:
    own = folder / name if folder is not None else None
    return own if own is not None and own.exists() else package_data("gridmap.routing", name)


def _read_classes(source: Source) -> dict[str, ItemClass]:
    seen: dict[str, int] = {}
    return {
        row.cells["code"]: ItemClass(
            row.unique("code", seen), row.text("name"), row.cells["name_en"]
        )
        for row in read_table(source, ("code", "name"), ("name_en",))
    }


def _read_lines(source: Source) -> dict[str, EmergencyLine]:
    seen: dict[str, int] = {}
    columns = ("name_en", "number", "note", "note_en")
    return {
        row.cells["code"]: EmergencyLine(
            row.unique("code", seen), row.text("name"), *(row.cells[c] for c in columns)
        )
        for row in read_table(source, ("code", "name"), columns)
    }


def _read_items(
    source: Source,
    classes: Mapping[str, ItemClass],
    lines: Mapping[str, EmergencyLine],
    departments: Departments,
) -> list[Item]:
    seen: dict[str, int] = {}
    return [
        Item(
            code=_item_code(row, seen, classes),
            name=row.text("name"),
            name_en=row.cells["name_en"],
            class_code=row.text("class_code"),
            department=_lead(row, departments),
            level=row.choice("level", HandlingLevel),
            limit=_limit(row),
            location_rule=row.choice("location_rule", LocationRule),
            co_departments=_co_departments(row, departments),
            emergency=_emergency(row, lines),
            note=row.cells["note"],
            note_en=row.cells["note_en"],
        )
        for row in read_table(source, _REQUIRED, _OPTIONAL)
    ]


def _item_code(row: Row, seen: dict[str, int], classes: Mapping[str, ItemClass]) -> str:
    code = row.unique("code", seen)
    if not re.fullmatch(r"\d{4}", code):
        row.refuse("code", "is not four digits (a spreadsheet drops a leading zero)")
    if row.text("class_code") not in classes:
        row.refuse("class_code", "names no class", allowed=sorted(classes))
    if code[:2] != row.cells["class_code"]:
        row.refuse("code", f"does not begin with its class {row.cells['class_code']}")
    return code


def _lead(row: Row, departments: Departments) -> str | None:
    code = row.cells["department"]
    if code:
        return _department(row, "department", code, departments)
    if row.cells["location_rule"] != LocationRule.ASSET_OWNER:
        row.refuse("department", "may be empty only where the asset owner leads (rule O)")
    return None


def _co_departments(row: Row, departments: Departments) -> tuple[str, ...]:
    codes = [code for code in re.split(r"[\s,;、，；]+", row.cells["co_departments"]) if code]
    for code in codes:
        _department(row, "co_departments", code, departments)
    if len({*codes, row.cells["department"]}) <= len(codes):
        row.refuse("co_departments", "names a department twice, or the lead")
    return tuple(codes)


def _department(row: Row, column: str, code: str, departments: Departments) -> str:
    if code not in departments:
        row.refuse(column, "names no department", allowed=list(departments))
    return code


def _limit(row: Row) -> Limit:
    unit = row.choice("limit_unit", LimitUnit)
    text = row.cells["limit_amount"]
    try:
        return Limit(float(text) if text else None, unit)
    except (ValueError, BadValue):
        row.refuse(
            "limit_amount",
            f"is no limit in {unit.value}",
            allowed="nothing for managed; else more than 0, at most ten years, whole days",
        )


def _emergency(row: Row, lines: Mapping[str, EmergencyLine]) -> Emergency | None:
    call, when = row.cells["emergency_call"], row.cells["emergency_when"]
    if not call:
        if when:
            row.refuse("emergency_when", "is filled without a line to call")
        return None
    if call not in lines:
        row.refuse("emergency_call", "names no emergency line", allowed=sorted(lines))
    if when not in {"always", "danger"}:
        row.refuse("emergency_when", "has an unknown value", allowed=["always", "danger"])
    return Emergency(lines[call], when == "always")
