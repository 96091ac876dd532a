"""Editions: dated sets of boundaries, drafts until they are published, then never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridmap.coverage.families import BASE
from gridmap.errors import BadValue

__all__ = ["Edition", "EditionState", "check_name", "in_succession"]

_MAX_NAME = 100


class EditionState(StrEnum):
    """Where an edition stands.

    `DRAFT` may be written to; `PUBLISHED` is in force from its date until the next one's;
    `RETIRED` was published and withdrawn before its date: kept, unchanged, never in force.
    An edition that has been in force is never retired, for its answers stay true; it is
    followed by another one.
    """

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition, without its areas.

    Attributes
    ----------
    id : int
        Opaque, never reused.
    name : str
        Unique in the store.
    state : EditionState
    effective_from : datetime or None
        First moment it is in force, aware, UTC; None for a draft.
    effective_to : datetime or None
        First moment it is no longer in force: the `effective_from` of the next published
        edition of its family. None for the last one, for drafts and for retired editions.
    created_at, created_by, published_at, published_by
        When (aware, UTC) and by whom; None until published.
    accepted_faults : str or None
        Why it was published although the audit found faults; None when it was clean.
    content_hash : str or None
        Fingerprint of its areas, known once published.
    based_on : str or None
        Name of the edition it was drawn from.
    areas : int
        Number of areas at all levels.
    levels : tuple of str
        Names of the levels it has areas at, coarse to fine.
    family : str
        Name of the family of grids it belongs to; ``base`` for the grids reports are routed by.
    restores : str or None
        Name of the former edition that it put in force again, area by area.
    published_why, backdated_why : str or None
        Why it was put in force; why from a date that was past already.
    retired_at, retired_by, retired_why
        When (aware, UTC), by whom and why it was withdrawn; None unless retired.
    reports_policy : str
        ``keep`` or ``migrate``: what became of open reports whose area it changed.
    route_check : str or None
        What the proof of routes found when it was published; None when there was none.
    """

    id: int
    name: str
    state: EditionState
    effective_from: datetime | None
    effective_to: datetime | None
    created_at: datetime
    created_by: str
    published_at: datetime | None = None
    published_by: str | None = None
    accepted_faults: str | None = None
    content_hash: str | None = None
    based_on: str | None = None
    areas: int = 0
    levels: tuple[str, ...] = ()
    family: str = BASE
    restores: str | None = None
    published_why: str | None = None
    backdated_why: str | None = None
    retired_at: datetime | None = None
    retired_by: str | None = None
    retired_why: str | None = None
    reports_policy: str = "keep"
    route_check: str | None = None

    @property
    def is_draft(self) -> bool:
        """True while it may still be written to."""
        return self.state is EditionState.DRAFT

    def in_force(self, moment: datetime) -> bool:
        """True when it is published and `moment` (aware) is within its validity."""
        return (
            self.state is EditionState.PUBLISHED
            and self.effective_from is not None
            and self.effective_from <= moment
            and (self.effective_to is None or moment < self.effective_to)
        )


def check_name(name: str) -> None:
    """Raise `BadValue` unless `name` can be the name of an edition."""
    if not name or name != name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise BadValue(
            "This cannot be the name of an edition.",
            got=repr(name),
            allowed=f"1 to {_MAX_NAME} printable characters, no spaces around them",
        )


def in_succession(known: Iterable[Edition], family: str) -> list[Edition]:
    """Return a family's published editions in the order in which they follow each other."""
    dated = [
        (edition.effective_from, edition)
        for edition in known
        if edition.family == family
        and edition.state is EditionState.PUBLISHED
        and edition.effective_from is not None
    ]
    return [edition for _, edition in sorted(dated, key=lambda pair: pair[0])]
