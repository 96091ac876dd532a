"""Cases that a leader manages (包案): who leads, at which level, and why it is said."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gridmap.places.model import POST_ROLES
from gridmap.routing.catalogue import HandlingLevel
from gridmap.routing.explanation import Step
from gridmap.routing.terms import Term

if TYPE_CHECKING:
    from gridmap.routing.answers import Answers

__all__ = ["managing", "raised"]

# A managed case is lifted a level; there is none above several departments.
_RAISED = {
    HandlingLevel.GRID: HandlingLevel.STREET,
    HandlingLevel.STREET: HandlingLevel.WHISTLE,
    HandlingLevel.WHISTLE: HandlingLevel.WHISTLE,
}


def raised(term: Term, level: HandlingLevel) -> HandlingLevel:
    """Return the level at which an item of a level is handled under its term."""
    return _RAISED[level] if term.managed else level


def managing(
    answers: Answers, term: Term, level: HandlingLevel, day: date
) -> tuple[str, tuple[Step, ...]]:
    """Return the post that manages the cases of a term on a day, and the steps that say so.

    The post's code is empty where nobody manages them; `level` is that of the item.
    """
    if not term.managed:
        return "", ()
    above = raised(term, level)
    moved = (Step("level_raised", {"old": level.value, "new": above.value}),)
    steps = moved if above is not level else ()
    post = answers.posts.get(term.leader)
    if post is None or not post.on_duty(day):
        return "", (Step("managed_unnamed"), *steps)
    row = answers.territory.row(post.level, post.area_code)
    area, area_en = ("", "") if row is None else answers.territory.label(row)
    role, role_en = POST_ROLES[post.role]
    named = {"area": area, "area_en": area_en, "role": role, "role_en": role_en.lower()}
    return post.code, (Step("managed_by", named), *steps)
