"""Whom a report names: sealed on the way in, read by its handler, gone in the end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gridmap.access import PERMISSIONS, Action, Actor, Role, Subject, require_may
from gridmap.errors import BadValue, Conflict, NotAllowed, NotFound, SecretsUnusable
from gridmap.personal import PERSONAL_FIELDS, mask, masked_text
from gridmap.secrets import Purpose, Sealer
from gridmap.times import to_site
from gridmap.workspace.accounts import Accounts

__all__ = ["MAX_WHY", "MIN_WHY", "Anonymised", "Personal"]

log = logging.getLogger("gridmap.personal")

MIN_WHY, MAX_WHY = 2, 200
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What an anonymisation did, or would do.

    Attributes
    ----------
    people, texts, photos : int
        Reports that named somebody, texts shortened, photos removed.
    """

    people: int
    texts: int
    photos: int
    committed: bool


class Personal(Accounts):
    """Personal fields of reports."""

    def is_current_handler(self, actor: Actor, number: int, record: Mapping[str, Any]) -> bool:
        """True when the report is the actor's to handle now.

        As long as a report has no work order it is the dispatcher's of the place. What knows
        orders overrides this.
        """
        del number
        if record["closed_at"] is not None:
            return False
        subject = Subject.of_report(record)
        return any(g.role is Role.DISPATCHER and g.scope.holds(subject) for g in actor.grants)

    def read_reporter(self, number: int, *, why: str, actor: Actor | None = None) -> dict[str, Any]:
        """Return in the clear whom a report names, and log who read it and why.

        Raises
        ------
        NotAllowed
            Unless the report is the actor's to handle now.
        NotFound
            When there is no such report, it names nobody, or was anonymised.
        """
        who = actor or self.actor
        row = self.store.report(number)
        require_may(who, Action.PERSONAL_READ, self.report_subject(number, row))
        if not self.is_current_handler(who, number, row):
            raise NotAllowed(
                "Whom a report names is shown to those who handle it now.",
                got=f"{who.described}, report {number}",
                allowed="its current handler",
                repair="Ask the handler, or have the case dispatched to you.",
            )
        reason = _reason(why)
        # Looked up before it is logged: a key that is missing is no reading.
        sealer = self.sealer
        roles = ", ".join(sorted(who.roles & PERMISSIONS[Action.PERSONAL_READ]))
        now = self.wall_clock()
        found = self.store.read_person(number, by=who.name, roles=roles, why=reason, now=now)
        if found is None or found["anonymised_at"] is not None:
            raise NotFound(
                "The report names nobody."
                if found is None
                else "Whom the report named was taken out of it.",
                got=number,
            )
        opened = _opened(sealer, number, found)
        return {**opened, "read_at": to_site(now, self.zone), "read_by": who.name}

    def masked_reporter(self, number: int) -> dict[str, Any] | None:
        """Return whom a report names as staff see it, None when it names nobody."""
        found = self.store.person(number)
        if found is None:
            return None
        gone, readable = found["anonymised_at"], True
        shown: dict[str, Any] = dict.fromkeys(PERSONAL_FIELDS)
        if gone is None:
            try:
                opened = _opened(self.sealer, number, found)
                shown = {name: mask(name, value) for name, value in opened.items()}
            except SecretsUnusable as error:
                # A lost key must not keep staff from the report itself.
                log.error("report %s: %s", number, error)
                readable = False
        gone_at = None if gone is None else to_site(gone, self.zone)
        return {**shown, "readable": readable, "anonymised_at": gone_at}

    def personal_reads(
        self,
        report: int | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
        actor: Actor | None = None,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many readings there were, and a page of them, newest first."""
        self._may(actor, Action.PERSONAL_LOG_READ)
        total, page = self.store.personal_reads(report, limit=limit, offset=offset)
        for one in page:
            one["read_at"] = to_site(one["read_at"], self.zone)
        return total, page

    def anonymise(
        self,
        older_than_days: int | None = None,
        *,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> Anonymised:
        """Take whom they name out of reports closed longer ago; a dry run unless `commit`.

        The sealed fields are emptied, telephone and identity numbers in the text masked, and
        photos removed.
        The log of readings stays: it names no reporter.
        """
        self._may(actor, Action.ANONYMISE)
        days = self.settings.retention_days if older_than_days is None else older_than_days
        if days is None or not 0 <= days <= 36_600:
            raise BadValue(
                "After how many days is not said.",
                got=days,
                allowed="0 to 36600 days",
                repair="Give --older-than DAYS, or set GRIDMAP_RETENTION_DAYS.",
            )
        now = self.clock()
        before, last = now - timedelta(days=days), 0
        named = shortened = pictures = 0
        while found := self.store.old_people(before, after=last, limit=_AT_ONCE):
            last = found[-1][0]
            numbers = [number for number, _, names in found if names]
            texts = {
                number: masked
                for number, text, _ in found
                if text and (masked := masked_text(text)) != text
            }
            named, shortened = named + len(numbers), shortened + len(texts)
            pictured = [number for number, _, _ in found]
            removed = self.store.count_photos(pictured)
            pictures += removed
            if commit and (numbers or texts or removed):
                self.store.anonymise(numbers, texts, now, pictured=pictured)
        return Anonymised(named, shortened, pictures, commit)

    def reseal(self, *, actor: Actor | None = None) -> int:
        """Seal anew, with the newest key, what older keys sealed; return how many reports."""
        self._may(actor, Action.KEY_MANAGE)
        sealer = self.sealer

        def change(number: int, sealed: Mapping[str, str | None]) -> Mapping[str, str | None]:
            return _sealed(sealer, number, _opened(sealer, number, sealed))

        total = 0
        while done := self.store.reseal(sealer.newest, change):
            total += done
        return total

    def drop_old_secrets(
        self, purpose: Purpose = Purpose.PERSONAL, *, actor: Actor | None = None
    ) -> list[str]:
        """Forget the old keys of a purpose, but those that still seal something; return their ids.

        What an old key signed is good no more: sessions end, and receivers that check with the
        secrets of an old outgoing key refuse what they are sent.
        """
        self._may(actor, Action.KEY_MANAGE)
        ring, in_use = self.keyring, self.store.sealed_with()
        old = [k.id for k in ring.of(purpose)[1:] if k.id not in in_use]
        if old:
            self._keep(ring.without(purpose, old))
        return old

    def _sealing(self, given: Mapping[str, Any]) -> Any:
        """Return what seals the personal fields of a report, None when it has none."""
        person = {name: given[name] for name in PERSONAL_FIELDS if given.get(name)}
        if not person:
            return None
        sealer = self.sealer

        def seal(number: int) -> tuple[str, Mapping[str, str | None]]:
            return sealer.newest, _sealed(sealer, number, person)

        return seal

    def _same_person(self, number: int, given: Mapping[str, Any], key: str) -> None:
        """Raise `Conflict` when a repeated report names somebody else than the stored one.

        The digest of the body leaves these fields out: whoever has it could try numbers.
        """
        found = self.store.person(number)
        if found is not None and found["anonymised_at"] is not None:
            return
        stored = _opened(self.sealer, number, found) if found else {}
        if any((stored.get(name) or None) != (given.get(name) or None) for name in PERSONAL_FIELDS):
            raise Conflict(
                "This idempotency key was used for another report.",
                got=key,
                repair="Send a new key with a new report; repeat a key only with the same body.",
            )


def _place(number: int, field: str) -> str:
    return f"report_people/{number}/{field}"


def _sealed(sealer: Sealer, number: int, person: Mapping[str, str | None]) -> dict[str, str | None]:
    return {
        name: sealer.seal(text, place=_place(number, name)) if (text := person.get(name)) else None
        for name in PERSONAL_FIELDS
    }


def _opened(sealer: Sealer, number: int, sealed: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        name: None
        if sealed[name] is None
        else sealer.open(sealed[name], place=_place(number, name))
        for name in PERSONAL_FIELDS
    }


def _reason(why: str) -> str:
    text = " ".join(why.split())
    if not MIN_WHY <= len(text) <= MAX_WHY:
        raise BadValue(
            "A reason is needed.", got=f"{len(text)} characters", allowed=f"{MIN_WHY} to {MAX_WHY}"
        )
    return text
