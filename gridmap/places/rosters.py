"""The rule of rosters: one worker one grid, one professional many grids, one grid many members."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from gridmap.access import Actor, visible_records
from gridmap.places.model import POST_MODES, Post

__all__ = [
    "BOARD_ROLES",
    "POST_MODES",
    "at_rest",
    "posts_for",
    "roster_clashes",
    "roster_conflicts",
    "seen_posts",
    "switched",
]

# Who stands on a public board, in this order. Volunteers and leads of buildings do not: their
# numbers are their own.
BOARD_ROLES = (
    "grid_lead",
    "grid_worker",
    "estate_secretary",
    "posted_worker",
    "property_manager",
    "police_officer",
)

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


def roster_clashes(posts: Sequence[Post], stored: Iterable[Post]) -> list[tuple[int, Post, str]]:
    """Return which posts that come in cannot be held beside stored ones.

    Parameters
    ----------
    posts : sequence of Post
    stored : iterable of Post
        Those with the code of one of `posts` are replaced by it, and count no more.

    Returns
    -------
    list of (int, Post, str)
        Position in `posts`, the stored post, and the rule as in :func:`roster_conflicts`.
    """
    own = {post.code for post in posts}
    kept = [post for post in stored if post.code not in own]
    return [
        (second - len(kept), kept[first], rule)
        for first, second, rule in roster_conflicts([*kept, *posts])
        if first < len(kept) <= second
    ]


def posts_for(
    posts: Iterable[Mapping[str, Any]], areas: Container[tuple[str, str]], estate: str = ""
) -> list[Mapping[str, Any]]:
    """Return the posts that are for somebody who lives in some areas and in an estate.

    Those of the estate itself; in roles that it has none in, those of the areas. Who is there
    for another estate is left out.

    Parameters
    ----------
    posts : iterable of mappings
        ``level``, ``area_code``, ``role``, ``estate_code``.
    areas : container of (level, code)
    estate : str
        Code; empty for somebody who lives in none.
    """
    own, others = [], []
    for post in posts:
        about = post.get("estate_code") or ""
        if about and about == estate:
            own.append(post)
        elif not about and (post["level"], post["area_code"]) in areas:
            others.append(post)
    roles = {post["role"] for post in own}
    return own + [post for post in others if post["role"] not in roles]


def seen_posts(actor: Actor, posts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return posts with the fields that an actor may see.

    Who is not staff sees the telephone numbers of those alone who stand on a public board.
    """
    seen = visible_records(actor, "rosters", posts)
    if actor.is_staff:
        return seen
    return [post if post.get("role") in BOARD_ROLES else post | {"work_phone": ""} for post in seen]


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


def at_rest(
    rows: Iterable[Mapping[str, Any]], stored: Iterable[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield posts that come in, at rest where the other roster of their area holds.

    An area is in an emergency while a stored post of that mode is held there, or one of
    ordinary times rests for it; otherwise in ordinary times. What stands with a post about the
    last switch stays while the switch does.
    """
    known = {post["code"]: post for post in stored}
    urgent = {
        (post["level"], post["area_code"])
        for post in known.values()
        if (post["mode"] == "emergency" and not post["rests"]) or post["rests"] == "emergency"
    }
    for row in rows:
        mode = row.get("mode") or ""
        now = "emergency" if (row.get("level"), row.get("area_code")) in urgent else "routine"
        rests = "" if mode in {"", now} else now
        before = known.get(row.get("code"))
        kept = before["switched"] if before is not None and before["rests"] == rests else ""
        yield {**row, "mode": mode, "rests": rests, "switched": kept}


def switched(posts: Iterable[Mapping[str, Any]], mode: str, said: str) -> Iterator[dict[str, Any]]:
    """Yield those of some posts that begin or cease to be held in a mode."""
    for post in posts:
        rests = "" if post["mode"] in {"", mode} else mode
        if rests != post["rests"]:
            yield {**post, "rests": rests, "switched": said}


def _meet(a: Post, b: Post) -> bool:
    """True when both are held on some day, and not each in a roster of its own."""
    if a.mode and b.mode and a.mode != b.mode:
        return False
    starts = max(a.valid_from or date.min, b.valid_from or date.min)
    return starts < min(a.valid_to or date.max, b.valid_to or date.max)
