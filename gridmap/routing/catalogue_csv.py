"""Reading a catalogue from its tables; every fault is located by file, row and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gridmap.errors import BadValue
from gridmap.routing.catalogue import (
    Catalogue,
    CodeShape,
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
from gridmap.routing.rule_tables import SITE, RuleTables, load_rule_tables
from gridmap.tables import Row, Source, Table, read_table

__all__ = ["load_catalogue", "read_catalogue"]

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

# Printed without saying which days are meant.
_PLAIN_DAY = {"day", "天"}


def load_catalogue(
    folder: Path | None = None,
    *,
    name: str = "default",
    departments: Departments | None = None,
) -> Catalogue:
    """Read a catalogue from a folder of tables.

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
    return read_catalogue(load_rule_tables(folder), name=name, departments=departments)


def read_catalogue(
    tables: RuleTables,
    *,
    name: str = SITE,
    departments: Departments | None = None,
    shapes: Table | None = None,
) -> Catalogue:
    """Return the catalogue of a set of tables; parameters and errors as of `load_catalogue`.

    Parameters
    ----------
    tables : RuleTables
        Those of one catalogue, under their plain names.
    shapes : Table, optional
        The site's table ``catalogues``; taken from `tables` when None.
    """
    known = departments or load_departments(tables["departments"])
    shape = _shape(shapes or tables.get("catalogues"), name)
    classes = _read_classes(tables["classes"])
    lines = _read_lines(tables["emergency_lines"])
    items = _read_items(tables["catalogue"], classes, lines, known, shape)
    return Catalogue(name, items, classes.values(), lines.values(), shape)


def _shape(source: Table | None, name: str) -> CodeShape:
    """Read the row of a catalogue from ``catalogues``, by default four digits."""
    found = CodeShape()
    if source is None:
        return found
    seen: dict[str, int] = {}
    optional = ("label", "label_en", "code_pattern", "class_prefix", "plain_day")
    for row in read_table(source, ("name",), optional):
        if row.unique("name", seen) != name:
            continue
        pattern = row.cells["code_pattern"] or found.pattern
        try:
            re.compile(pattern)
        except re.error as error:
            row.refuse("code_pattern", f"is no regular expression: {error}")
        prefix = row.cells["class_prefix"] or "yes"
        if prefix not in {"yes", "no"}:
            row.refuse("class_prefix", "has an unknown value", allowed=["yes", "no"])
        unit = LimitUnit.CALENDAR_DAY
        if row.cells["plain_day"]:
            unit = row.choice("plain_day", LimitUnit)
        if unit not in {LimitUnit.CALENDAR_DAY, LimitUnit.WORKING_DAY}:
            row.refuse("plain_day", "is no day", allowed=["calendar_day", "working_day"])
        found = CodeShape(pattern, prefix == "yes", unit, row.cells["label"], row.cells["label_en"])
    return found


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
    shape: CodeShape,
) -> list[Item]:
    seen: dict[str, int] = {}
    return [
        Item(
            code=_item_code(row, seen, classes, shape),
            name=row.text("name"),
            name_en=row.cells["name_en"],
            class_code=row.text("class_code"),
            department=_lead(row, departments),
            level=row.choice("level", HandlingLevel),
            limit=_limit(row, shape),
            location_rule=row.choice("location_rule", LocationRule),
            co_departments=_co_departments(row, departments),
            emergency=_emergency(row, lines),
            note=row.cells["note"],
            note_en=row.cells["note_en"],
        )
        for row in read_table(source, _REQUIRED, _OPTIONAL)
    ]


def _item_code(
    row: Row, seen: dict[str, int], classes: Mapping[str, ItemClass], shape: CodeShape
) -> str:
    code = row.unique("code", seen)
    if not re.fullmatch(shape.pattern, code):
        row.refuse(
            "code",
            "has not the shape of the catalogue's codes (a spreadsheet drops a leading zero)",
            allowed=shape.pattern,
        )
    if row.text("class_code") not in classes:
        row.refuse("class_code", "names no class", allowed=sorted(classes))
    if not shape.fits(code, row.cells["class_code"]):
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


def _limit(row: Row, shape: CodeShape) -> Limit:
    plain = row.cells["limit_unit"] in _PLAIN_DAY
    unit = shape.plain_day if plain else row.choice("limit_unit", LimitUnit)
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
