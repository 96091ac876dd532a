"""Departments and other bodies that catalogue items are given to.

The default list reads "16 departments, 5 utilities" like this: CG, SZ, YL, SW, ZJ, GA, JJ,
XF, YJ, SJ, HB, JT, RS, MZ, CL and JY are the sixteen, each with a seat of its own; HW
(sanitation) is a service unit under CG, which it is in most cities, and still takes its own
orders; DL, GS, RQ, RL and TX are the utilities. JD, SQ and WY stand for the sub-district
office, the community committee and the property firm of the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from gridmap.errors import BadCode, BadValue
from gridmap.tables import Source, package_data, read_table

__all__ = ["Department", "DepartmentKind", "Departments", "NoSuchDepartment", "load_departments"]


class DepartmentKind(StrEnum):
    """What sort of body it is; the last three exist once a place, not once a district."""

    DEPARTMENT = "department"
    SERVICE_UNIT = "service_unit"
    UTILITY = "utility"
    SUBDISTRICT = "subdistrict"
    COMMUNITY = "community"
    PROPERTY = "property"


_BY_PLACE = {DepartmentKind.SUBDISTRICT, DepartmentKind.COMMUNITY, DepartmentKind.PROPERTY}


@dataclass(frozen=True, slots=True)
class Department:
    """A body, or a kind of body, that a report can be given to.

    Attributes
    ----------
    code : str
        Short code that the catalogue uses.
    name, name_en : str
    kind : DepartmentKind
    parent : str
        Code of the department it is part of, empty for none.
    """

    code: str
    name: str
    name_en: str
    kind: DepartmentKind
    parent: str = ""

    @property
    def by_place(self) -> bool:
        """True when which body is meant depends on the place."""
        return self.kind in _BY_PLACE


class NoSuchDepartment(BadCode, KeyError):
    """No department has that code; also a `KeyError`, so that ``get`` and ``in`` work."""


class Departments(Mapping[str, Department]):
    """Departments by code, in the order of their table."""

    __slots__ = ("_by_code",)

    def __init__(self, departments: Iterable[Department]) -> None:
        self._by_code: dict[str, Department] = {}
        for department in departments:
            if department.code in self._by_code:
                raise BadValue("A department is listed twice.", got=department.code)
            self._by_code[department.code] = department

    def __getitem__(self, code: str) -> Department:
        try:
            return self._by_code[code]
        except KeyError:
            near = get_close_matches(str(code).upper(), self._by_code, 3, 0.5)
            raise NoSuchDepartment(
                "No department has that code.", got=code, allowed=near or sorted(self._by_code)
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def of_kind(self, kind: DepartmentKind) -> tuple[Department, ...]:
        """Return the departments of one kind."""
        return tuple(d for d in self._by_code.values() if d.kind is kind)


def load_departments(source: Source | None = None) -> Departments:
    """Read departments from CSV (``code,name,name_en,kind,parent``), the default list if None.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn
        When the file is not such a table.
    BadValue
        For a faulty cell; the message names file, row and column.
    """
    rows = list(
        read_table(
            source or package_data("gridmap.routing", "departments.csv"),
            ("code", "name", "kind"),
            ("name_en", "parent"),
        )
    )
    seen: dict[str, int] = {}
    listed = [
        Department(
            row.unique("code", seen),
            row.text("name"),
            row.cells["name_en"],
            row.choice("kind", DepartmentKind),
            row.cells["parent"],
        )
        for row in rows
    ]
    for row in rows:
        if row.cells["parent"] and row.cells["parent"] not in seen:
            row.refuse("parent", "names no department of this table", allowed=sorted(seen))
    return Departments(listed)
