"""Who goes first, whoever the owner is: the grid's worker, or a professional posted there.

A department posts professionals to grids, one to many: what is its own work is looked at by
somebody who knows it. Everything else is looked at by the grid's own worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from gridmap.places.model import Post
from gridmap.routing.explanation import Step
from gridmap.routing.parties import Parties
from gridmap.routing.territory import Territory

__all__ = ["FirstResponders"]

# At one area the worker goes before the lead, the area's own before one of many areas.
_ROLES = ("grid_worker", "grid_lead")
_KINDS = ("basic", "linked", "professional")
_PROFESSIONAL = "professional_worker"

_NOBODY = Step("first_nobody")


class FirstResponders:
    """Finds the first responder of an area on a day.

    A professional of the item's department goes first where one is posted, in the finest area
    or in one above it. Else the finest area is asked first, then its parents; in each the
    basic worker, then other workers, then the lead.

    Parameters
    ----------
    posts : iterable of Post
        Of all roles; workers, leads and professionals with a department count.
    territory : Territory
    parties : Parties, optional
        For the names of departments in the reason.

    Attributes
    ----------
    departments : set of str
        Those that have professionals posted.
    """

    def __init__(
        self, posts: Iterable[Post], territory: Territory, parties: Parties | None = None
    ) -> None:
        self._territory = territory
        self._parties = parties or Parties(())
        self._held: dict[int, list[Post]] = {}
        self._posted: dict[tuple[int, str], list[Post]] = {}
        for post in posts:
            row = territory.row(post.level, post.area_code)
            if row is None:
                continue
            if post.role in _ROLES:
                self._held.setdefault(row, []).append(post)
            elif post.role == _PROFESSIONAL and post.department:
                self._posted.setdefault((row, post.department), []).append(post)
        for held in self._held.values():
            held.sort(key=lambda p: (_ROLES.index(p.role), _KINDS.index(p.kind), p.code))
        for posted in self._posted.values():
            posted.sort(key=lambda p: p.code)
        self.departments = {department for _, department in self._posted}
        self._asked: dict[int, list[tuple[Post, Step]]] = {}

    def at(self, row: int, day: date, department: str | None = None) -> tuple[str, Step]:
        """Return the code of the post that goes first, empty if none, and the reason.

        `department` is that of the item.
        """
        if department in self.departments:
            posted = self._professional(row, day, department)
            if posted is not None:
                return posted
        posts = self._asked.get(row)
        if posts is None:
            posts = self._asked[row] = list(self._in_order(row))
        for post, step in posts:
            if post.on_duty(day):
                return post.code, step
        return "", _NOBODY

    def _professional(self, row: int, day: date, department: str) -> tuple[str, Step] | None:
        for up in self._territory.chain(row):
            for post in self._posted.get((up, department), ()):
                if post.on_duty(day):
                    area, area_en = self._territory.label(up)
                    named = {"area": area, "area_en": area_en, **self._label(department)}
                    return post.code, Step("first_professional", named)
        return None

    def _label(self, department: str) -> dict[str, str]:
        named = self._parties.named((department,), "department")
        return {"department": named["department"], "department_en": named["department_en"]}

    def _in_order(self, row: int) -> Iterator[tuple[Post, Step]]:
        for up in self._territory.chain(row):
            area, area_en = self._territory.label(up)
            for post in self._held.get(up, ()):
                yield post, Step(f"first_{post.role}", {"area": area, "area_en": area_en})
