"""The rule of rosters: one worker one grid, one professional many grids, one grid many members."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from gridmap.places.model import Post

__all__ = ["roster_conflicts"]

Key = Callable[[Post], tuple[str, ...]]


def roster_conflicts(posts: Sequence[Post]) -> list[tuple[int, int, str]]:
    """Return pairs of basic posts that cannot both be held.

    A basic post is the only one of its person, and the only one of its area and role, on every
    day on which it is held. Professional and linked posts are not restricted.

    Parameters
    ----------
    posts : sequence of Post

    Returns
    -------
    list of (int, int, str)
        Positions of the earlier and the later post in `posts`, and ``person`` or ``area``.
    """
    found = [
        (first, second, rule)
        for rule, key in (("person", _person), ("area", _area))
        for first, second in _overlapping(posts, key)
    ]
    return sorted(found, key=lambda pair: (pair[1], pair[0], pair[2]))


def _person(post: Post) -> tuple[str, ...]:
    return (post.person,)


def _area(post: Post) -> tuple[str, ...]:
    return post.level, post.area_code, post.role


def _overlapping(posts: Sequence[Post], key: Key) -> Iterator[tuple[int, int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, post in enumerate(posts):
        if post.kind == "basic":
            groups.setdefault(key(post), []).append(i)
    for members in groups.values():
        for at, second in enumerate(members):
            for first in members[:at]:
                if _meet(posts[first], posts[second]):
                    yield first, second


def _meet(a: Post, b: Post) -> bool:
    """True when both are held on some day."""
    starts = max(a.valid_from or date.min, b.valid_from or date.min)
    return starts < min(a.valid_to or date.max, b.valid_to or date.max)
