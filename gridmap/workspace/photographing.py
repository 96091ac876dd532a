"""Photos of reports and of work done: sent in by those concerned, seen by staff within scope."""

from __future__ import annotations

import hashlib
from typing import Any

from gridmap.access import Action, Actor
from gridmap.cases.photos import PhotoKind
from gridmap.errors import BadValue, NotAllowed
from gridmap.pictures import clean
from gridmap.times import to_site
from gridmap.workspace.taking_over import TakingOver

__all__ = ["MOST_BY_SENDER", "MOST_BY_STAFF", "Photographing"]

# Photos that a sender may add to a report, whatever others added; and how many of each kind it may
# have for staff to add another.
MOST_BY_SENDER = 9
MOST_BY_STAFF = 30


class Photographing(TakingOver):
    """Pictures beside reports. They are never public, whatever the report is."""

    def add_photo(
        self,
        number: int,
        raw: bytes,
        *,
        kind: str = PhotoKind.REPORT.value,
        key: str | None = None,
        actor: Actor | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Keep a photo of an open report; return what is told of it, False when it was there.

        Who sends reports is not told which of the staff had added it.

        Parameters
        ----------
        raw : bytes
            JPEG, PNG or WebP; see :func:`gridmap.pictures.clean` for what is kept of it.
        kind : str
            ``report``; of staff also ``before`` and ``after`` the work.
        key : str, optional
            The idempotency key the report was sent with, or its receipt: shows its sender.

        Raises
        ------
        NotAllowed
            Unless the actor sent the report, or it lies within their reach.
        NotFound, Conflict
            No such report; it is closed, or has as many photos as it may have.
        BadValue
            When it is too large, no photo, or of no known kind.
        """
        who = self._may(actor, Action.REPORT_SUBMIT)
        if kind not in set(PhotoKind):
            raise BadValue(
                "There is no such kind of photo.", got=kind, allowed=[k.value for k in PhotoKind]
            )
        self._photographer(number, PhotoKind(kind), who, key)
        most = MOST_BY_STAFF if who.is_staff else MOST_BY_SENDER
        of = None if who.is_staff else self._sender_names(number)
        sent = hashlib.sha256(raw).hexdigest()
        # To decode a picture costs far more than to ask whether it is taken.
        known = self.store.photo_sent(number, PhotoKind(kind), sent, most=most, of=of)
        if known is not None:
            return self._photo_for(known, who), False
        settings = self.settings
        photo = clean(
            raw,
            most_bytes=settings.photo_mb * 1_000_000,
            most_pixels=settings.photo_megapixels * 1_000_000,
        )
        made, new = self.store.add_photo(
            number, PhotoKind(kind), photo, sent, by=who.name, most=most, of=of
        )
        return self._photo_for(made, who), new

    def photos(self, number: int, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return what is told of a report's photos, in the order in which they came; for staff."""
        self._photo_reader(number, actor)
        return [self._photo_shown(one) for one in self.store.photos(number)]

    def photo(
        self, number: int, key: int, *, thumb: bool = False, actor: Actor | None = None
    ) -> bytes:
        """Return a photo of a report as JPEG, or a small one; for staff within reach.

        Raises
        ------
        NotAllowed, NotFound
        """
        self._photo_reader(number, actor)
        return self.store.photo(number, key, thumb=thumb)

    # -- inside ---------------------------------------------------------------------

    def _photographer(self, number: int, kind: PhotoKind, who: Actor, key: str | None) -> None:
        sent = self.is_sender(number, who, key)
        if sent and kind is PhotoKind.REPORT:
            return
        if who.is_staff:
            row = self.store.report(number)
            self._may(who, Action.ORDER_COMMENT, self.report_subject(number, row))
            return
        if not sent:
            raise NotAllowed(
                "Only who sent the report may do this.",
                got=who.name,
                repair="Sign in as who sent it, or give its receipt or the key it was sent with.",
            )
        raise NotAllowed(
            "Photos before and after the work are taken by those who do it.",
            got=kind.value,
            allowed=PhotoKind.REPORT.value,
        )

    def _photo_reader(self, number: int, actor: Actor | None) -> None:
        who = self._may(actor, Action.PHOTO_SEE)
        row = self.store.report(number)
        self._may(who, Action.PHOTO_SEE, self.report_subject(number, row))

    def _photo_for(self, one: dict[str, Any], who: Actor) -> dict[str, Any]:
        """Return what is told to who sends a photo: to a sender no name of staff."""
        shown = self._photo_shown(one)
        if not who.is_staff and one["added_by"] not in self._sender_names(one["report_id"]):
            del shown["added_by"]
        return shown

    def _photo_shown(self, one: dict[str, Any]) -> dict[str, Any]:
        return one | {"added_at": to_site(one["added_at"], self.zone)}
