"""The catalogue: what can be reported, whose it is, and within which time.

Items, classes and emergency lines are data. The default catalogue has 100 items in 12
classes; a site keeps its own tables in a folder and loads them beside or instead of it.
Catalogues are plain values: any number can be loaded side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from gridmap.errors import BadCode, BadValue

__all__ = [
    "Catalogue",
    "CodeShape",
    "Emergency",
    "EmergencyLine",
    "HandlingLevel",
    "Item",
    "ItemClass",
    "Limit",
    "LimitUnit",
    "LocationRule",
]

_TEN_YEARS_OF_HOURS = 87_600.0


class HandlingLevel(StrEnum):
    """Who can close the case: the grid, the sub-district, or several departments (whistle)."""

    GRID = "G"
    STREET = "S"
    WHISTLE = "X"


class LocationRule(StrEnum):
    """How the place changes the owner of an item."""

    FIXED = "F"
    TERRITORY = "N"
    ESTATE_OR_ROAD = "P"
    ROAD_CLASS = "R"
    ASSET_OWNER = "O"
    WATER_SEGMENT = "W"
    GREEN_OWNER = "K"
    CONSTRUCTION_SITE = "S"
    EXCLUSIVE_UNIT = "E"


class LimitUnit(StrEnum):
    """What a time limit counts; the letter of the printed catalogue stands beside it."""

    CLOCK_HOUR = "clock_hour"  # H
    WORKING_HOUR = "working_hour"  # h
    WORKING_DAY = "working_day"  # d
    CALENDAR_DAY = "calendar_day"  # D
    MANAGED = "managed"  # C: a named leader manages the case, no fixed limit


@dataclass(frozen=True, slots=True)
class Limit:
    """Time allowed for an item.

    Attributes
    ----------
    amount : float or None
        Hours or days, more than zero; days are whole. None only for `MANAGED`.
    unit : LimitUnit
    """

    amount: float | None
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.unit is LimitUnit.MANAGED:
            if self.amount is not None:
                raise BadValue("A managed case has no time limit.", got=self.amount)
            return
        days = self.unit in {LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY}
        most = _TEN_YEARS_OF_HOURS / 24 if days else _TEN_YEARS_OF_HOURS
        # "not (a <= b)" also refuses NaN.
        if self.amount is None or not 0 < self.amount <= most or (days and self.amount % 1):
            raise BadValue(
                "This time limit is not usable.",
                got=f"{self.amount} {self.unit.value}",
                allowed="more than 0, at most ten years, whole days",
            )


@dataclass(frozen=True, slots=True)
class EmergencyLine:
    """A telephone line to call before anything else.

    Attributes
    ----------
    code : str
        ``110`` or a name such as ``gas_rescue``.
    name, name_en : str
    number : str
        Empty where it differs from town to town and the site has not filled it in; `note`
        then says where to find it.
    note, note_en : str
    """

    code: str
    name: str
    name_en: str
    number: str
    note: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Emergency:
    """Which line an item needs, and whether always or only when somebody is in danger."""

    line: EmergencyLine
    always: bool


@dataclass(frozen=True, slots=True)
class ItemClass:
    """One class of items."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be reported.

    Attributes
    ----------
    code : str
        In the shape that its catalogue has; by default class and number in it, four digits.
    name, name_en : str
    class_code : str
    department : str or None
        Code of the lead department; None where the asset register alone knows the owner.
    level : HandlingLevel
    limit : Limit
    location_rule : LocationRule
    co_departments : tuple of str
        Codes of the departments that act with the lead.
    emergency : Emergency or None
    note, note_en : str
        Division of labour that the district may wish to change.
    """

    code: str
    name: str
    name_en: str
    class_code: str
    department: str | None
    level: HandlingLevel
    limit: Limit
    location_rule: LocationRule
    co_departments: tuple[str, ...] = ()
    emergency: Emergency | None = None
    note: str = ""
    note_en: str = ""

    def national_code(self, county: str) -> str:
        """Return the ten-digit form: six digits of the county, then the item's four.

        Raises
        ------
        BadCode
            For another county code, and for an item whose code has not four digits.
        """
        if not re.fullmatch(r"\d{4}", self.code):
            raise BadCode("Only an item's code of four digits has a national form.", got=self.code)
        if not re.fullmatch(r"\d{6}", county):
            raise BadCode("A county code has six digits.", got=county)
        return county + self.code


@dataclass(frozen=True, slots=True)
class CodeShape:
    """What the codes and limits of one catalogue look like.

    Attributes
    ----------
    pattern : str
        Regular expression that every item's code matches as a whole.
    class_prefix : bool
        Codes begin with that of their class.
    plain_day : LimitUnit
        What a limit printed as plain days (天) counts: calendar days or working days.
    label, label_en : str
        What people call the catalogue.
    """

    pattern: str = r"[0-9]{4}"
    class_prefix: bool = True
    plain_day: LimitUnit = LimitUnit.CALENDAR_DAY
    label: str = ""
    label_en: str = ""

    def fits(self, code: str, class_code: str) -> bool:
        """True when a code can be an item's in a class."""
        begins = not self.class_prefix or code.startswith(class_code)
        return begins and re.fullmatch(self.pattern, code) is not None


