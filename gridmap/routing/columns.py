"""Decisions as columns, for tables of many reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from gridmap.routing.book import Decision
from gridmap.routing.explanation import Step, render_step
from gridmap.times import to_site

__all__ = ["reason_text", "routing_columns"]


def routing_columns(
    decisions: Iterable[Decision], lang: str, *, zone: ZoneInfo
) -> dict[str, list[str | None]]:
    """Return decisions as columns of text.

    Parameters
    ----------
    decisions : iterable of Decision
    lang : str
        Language of the reasons.
    zone : ZoneInfo
        The site's zone, in which due times are shown.

    Returns
    -------
    dict of str to list
        ``first_responder``, ``department``, ``co_departments`` (codes joined by ``;``),
        ``handling_level``, ``due_at`` (ISO 8601 with offset) and ``reason``: the sentences of
        the explanation, each followed by its rule id in brackets, joined by ``；``. None where
        there is nothing to say.
    """
    columns: dict[str, list[str | None]] = {
        name: []
        for name in (
            "first_responder",
            "department",
            "co_departments",
            "handling_level",
            "due_at",
            "reason",
        )
    }
    shown = _Shown(lang)
    for decision in decisions:
        columns["first_responder"].append(decision.first_responder or None)
        columns["department"].append(decision.department or None)
        columns["co_departments"].append(";".join(decision.co_departments) or None)
        columns["handling_level"].append(decision.handling_level or None)
        columns["due_at"].append(_local(decision.due_at, zone))
        columns["reason"].append(shown.join(decision.steps))
    return columns


def reason_text(steps: Iterable[Step], lang: str) -> str:
    """Return an explanation as one line: sentences with their rule ids."""
    return _Shown(lang).join(steps)


class _Shown:
    """Renders steps, each object once: decisions share most of theirs."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._texts: dict[int, tuple[Step, str]] = {}

    def join(self, steps: Iterable[Step]) -> str:
        return "；".join(map(self._text, steps))

    def _text(self, step: Step) -> str:
        known = self._texts.get(id(step))
        if known is None:
            # The step is kept with its text, so that its id stays its own. Within a sentence
            # no mark stands that sets sentences apart.
            text = render_step(step, self._lang).replace("；", "，")
            known = (step, f"{text}[{step.rule}]")
            self._texts[id(step)] = known
        return known[1]


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else to_site(moment, zone).isoformat(timespec="minutes")
