"""Decisions as columns, for tables of many reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gridmap.garbage import collecting_later
from gridmap.routing.book import Decision
from gridmap.routing.dues import DueKind, Dues, Managed
from gridmap.routing.explanation import Step, render_step
from gridmap.routing.routed import Routed
from gridmap.times import to_site

__all__ = ["reason_text", "routing_columns"]

_COLUMNS = (
    "first_responder", "department", "co_departments", "handling_level", "due_at", "confidence",
    "reason",
)  # fmt: skip
# Stands for the moment where a sentence is rendered for many; no name holds it.
_MOMENT = "\x00"
_MINUTE = 60_000_000  # microseconds
_DAY = 24 * 60  # minutes
_CLOCK = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(_DAY)]


def routing_columns(
    decisions: Iterable[Decision], lang: str, *, zone: ZoneInfo
) -> dict[str, list[Any]]:
    """Return decisions as columns of text, and the confidence as numbers.

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
        ``handling_level``, ``due_at`` (ISO 8601 with offset), ``confidence`` (0 to 1, see
        :mod:`gridmap.routing.confidence`) and ``reason``: the sentences of
        the explanation, each followed by its rule id in brackets, joined by ``；``. None where
        there is nothing to say.
    """
    shown = _Shown(lang)
    if isinstance(decisions, Routed):
        with collecting_later():
            return _together(decisions, shown, zone)
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for decision in decisions:
        for name, cell in zip(_COLUMNS, _cells(decision, shown, zone), strict=True):
            columns[name].append(cell)
    return columns


def _cells(decision: Decision, shown: _Shown, zone: ZoneInfo) -> tuple[Any, ...]:
    """Return the cells of one decision, in the order of the columns."""
    return (
        decision.first_responder or None,
        decision.department or None,
        ";".join(decision.co_departments) or None,
        decision.handling_level or None,
        _local(decision.due_at, zone),
        decision.confidence,
        shown.join(decision.steps),
    )


def _together(found: Routed, shown: _Shown, zone: ZoneInfo) -> dict[str, list[Any]]:
    """Return the columns of reports that share their answers: what is shared is rendered once."""
    groups = found.grouped
    # The last of each is what the number -1 picks: reports that are decided alone.
    nothing = (None, None, None, None, "")
    heads = [
        (
            head.department or None,
            ";".join(head.co_departments) or None,
            head.level or None,
            head.confidence,
            shown.join(head.steps),
        )
        for head in groups.heads
    ]
    leads, co, levels, sure, reasons = zip(*heads, nothing, strict=True)
    head, first = groups.head, groups.first
    firsts = [(post or None, f"；{shown.join((step,))}；") for post, step in groups.firsts]
    posts, seconds = zip(*firsts, (None, ""), strict=True)
    kinds = [shown.around_due(kind) for kind in groups.dues.kinds]
    befores, afters = zip(*kinds, ("", ""), strict=True)
    days, ends = _moments(groups.dues.at + groups.offset, groups.offset)
    for n in np.flatnonzero(_untimed(groups.dues)).tolist():
        days[n], ends[n] = "", None
    columns: dict[str, list[Any]] = {
        "first_responder": _taken(posts, first),
        "department": _taken(leads, head),
        "co_departments": _taken(co, head),
        "handling_level": _taken(levels, head),
        "due_at": ends,
        "confidence": _taken(sure, head),
        "reason": [
            f"{reasons[h]}{seconds[f]}{befores[k]}{day}{afters[k]}"
            for h, f, k, day in zip(
                head.tolist(), first.tolist(), groups.dues.kind.tolist(), days, strict=True
            )
        ],
    }
    for n, decision in found.alone.items():
        for name, cell in zip(_COLUMNS, _cells(decision, shown, zone), strict=True):
            columns[name][n] = cell
    return columns


def _taken(values: Sequence[Any], at: NDArray[np.int64]) -> list[Any]:
    """Return the value of each place; -1 is the last one."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    taken: list[Any] = column[at].tolist()
    return taken


def _untimed(dues: Dues) -> NDArray[np.bool_]:
    """True for each report for which nothing is due."""
    managed = np.array([*(isinstance(kind, Managed) for kind in dues.kinds), False])
    found: NDArray[np.bool_] = managed[dues.kind]
    return found


def _moments(local: NDArray[np.int64], offset: int) -> tuple[list[str], list[str | None]]:
    """Return local moments (microseconds since 1970) as explanations and as columns show them."""
    number, minute = np.divmod(local // _MINUTE, _DAY)
    numbers, place = np.unique(number, return_inverse=True)
    days = np.datetime_as_string(numbers.astype("datetime64[D]")).tolist()
    ahead = timezone(timedelta(microseconds=offset))
    behind = datetime(1970, 1, 1, tzinfo=ahead).isoformat(timespec="minutes")[16:]
    day = _taken(days, place)
    shown = map(add, day, _taken([f" {clock}" for clock in _CLOCK], minute))
    ends = map(add, day, _taken([f"T{clock}{behind}" for clock in _CLOCK], minute))
    return list(shown), list(ends)


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

    def around_due(self, kind: DueKind | Managed) -> tuple[str, str]:
        """Return what stands before and behind the moment in the steps of a deadline."""
        if isinstance(kind, Managed):
            return self.join(kind.steps), ""
        rule, amount, rest = kind
        step = Step(rule, {"amount": amount, "due": _MOMENT})
        before, _, after = self.join((step, *rest)).partition(_MOMENT)
        return before, after

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
