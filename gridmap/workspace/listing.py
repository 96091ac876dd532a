"""What there is: editions, the imports they were made from, codes out of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gridmap.access import Action, Actor, may_see, redact
from gridmap.coverage.editions import EditionState
from gridmap.workspace.base import Base

__all__ = ["Listing"]

_SHOWN: Sequence[str] = (
    "name",
    "family",
    "state",
    "effective_from",
    "effective_to",
    "restores",
    "created_at",
    "created_by",
    "based_on",
    "published_at",
    "published_by",
    "published_why",
    "backdated_why",
    "accepted_faults",
    "route_check",
    "retired_at",
    "retired_by",
    "retired_why",
    "areas",
)


class Listing(Base):
    """Editions as people read them."""

    def imports(self, edition: str, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the imports an edition was made from, each with its report; for staff."""
        self._may(actor, Action.EDITION_SEE)
        return self.store.import_reports(edition)

    def editions(
        self, *, family: str | None = None, actor: Actor | None = None
    ) -> list[dict[str, Any]]:
        """Return the editions, newest validity first; only published ones to the public.

        Drafts come ahead of all. Editions of families that are for staff are shown to staff.
        """
        who = actor or self.actor
        seen = {f.name for f in self.store.families() if may_see(who, f.visibility)}
        found = []
        for edition in reversed(self.store.editions(family)):
            public = edition.state is EditionState.PUBLISHED
            if edition.family in seen and (public or who.is_staff):
                record = asdict(edition) | {"state": edition.state.value}
                found.append(redact(who, "editions", {name: record[name] for name in _SHOWN}))
        return found

    def retired_codes(
        self, *, family: str | None = None, actor: Actor | None = None
    ) -> list[dict[str, Any]]:
        """Return the codes that are no longer in use, in order of date; for staff.

        As :class:`gridmap.coverage.retired.RetiredCode`, each as a mapping.
        """
        self._may(actor, Action.EDITION_SEE)
        if family is not None:
            self.store.levels(family)
        return [
            asdict(one) | {"successors": [dict(s) for s in one.successors]}
            for one in self.store.retired_codes(family)
        ]
