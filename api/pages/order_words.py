"""Orders in words: what is left until they are due, and what happened to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from gridmap.cases.model import SYSTEM
from gridmap.i18n import translate

__all__ = ["SOON_H", "at_site", "due_words", "event_words", "line_words", "listed"]

# What is due within this time is told apart in lists, and can be asked for.
SOON_H = 24

# What a telephone dials; a line whose number differs from town to town has a name alone.
_DIALLED = re.compile(r"\+?\d[\d\s()-]*")

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

# What an event is told with, in this order; the rest of its fields is for the machine.
_TEXTS = ("why", "text", "result", "answer", "form", "who", "where", "transferred_to", "leader")
_BODIES = ("department", "lead", "co_departments", "departments")
_MOMENTS = ("until", "due_at", "arrived_at", "review_at", "stopped_at", "given_due_at")
_NUMBERS = ("whistle", "into", "number", "how_many")
_CHOICES = ("kind", "outcome", "ground", "verdict", "step", "level")
_FLAGS = ("engineering", "satisfied", "resolved")
# Reasons that the clock gives are said by the action and its choice already.
_BY_CLOCK = frozenset({"order.escalate", "whistle.blow", "whistle.call", "whistle.judge"})


def at_site(text: str | datetime | None) -> str:
    """Return a moment of the site as people write it; empty for none."""
    if text is None:
        return ""
    moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    return f"{moment:%Y-%m-%d %H:%M}"


def due_words(order: Mapping[str, Any], now: datetime, lang: str) -> dict[str, str]:
    """Return when an order is due, what is left, and how that is to be shown.

    Parameters
    ----------
    order : mapping
        As :meth:`gridmap.workspace.Workspace.order` gives it.
    now : datetime
        Aware.

    Returns
    -------
    dict
        ``at``, ``left`` (empty when nobody waits any more) and ``kind``: ``late``, ``soon``,
        ``open``, ``done`` or ``none``.
    """
    if order["due_at"] is None:
        paused = "paused" if order.get("paused_at") else "unknown"
        key = "managed" if order["managed_by"] else paused
        return {"at": translate(f"page.order.due.{key}", lang), "left": "", "kind": "none"}
    due = datetime.fromisoformat(order["due_at"])
    shown = {"at": at_site(due), "left": "", "kind": "done"}
    if not order["open"] or order["resolved_at"] is not None:
        return shown
    left = due - now
    if left < timedelta(0):
        words = translate("page.order.due.over", lang, time=_span(-left, lang))
        return shown | {"left": words, "kind": "late"}
    words = translate("page.order.due.left", lang, time=_span(left, lang))
    kind = "soon" if left < timedelta(hours=SOON_H) else "open"
    return shown | {"left": words, "kind": kind}


def line_words(report: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Return the line to call before anything else.

    Returns
    -------
    dict
        ``number``, empty where the report has none to dial, and ``text``: the number, or what
        the line is called and where its number stands, as the report's explanation has it;
        empty where nobody is to be called.
    """
    line = report["call_first"] or ""
    if not line or _DIALLED.fullmatch(line):
        return {"number": line, "text": line}
    lead = translate("rule.call_first", lang, line="")
    said = (one.removeprefix(lead) for one in report["explanation"] if one.startswith(lead))
    return {"number": "", "text": next(said, line)}


def _span(time: timedelta, lang: str) -> str:
    """Return a time in its two largest units, rounded down: promises are not made longer."""
    days, rest = divmod(time, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    if days:
        return translate("page.order.span.days", lang, days=days, hours=hours)
    if hours:
        return translate("page.order.span.hours", lang, hours=hours, minutes=minutes)
    return translate("page.order.span.minutes", lang, minutes=minutes)


def event_words(
    event: Mapping[str, Any],
    *,
    lang: str,
    names: Mapping[str, str],
    people: Mapping[str, str],
    item_name: str | None,
) -> dict[str, Any]:
    """Return one entry of an order's history for people.

    Returns
    -------
    dict
        ``at``, ``by``, ``roles``, ``action``, ``state`` (None where it stayed) and ``facts``,
        pairs of label and text.
    """
    by_clock = event["by"] == SYSTEM
    moved = event["from_state"] != event["to_state"]
    return {
        "seq": event["seq"],
        "at": at_site(event["at"]),
        "by": translate("page.order.by_clock", lang) if by_clock else _called(event["by"], people),
        "roles": [translate(f"role.{role}", lang) for role in event["roles"]],
        "action": translate(f"action.{event['action']}", lang),
        "comment": event["action"] == "order.comment",
        "state": translate(f"page.order.state.{event['to_state']}", lang) if moved else None,
        "facts": _facts(event, lang, names, item_name),
    }


def listed(codes: Iterable[str], lang: str, names: Mapping[str, str]) -> str:
    """Return bodies by their names, one after the other as the language lists them."""
    return translate("list.comma", lang).join(names.get(code, code) for code in codes)


def _called(name: str, people: Mapping[str, str]) -> str:
    return f"{people[name]} ({name})" if name in people else name


def _facts(
    event: Mapping[str, Any], lang: str, names: Mapping[str, str], item_name: str | None
) -> list[tuple[str, str]]:
    fields = event["fields"]
    said: dict[str, str] = {}
    if not (event["by"] == SYSTEM and event["action"] in _BY_CLOCK):
        said |= {name: str(fields[name]) for name in _TEXTS if fields.get(name)}
    for name in _BODIES:
        codes = fields.get(name) or ()
        found = [codes] if isinstance(codes, str) else list(codes)
        if found:
            said[name] = listed(found, lang, names)
    said |= {name: at_site(fields[name]) for name in _MOMENTS if fields.get(name)}
    said |= {name: str(fields[name]) for name in _NUMBERS if fields.get(name) is not None}
    for name in _CHOICES:
        if fields.get(name):
            said[name] = translate(f"page.order.value.{name}.{fields[name]}", lang)
    for name in _FLAGS:
        if fields.get(name) is not None:
            said[name] = translate("page.order.yes" if fields[name] else "page.order.no", lang)
    if event["action"] == "order.confirm" and "item" in fields:
        said["item"] = str(item_name or fields["item"])
    return [(translate(f"page.order.field.{name}", lang), text) for name, text in said.items()]
