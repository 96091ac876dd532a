"""What people and programs are told: the inbox, webhooks, failures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, product
from typing import Any

from gridmap.access import EVERYWHERE, PERMISSIONS, Action, Actor, Grant, Role, Subject, may
from gridmap.cases.model import SYSTEM
from gridmap.cases.notices import AudienceKind, NoticeKind
from gridmap.cases.outcome import MESSAGE_TYPES, wants
from gridmap.cases.record import plain
from gridmap.errors import BadValue, NotFound
from gridmap.i18n import translate
from gridmap.outgoing import check_target, check_url, endpoint_secret
from gridmap.secrets import Purpose
from gridmap.store.outbox import Meant
from gridmap.times import to_site
from gridmap.workspace.addressed import may_for
from gridmap.workspace.order_lists import OFFICES
from gridmap.workspace.ordering import Ordering
from gridmap.workspace.reporting import MAX_PAGE

__all__ = ["Telling"]

# Salt of the gateway that notices are sent to.
NOTICES = "notices"

# A badge shows this and no more: who has more unread has to read.
MOST_UNREAD = 999

# Notices that are read from the store together.
_AT_ONCE = 200

# What is about a department and no order, and lies nowhere, by what one may do who is told it.
_PLACELESS = {
    NoticeKind.SUPERVISION.value: Action.SUPERVISION_READ,
    NoticeKind.SUPERVISION_REPLY.value: Action.SUPERVISION_READ,
    NoticeKind.SUPERVISION_LATE.value: Action.SUPERVISION_READ,
    NoticeKind.MONTHLY.value: Action.NUMBERS_SEE,
    NoticeKind.MONTHLY_CORRECTED.value: Action.NUMBERS_SEE,
}
_PLACED = frozenset(one.value for one in NoticeKind) - frozenset(_PLACELESS)


class Telling(Ordering):
    """Notices to people, messages to programs."""

    def inbox(
        self,
        *,
        unread: bool = False,
        limit: int = 100,
        before: int | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Return what the actor was told, newest first, and how much of it is unread."""
        who = self._may(actor, Action.NOTICE_READ)
        if not 1 <= limit <= MAX_PAGE:
            raise BadValue("A page has 1 to 1000 notices.", got=limit)
        page = islice(self._notices(who, unread=unread, before=before), limit)
        return {
            "unread": self.unread(actor=who),
            "notices": [self._notice_shown(one, lang) for one in page],
        }

    def unread(self, *, most: int = MOST_UNREAD + 1, actor: Actor | None = None) -> int:
        """Return how many notices the actor has not read, counted up to `most`."""
        who = self._may(actor, Action.NOTICE_READ)
        return sum(1 for _ in islice(self._notices(who, unread=True), most))

    def read_notices(
        self,
        ids: Sequence[int] | None = None,
        *,
        up_to: int | None = None,
        actor: Actor | None = None,
    ) -> int:
        """Note that the actor has read notices, all of theirs when none are named; how many.

        Parameters
        ----------
        up_to : int, optional
            The newest that was seen: what came after it stays unread.
        """
        who = self._may(actor, Action.NOTICE_READ)
        before = None if up_to is None else up_to + 1
        own = islice(self._notices(who, unread=True, before=before), 10 * MAX_PAGE)
        found = [one["id"] for one in own]
        wanted = found if ids is None else [one for one in ids if one in set(found)]
        return self.store.mark_read(wanted, who.name)

    def failed_deliveries(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return notices and messages that were given up, the oldest first."""
        self._may(actor, Action.NOTICE_WATCH)
        found = [*self.store.dead_jobs("notice"), *self.store.dead_jobs("webhook")]
        return [self._failed(one) for one in sorted(found, key=lambda one: int(one["id"]))]

    def waiting_deliveries(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return notices and messages that were not taken and are tried again, the next first."""
        self._may(actor, Action.NOTICE_WATCH)
        found = self.store.tried_jobs(("notice", "webhook"))
        return [self._failed(one) | {"next_at": to_site(one["run_at"], self.zone)} for one in found]

    def redeliver(self, ids: Sequence[int] | None = None, *, actor: Actor | None = None) -> int:
        """Let what was given up be tried anew, all of it when none are named; return how many."""
        self._may(actor, Action.NOTICE_WATCH)
        dead = [one["id"] for one in self.failed_deliveries(actor=actor)]
        wanted = dead if ids is None else [one for one in ids if one in set(dead)]
        return self.store.revive_jobs(wanted) if wanted else 0

    # -- webhooks -------------------------------------------------------------------

    def webhooks(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return where messages go, without secrets."""
        self._may(actor, Action.OUTGOING_MANAGE)
        return [_without_salt(one) for one in self.store.webhooks()]

    def add_webhook(
        self, name: str, url: str, *, types: Sequence[str] = (), actor: Actor | None = None
    ) -> tuple[dict[str, Any], str]:
        """Tell a program of what happens from now on; return the webhook and its secret.

        Parameters
        ----------
        types : sequence of str
            ``order.close`` for one kind, ``whistle`` for all that begin so; none for all.

        Raises
        ------
        BadValue, NotAllowed
            For what nothing could be sent to, or nothing ever would.
        """
        who = self._may(actor, Action.OUTGOING_MANAGE)
        check_target(check_url(url), private=self.settings.outgoing_private)
        _check_types(types)
        if not name.strip() or len(name) > 100:
            raise BadValue("A webhook has a name of 1 to 100 characters.", got=name[:100])
        self.ensure_keys(outgoing=True)
        made = self.store.add_webhook(name.strip(), url, list(types), who.name)
        return _without_salt(made), self._secrets(made["salt"])[0]

    def set_webhook(self, name: str, *, active: bool, actor: Actor | None = None) -> dict[str, Any]:
        """Stop telling a program, or go on; what happened between is not told."""
        self._may(actor, Action.OUTGOING_MANAGE)
        return _without_salt(self.store.set_webhook(name, active=active))

    def webhook_secrets(self, name: str, *, actor: Actor | None = None) -> list[str]:
        """Return the secrets a receiver checks with, the newest first.

        ``notices`` names the gateway of notices, where no webhook has that name.
        """
        self._may(actor, Action.OUTGOING_MANAGE)
        salts = {one["name"]: one["salt"] for one in self.store.webhooks()}
        if name not in salts and name != NOTICES:
            raise NotFound("There is no such webhook.", got=name, allowed=list(salts))
        return self._needed_secrets(salts.get(name, NOTICES))

    def _needed_secrets(self, salt: str) -> list[str]:
        """Return the secrets of a receiver, of a key that is made now if there never was one."""
        self.ensure_keys(outgoing=True)
        return self._secrets(salt)

    def _secrets(self, salt: str) -> list[str]:
        """Return the secrets of a receiver, the newest first: one a key that is still known."""
        keys = self.keyring.of(Purpose.OUTGOING)
        return [endpoint_secret(key.secret, salt) for key in keys]

    # -- messages -------------------------------------------------------------------

    def messages(
        self, after: int, *, limit: int = 100, actor: Actor | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return the number of the last message looked at, and those the actor may see."""
        who = self._may(actor, Action.ORDER_LIST)
        found = self.store.messages_after(after, limit=limit)
        last = int(found[-1]["id"]) if found else after
        return last, [message_shown(one) for one in found if self._may_hear(who, one)]

    def _may_hear(self, who: Actor, message: Mapping[str, Any]) -> bool:
        data = message["data"]
        if str(message["type"]).startswith("supervision."):
            named = (data["department"], *data.get("copies", ()))
            return may_for(who, Action.SUPERVISION_READ, named)
        if str(message["type"]).startswith("monthly_report."):
            # It has no secrets among staff: whoever may see numbers may read it.
            return may(who, Action.NUMBERS_SEE)
        # Messages of former versions do not say whose an order was.
        bodies = data.get("bodies", (data["lead"], *data["co_departments"]))
        subject = Subject(data["areas"], (*bodies, *data.get("called", ())))
        return may(who, Action.ORDER_READ, subject)

    # -- inside ---------------------------------------------------------------------

    def _notices(
        self, who: Actor, *, unread: bool, before: int | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Return what somebody was told, the newest first, asked of the store as it is wanted."""
        meant = self._audiences(who)
        while True:
            found = self.store.notices_for(
                meant, who.name, unread=unread, limit=_AT_ONCE, before=before
            )
            yield from found
            if len(found) < _AT_ONCE:
                return
            before = found[-1]["id"]

    def _audiences(self, who: Actor) -> list[Meant]:
        """Return by what somebody is meant: roles where they hold, offices, departments, name."""
        grants = [one for one in who.grants if one.role in PERMISSIONS[Action.NOTICE_READ]]
        return [
            *_roles_meant(grants),
            Meant(AudienceKind.PERSON.value, who.name),
            *(
                one
                for code, areas in _bodies(grants)
                for one in _department_meant(who, code, areas)
            ),
        ]

    def _notice_shown(self, notice: Mapping[str, Any], lang: str) -> dict[str, Any]:
        read = notice.get("read_at")
        return {
            "id": notice["id"],
            "at": to_site(notice["at"], self.zone),
            "kind": notice["kind"],
            "number": notice["number"],
            "supervision": notice["params"].get("id") if "serial" in notice["params"] else None,
            "text": self._notice_text(notice, lang),
            "why": _why(notice["params"]),
            "read_at": None if read is None else to_site(read, self.zone),
        }

    def _notice_text(self, notice: Mapping[str, Any], lang: str) -> str:
        params = {"serial": "", "item": "", "subject": "", **notice["params"]}
        name = self._item_name(params["item"] or "", lang, params.get("catalogue", ""))
        params["item"] = name or ""
        params["number"] = notice["number"] or ""
        if "what" in params:
            params["what"] = translate(f"wrong.{params['what']}", lang)
        return translate(f"told.{notice['kind']}", lang, **params)

    def _failed(self, job: Mapping[str, Any]) -> dict[str, Any]:
        hooks = {one["id"]: one["name"] for one in self.store.webhooks()}
        payload = job["payload"]
        to = hooks.get(payload.get("webhook")) if job["kind"] == "webhook" else "notice_webhook"
        return {
            "id": job["id"],
            "kind": job["kind"],
            "to": to,
            "event": payload.get("event") or str(payload.get("notice")),
            "attempts": job["attempts"],
            "why": job["note"],
            "given_up_at": _at(job["done_at"], self),
        }


def _roles_meant(grants: Sequence[Grant]) -> Iterator[Meant]:
    """Yield the roles that are held: each once for all, or for every place to which it is kept."""
    kind = AudienceKind.ROLE.value
    for role in Role:
        scopes = {one.scope for one in grants if one.role in {role, Role.ADMIN}}
        if EVERYWHERE in scopes:
            yield Meant(kind, role.value)
            continue
        areas = {area for scope in scopes if not scope.departments for area in scope.areas}
        yield from (Meant(kind, role.value, area) for area in sorted(areas))
        for scope in sorted(scopes, key=str):
            within: list[tuple[str, str] | None] = [*sorted(scope.areas)]
            if bodies := scope.departments:
                for area in within or [None]:
                    yield Meant(kind, role.value, area, departments=bodies, kinds=_PLACED)


def _bodies(grants: Sequence[Grant]) -> list[tuple[str, frozenset[tuple[str, str]]]]:
    """Return departments and offices that are acted for, each with the areas; none for all."""
    found: dict[str, list[frozenset[tuple[str, str]]]] = {}
    for one in grants:
        scope = one.scope
        for code in scope.departments:
            found.setdefault(code, []).append(scope.areas)
        if not scope.departments:
            for kind, (_, code) in product(OFFICES.get(one.role, ()), scope.areas):
                found.setdefault(f"{kind}:{code}", []).append(frozenset())
    return [
        (code, frozenset().union(*areas) if all(areas) else frozenset())
        for code, areas in sorted(found.items())
    ]


def _department_meant(who: Actor, code: str, areas: Collection[tuple[str, str]]) -> list[Meant]:
    """Return by what somebody is meant who acts for a department, in some areas or in all."""
    kind = AudienceKind.DEPARTMENT.value
    read = frozenset(one for one, action in _PLACELESS.items() if may_for(who, action, (code,)))
    if not areas:
        kinds = None if read == frozenset(_PLACELESS) else _PLACED | read
        return [Meant(kind, code, kinds=kinds)]
    placed = [Meant(kind, code, area, kinds=_PLACED) for area in sorted(areas)]
    return [*placed, Meant(kind, code, kinds=read)] if read else placed


def _at(moment: datetime | None, workspace: Ordering) -> datetime | None:
    return None if moment is None else to_site(moment, workspace.zone)


def _why(params: Mapping[str, Any]) -> str | None:
    """Return the reason somebody gave; the clock's is what the notice says already."""
    if params.get("by") == SYSTEM:
        return None
    return params.get("why") or params.get("text")


def _check_types(types: Sequence[str]) -> None:
    """Raise `BadValue` for a type of which no message ever comes."""
    for one in types:
        if not one or not any(wants([one], name) for name in MESSAGE_TYPES):
            begins = dict.fromkeys(name.partition(".")[0] for name in MESSAGE_TYPES)
            raise BadValue(
                "There is no such type of message.",
                got=one,
                allowed=[*begins, *MESSAGE_TYPES],
                repair="All types stand in docs/webhooks.md.",
            )


def _without_salt(hook: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hook.items() if name != "salt"}


def message_shown(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as programs get it, by webhook and from the stream alike."""
    return {
        "id": message["event_id"],
        "seq": message["id"],
        "type": message["type"],
        "at": plain(message["at"]),
        "data": message["data"],
    }
