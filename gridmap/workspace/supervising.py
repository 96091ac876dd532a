"""Supervision orders: issued, answered, closed, printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gridmap.access import Action, Actor, Subject, reach
from gridmap.cases import supervision
from gridmap.cases.notices import NoticeKind
from gridmap.cases.supervision import Supervision
from gridmap.errors import NotAllowed, Stale
from gridmap.times import parse_when, to_site
from gridmap.workspace.addressed import concerned, may_as_addressed
from gridmap.workspace.telling import Telling

__all__ = ["Supervising"]


class Supervising(Telling):
    """What those who supervise demand of a department, and what it answers."""

    def issue_supervision(
        self,
        *,
        department: str,
        subject: str,
        demands: str,
        reply_by: str | datetime,
        number: int | None = None,
        copies: Sequence[str] = (),
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Issue a supervision order under the next number of the year, and return it.

        Parameters
        ----------
        department : str
            The addressee.
        reply_by : str or datetime
            Without an offset local time of the site.
        number : int, optional
            The order it is about, within the actor's reach.
        copies : sequence of str
            Departments that get a copy.
        """
        who = self._may(actor, Action.SUPERVISION_ISSUE, Subject({}, (department,)))
        self._known_bodies([department, *copies])
        if number is not None:
            self._may(who, Action.ORDER_READ, self._subject(self.store.order(number)))
        now = self.clock()
        one = supervision.issued(
            year=to_site(now, self.zone).year,
            department=department,
            subject=subject,
            demands=demands,
            reply_by=parse_when(reply_by, self.zone),
            by=who.name,
            at=now,
            number=number,
            copies=tuple(copies),
        )
        stored = self.store.add_supervision(
            one,
            lambda s: (supervision.told(s, NoticeKind.SUPERVISION), [supervision.job_of(s)]),
        )
        return self._supervision_shown(stored, lang)

    def answer_supervision(
        self,
        key: int,
        reply: str,
        *,
        version: int | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Record what the addressee put right."""
        who = self._addressed(key, Action.SUPERVISION_ANSWER, actor)
        changed = self.store.change_supervision(
            key,
            "supervision.answer",
            lambda s, now: supervision.answered(
                _fresh(s, version), reply=reply, by=who.name, at=now
            ),
            lambda s: (supervision.told(s, NoticeKind.SUPERVISION_REPLY), []),
        )
        return self._supervision_shown(changed, lang)

    def refuse_supervision(
        self,
        key: int,
        why: str,
        reply_by: str | datetime,
        *,
        version: int | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Send a reply back that does not do; another is due by a new time."""
        self._addressed(key, Action.SUPERVISION_CLOSE, actor)
        until = parse_when(reply_by, self.zone)
        changed = self.store.change_supervision(
            key,
            "supervision.refuse",
            lambda s, now: supervision.refused(_fresh(s, version), why=why, reply_by=until, at=now),
            lambda s: (supervision.told(s, NoticeKind.SUPERVISION), [supervision.job_of(s)]),
        )
        return self._supervision_shown(changed, lang)

    def close_supervision(
        self,
        key: int,
        outcome: str,
        *,
        version: int | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Close a supervision order with what came of it."""
        who = self._addressed(key, Action.SUPERVISION_CLOSE, actor)
        changed = self.store.change_supervision(
            key,
            "supervision.close",
            lambda s, now: supervision.closed(
                _fresh(s, version), outcome=outcome, by=who.name, at=now
            ),
            lambda s: (supervision.told(s, NoticeKind.SUPERVISION), []),
        )
        return self._supervision_shown(changed, lang)

    def supervision(
        self, key: int, *, lang: str = "zh", actor: Actor | None = None
    ) -> dict[str, Any]:
        """Return one supervision order, or raise `NotFound`."""
        self._addressed(key, Action.SUPERVISION_READ, actor)
        return self._supervision_shown(self.store.supervision(key), lang)

    def supervision_steps(self, key: int, *, actor: Actor | None = None) -> list[str]:
        """Return which of `answer`, `refuse` and `close` the actor may do with it now."""
        who = self._addressed(key, Action.SUPERVISION_READ, actor)
        one = self.store.supervision(key)
        return [
            step
            for step in supervision.open_to(one)
            if may_as_addressed(who, _PERMISSIONS[step], one)
        ]

    def supervisions(
        self,
        *,
        state: str | None = None,
        department: str | None = None,
        number: int | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> list[dict[str, Any]]:
        """Return the supervision orders within reach, the newest first."""
        who = self._may(actor, Action.SUPERVISION_READ)
        scopes = reach(who, Action.SUPERVISION_READ)
        free = any(not scope.departments for scope in scopes)
        seen = None if free else frozenset().union(*(scope.departments for scope in scopes))
        found = self.store.supervisions(
            state=state, department=department, number=number, departments=seen
        )
        return [self._supervision_shown(one, lang) for one in found]

    def _addressed(self, key: int, action: Action, actor: Actor | None) -> Actor:
        """Return the actor when one of the departments named in it is theirs, or all are."""
        who = self._may(actor, action)
        one = self.store.supervision(key)
        if may_as_addressed(who, action, one):
            return who
        if action is Action.SUPERVISION_ANSWER:
            raise NotAllowed(
                "Only who acts for the addressee answers.", got=who.name, allowed=one.department
            )
        return self._may(who, action, Subject({}, concerned(one, action)))


_PERMISSIONS = {
    "answer": Action.SUPERVISION_ANSWER,
    "refuse": Action.SUPERVISION_CLOSE,
    "close": Action.SUPERVISION_CLOSE,
}


def _fresh(one: Supervision, version: int | None) -> Supervision:
    if version is not None and version != one.version:
        raise Stale(
            "The supervision order has changed since it was looked at.",
            got=version,
            allowed=one.version,
            repair="Look at it again.",
            version=one.version,
        )
    return one
