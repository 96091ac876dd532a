"""Where somebody may act, and what an action is about: areas and departments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gridmap.errors import BadValue

__all__ = ["ANYTHING", "EVERYWHERE", "Scope", "Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action is about.

    Attributes
    ----------
    areas : mapping of level to code
        The areas that hold it, one a level, as reports and places carry them.
    departments : collection of str
        The lead, the co-departments, and who was called by a whistle.
    """

    areas: Mapping[str, str] = field(default_factory=dict)
    departments: Collection[str] = ()

    @classmethod
    def of_report(cls, record: Mapping[str, Any]) -> Subject:
        """Return what a report's record (stored or shown) is about."""
        codes = record.get("codes") if "areas" not in record else record["areas"]
        bodies = (record.get("department"), *(record.get("co_departments") or ()))
        return cls(dict(codes or {}), tuple(code for code in bodies if code))


# Of no place and no department: only who acts everywhere is within reach of it.
ANYTHING = Subject()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a role holds. An empty part does not narrow; with both parts, both must hold.

    Attributes
    ----------
    areas : frozenset of (level, code)
        Any one of them has to hold the subject. A subject without areas is in none.
    departments : frozenset of str
        Any one of them has to be among the subject's.
    """

    areas: frozenset[tuple[str, str]] = frozenset()
    departments: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, areas: Iterable[str] = (), departments: Iterable[str] = ()) -> Scope:
        """Return a scope from texts: areas as ``level:code``, departments by code."""
        return cls(frozenset(map(_area, areas)), frozenset(departments))

    @property
    def is_everywhere(self) -> bool:
        """True when nothing narrows it."""
        return not self.areas and not self.departments

    def holds(self, subject: Subject) -> bool:
        """True when the subject lies within."""
        if self.areas and not any(subject.areas.get(lv) == code for lv, code in self.areas):
            return False
        return not self.departments or not self.departments.isdisjoint(subject.departments)

    def __str__(self) -> str:
        named = [f"{level}:{code}" for level, code in sorted(self.areas)]
        return ", ".join([*named, *sorted(self.departments)]) or "everywhere"


EVERYWHERE = Scope()


def _area(text: str) -> tuple[str, str]:
    level, found, code = text.partition(":")
    if not (found and level and code):
        raise BadValue(
            "This does not name an area.", got=text, allowed="LEVEL:CODE, as in grid:990101009004"
        )
    return level, code
