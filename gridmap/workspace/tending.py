"""Entries of places put right: what residents say is wrong, and what staff change."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from gridmap.access import Action, Actor, Subject, require
from gridmap.cases.notices import Notice, NoticeKind, role
from gridmap.errors import BadValue, Stale, TooManyAttempts
from gridmap.personal import masked_text, refuse_identity_numbers
from gridmap.places.edit import changed_since, edited, version_of
from gridmap.places.model import Place
from gridmap.secrets import hash_token
from gridmap.workspace.serving import Serving, no_such_place, record_as

__all__ = ["WRONG_KINDS", "Tending"]

# What can be wrong with an entry; texts are ``wrong.KIND`` in the catalogues.
WRONG_KINDS = ("closed", "moved", "hours", "phone", "other")
MOST_REMARK = 200

# One device may tell of so many entries an hour, and one entry be told of so often.
_WINDOW = timedelta(hours=1)
_LIMITS = {"wrong-from": 6, "wrong-of": 20}


class Tending(Serving):
    """Places kept true."""

    def tell_wrong(
        self,
        code: str,
        kind: str,
        *,
        remark: str = "",
        address: str,
        actor: Actor | None = None,
    ) -> None:
        """Tell the staff of a place that its entry is wrong.

        Nobody need say who they are. A remark is kept with telephone numbers masked.

        Parameters
        ----------
        kind : str
            One of :data:`WRONG_KINDS`.
        address : str
            Where the request comes from: counted, never kept as it is.

        Raises
        ------
        TooManyAttempts
            When too much was told from there, or of this place, within an hour.
        """
        who = actor or self.actor
        require(who, "places")
        if kind not in WRONG_KINDS:
            raise BadValue("This cannot be wrong with a place.", got=kind, allowed=WRONG_KINDS)
        if len(remark) > MOST_REMARK:
            raise BadValue("The remark is too long.", got=len(remark), allowed=MOST_REMARK)
        text = masked_text(refuse_identity_numbers("remark", remark.strip()))
        place = self._place_of(code, who)
        self._count_telling(address, code)
        areas = {a["level"]: a["code"] for a in self._areas_at(place.lon, place.lat, self.clock())}
        params = {"place": place.name, "code": place.code, "what": kind, "text": text}
        told = [
            (Notice(NoticeKind.PLACE_WRONG, role(one), params=params), areas)
            for one in ("place_editor", "community_officer")
        ]
        self.store.tell(told)

    def _count_telling(self, address: str, code: str) -> None:
        buckets = {
            f"wrong-from:{hash_token(address)}": "wrong-from",
            f"wrong-of:{code}": "wrong-of",
        }
        waits = {bucket: _after(_LIMITS[kind]) for bucket, kind in buckets.items()}
        now = self.clock()
        wait, _ = self.store.try_attempt(waits, since=now - _WINDOW, now=now)
        if wait > 0:
            raise TooManyAttempts(
                "Enough was told from here, or of this place, for now.",
                wait_s=math.ceil(wait),
                repair="Wait, or call the place.",
            )

    def edit_place(
        self,
        code: str,
        changes: Mapping[str, Any],
        *,
        version: str | None = None,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Change fields of a place; return it as it is then. Its other fields stay as stored.

        Parameters
        ----------
        version : str, optional
            Of the place that was looked at, as :meth:`place` tells it.

        Raises
        ------
        NotAllowed
            When the actor may not edit places where it stands.
        BadValue
            For a field that there is not, or a value that it cannot have.
        Stale
            When the place is not of that `version` any more. ``changes`` tell each field that
            others changed: its ``field``, what it is ``now``, and whether `changes` are of it,
            too (``yours``).
        """
        who, _ = self._place_keeper(code, actor)
        tree = self.categories

        def decide(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
            row = next((row for row in stored if row["code"] == code), None)
            if row is None:
                raise no_such_place(code)
            place: Place = record_as(Place, row)
            self._may(who, Action.PLACE_EDIT, self._place_subject(place))
            new = edited(place, changes, tree)
            if version is not None:
                _need_fresh(version, place, new, changes)
            return [asdict(new)]

        try:
            self.store.change_records("places", decide)
        finally:
            # Also who is told that it changed looks at what is stored.
            self._follow("places")
        return self.place(code, actor=who)

    def _place_keeper(self, code: str, actor: Actor | None) -> tuple[Actor, Place]:
        """Return who asks, if they may keep a place where it stands, and the place."""
        who = self._may(actor, Action.PLACE_EDIT)
        place = self._place_of(code, who)
        return self._may(who, Action.PLACE_EDIT, self._place_subject(place)), place

    def _place_subject(self, place: Place) -> Subject:
        areas = self._areas_at(place.lon, place.lat, self.clock())
        return Subject({area["level"]: area["code"] for area in areas})


def _need_fresh(version: str, place: Place, new: Place, changes: Mapping[str, Any]) -> None:
    """Raise `Stale` when a place is not of a version; see :meth:`Tending.edit_place`."""
    others = changed_since(version, place)
    if not others:
        return
    error = Stale(
        "The place has changed since it was looked at.",
        got=place.code,
        repair="Look at what was changed, and decide anew.",
        version=version_of(place),
    )
    own = set(changed_since(version, new)).intersection(changes)
    error.changes = [
        {"field": name, "now": getattr(place, name), "yours": name in own} for name in others
    ]
    raise error


def _after(limit: int) -> Callable[[int], float]:
    seconds = _WINDOW.total_seconds()
    return lambda n: 0.0 if n < limit else seconds
