"""Orders as people read them: local times, names, what is late, what comes next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from gridmap.access import Action, Actor
from gridmap.cases.model import Order
from gridmap.cases.record import plain
from gridmap.cases.states import State
from gridmap.cases.supervision import Supervision, serial
from gridmap.cases.table import TRANSITIONS
from gridmap.errors import NotFound
from gridmap.routing.parties import Party
from gridmap.routing.rule_tables import SITE
from gridmap.times import to_site
from gridmap.workspace.reporting import Reporting

__all__ = ["OrderViews"]

_OWN = (
    "number", "version", "state", "due_at", "dispatched_at", "resolved_at", "closed_at",
    "answer", "answered_at", "rating", "reopen_asked_at", "whistles",
)  # fmt: skip


class OrderViews(Reporting):
    """What is shown of orders."""

    def _bodies_known(self) -> Mapping[str, Party]:
        """Return everybody an order can be sent to now."""
        found = self.atlas.locator_at(self.clock())
        if found is not None:
            return self.router(found.coverage.edition).parties
        whole = (d for d in self.book.departments.values() if not d.by_place)
        return {d.code: Party(d.code, d.name, d.name_en) for d in whole}

    def _known_bodies(self, codes: Iterable[Any]) -> None:
        known = self._bodies_known()
        unknown = [code for code in codes if isinstance(code, str) and code.strip() not in known]
        if unknown:
            raise NotFound(
                "There is no such department or body.",
                got=unknown,
                repair="See `GET /api/catalogue` and `gridmap route bodies` for the codes.",
            )

    def _body_names(self, codes: Iterable[str], lang: str) -> dict[str, str]:
        known = self._bodies_known()
        return {code: known[code].label(lang) if code in known else code for code in codes}

    def _order_shown(self, order: Order, lang: str) -> dict[str, Any]:
        record: dict[str, Any] = self._site_local(plain(order))
        now = self.clock()
        named = self._body_names({*order.bodies, *(p.department for p in order.co)}, lang)
        waiting = order.is_open and order.state not in {State.RESOLVED, State.INSPECTED}
        for part in record["co"]:
            part["name"] = named[part["department"]]
        return record | {
            "lead": order.lead or None,
            "lead_name": named.get(order.lead),
            "item": order.item or None,
            "catalogue": order.catalogue or SITE,
            "level": order.level or None,
            "overdue": bool(waiting and order.due_at is not None and order.due_at < now),
            "open": order.is_open,
        }

    def _own(self, order: Order, names: Collection[str]) -> dict[str, Any]:
        """Return what its sender sees of an order: of people, only what they did themselves."""
        record = self._site_local(plain(order))
        shown = {name: record[name] for name in _OWN} | {"open": order.is_open}
        if shown["rating"] is not None and shown["rating"]["by"] not in names:
            shown["rating"] = shown["rating"] | {"by": ""}
        shown["whistles"] = [_own_whistle(w) for w in shown["whistles"] if w["by"] in names]
        return shown

    def _site_local(self, value: Any) -> Any:
        """Return plain values with their moments as local times of the site."""
        if isinstance(value, Mapping):
            return {name: self._shown_value(name, one) for name, one in value.items()}
        return [self._site_local(one) for one in value] if isinstance(value, list) else value

    def _shown_value(self, name: str, value: Any) -> Any:
        timed = name == "at" or name.endswith(_MOMENTS)
        if isinstance(value, str) and timed and _is_moment(value):
            return to_site(datetime.fromisoformat(value), self.zone).isoformat()
        return self._site_local(value)

    def _event_shown(self, event: Mapping[str, Any]) -> dict[str, Any]:
        shown = {
            name: to_site(value, self.zone).isoformat() if isinstance(value, datetime) else value
            for name, value in event.items()
        }
        return shown | {"fields": self._site_local(event["fields"])}

    def _supervision_shown(self, one: Supervision, lang: str) -> dict[str, Any]:
        named = self._body_names({one.department, *one.copies}, lang)
        late = one.replied_at is None and one.closed_at is None and self.clock() > one.reply_by
        record: dict[str, Any] = self._site_local(plain(one))
        return record | {
            "serial": serial(one),
            "department_name": named[one.department],
            "copy_names": [named[code] for code in one.copies],
            "late": late,
        }

    def actions(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the table of actions: where each begins, where it leads, what it is given."""
        self._may(actor, Action.ORDER_LIST)
        return [
            {
                "action": row.action,
                "from": sorted(state.value for state in row.sources),
                "to": None if row.target is None else row.target.value,
                "fields": [plain(field) for field in row.fields],
            }
            for row in TRANSITIONS.values()
            if not row.by_time
        ]


_MOMENTS = ("_at", "until", "_by", "due_from", "due_original", "due_given")


def _own_whistle(whistle: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the one who blew a whistle sees of it: departments, but nobody of theirs."""
    calls = [{name: one[name] for name in ("department", "verdict")} for one in whistle["calls"]]
    return {name: whistle[name] for name in _OWN_WHISTLE} | {"calls": calls}


_OWN_WHISTLE = ("number", "state", "ground", "why", "at", "wanted", "improper_why")


def _is_moment(text: str) -> bool:
    return len(text) > 19 and text[4] == "-" and text[10] == "T"