_Coded = TypeVar("_Coded", Item, ItemClass, EmergencyLine)


class Catalogue:
    """An immutable set of items, looked up by code.

    Parameters
    ----------
    name : str
        Names the catalogue in messages and explanations.
    items : iterable of Item
    classes : iterable of ItemClass
    lines : iterable of EmergencyLine
    shape : CodeShape, optional
    """

    __slots__ = ("_by_code", "classes", "lines", "name", "shape")

    def __init__(
        self,
        name: str,
        items: Iterable[Item],
        classes: Iterable[ItemClass],
        lines: Iterable[EmergencyLine] = (),
        shape: CodeShape | None = None,
    ) -> None:
        self.name = name
        self.shape = shape or CodeShape()
        self._by_code: Mapping[str, Item] = _by_code(items)
        self.classes: Mapping[str, ItemClass] = _by_code(classes)
        self.lines: Mapping[str, EmergencyLine] = _by_code(lines)
        for item in self:
            if not self.shape.fits(item.code, item.class_code):
                raise BadCode(
                    "An item's code has not the shape of its catalogue.",
                    got=f"{item.code} in class {item.class_code}",
                    allowed=self.shape.pattern,
                )
            if item.class_code not in self.classes:
                raise BadCode("An item names no known class.", got=item.class_code)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __repr__(self) -> str:
        return f"Catalogue({self.name!r}, {len(self)} items)"

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes in the order of the table."""
        return tuple(self._by_code)

    def item(self, code: str) -> Item:
        """Return the item of a code.

        Raises
        ------
        BadCode
            When there is none; the message names items with a similar code or name. Codes
            are never guessed: ``101`` for ``0101`` is refused with the suggestion.
        """
        try:
            return self._by_code[code.strip()]
        except (KeyError, AttributeError):
            raise BadCode(
                f"The catalogue '{self.name}' has no item of that code.",
                got=repr(code),
                allowed=self._near(str(code).strip())
                or f"{len(self)} codes such as {next(iter(self._by_code), '')}",
                repair="Give the code as text, with its leading zeros.",
            ) from None

    def in_class(self, class_code: str) -> tuple[Item, ...]:
        """Return the items of a class, none for an unknown one."""
        return tuple(item for item in self if item.class_code == class_code)

    def _near(self, text: str) -> list[str]:
        names = {item.name: item.code for item in self}
        bare = text.removesuffix(".0")
        near = [code for code in self._by_code if bare and code.lstrip("0") == bare.lstrip("0")]
        near += [names[name] for name in get_close_matches(text, names, 3, 0.5)]
        near += get_close_matches(text, self._by_code, 3, 0.7)
        return [f"{code} {self._by_code[code].name}" for code in dict.fromkeys(near)]


def _by_code(things: Iterable[_Coded]) -> Mapping[str, _Coded]:
    found: dict[str, _Coded] = {}
    for thing in things:
        if thing.code in found:
            raise BadCode("A code is used twice.", got=thing.code)
        found[thing.code] = thing
    return MappingProxyType(found)
