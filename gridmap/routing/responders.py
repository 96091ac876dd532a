"""Who goes first: the worker on duty in the grid, whoever the owner is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from gridmap.places.model import Post
from gridmap.routing.explanation import Step
from gridmap.routing.territory import Territory

__all__ = ["FirstResponders"]

# At one area the worker goes before the lead, the area's own before one of many areas.
_ROLES = ("grid_worker", "grid_lead")
_KINDS = ("basic", "linked", "professional")

_NOBODY = Step("first_nobody")


class FirstResponders:
    """Finds the first responder of an area on a day.

    The finest area is asked first, then its parents; in each the basic worker, then other
    workers, then the lead.

    Parameters
    ----------
    posts : iterable of Post
        Of all roles; workers and leads count.
    territory : Territory
    """

    def __init__(self, posts: Iterable[Post], territory: Territory) -> None:
        self._territory = territory
        self._held: dict[int, list[Post]] = {}
        for post in posts:
            row = territory.row(post.level, post.area_code)
            if row is not None and post.role in _ROLES:
                self._held.setdefault(row, []).append(post)
        for held in self._held.values():
            held.sort(key=lambda p: (_ROLES.index(p.role), _KINDS.index(p.kind), p.code))
        self._asked: dict[int, list[tuple[Post, Step]]] = {}

    def at(self, row: int, day: date) -> tuple[str, Step]:
        """Return the code of the post that goes first, empty if none, and the reason."""
        posts = self._asked.get(row)
        if posts is None:
            posts = self._asked[row] = list(self._in_order(row))
        for post, step in posts:
            if post.on_duty(day):
                return post.code, step
        return "", _NOBODY

    def _in_order(self, row: int) -> Iterator[tuple[Post, Step]]:
        for up in self._territory.chain(row):
            area, area_en = self._territory.label(up)
            for post in self._held.get(up, ()):
                yield post, Step(f"first_{post.role}", {"area": area, "area_en": area_en})
