"""What a report would be decided as, shown to who records it before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.access import Action, Actor, redact, visible_records
from gridmap.store.routes import route_values
from gridmap.workspace.facts import POLICY
from gridmap.workspace.order_pages import OrderPages
from gridmap.workspace.reporting import Judged
from gridmap.workspace.submission import checked

__all__ = ["Preview", "Previewing"]

_COLUMNS = (
    "received_at", "observed_at", "lon", "lat", "location_status", "warning", "edition", "item",
    "catalogue", "source", "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preview:
    """Where a report would go.

    Attributes
    ----------
    report : dict
        As :meth:`Reporting.report` would give it, as far as it needs no store.
    item_name : str or None
    areas : list of dict
        ``level``, ``label``, ``code`` and ``name`` of each area that holds it, coarse to fine.
    responder : dict or None
        The post that goes first, as staff see it.
    """

    report: dict[str, Any]
    item_name: str | None
    areas: list[dict[str, str]]
    responder: dict[str, Any] | None


class Previewing(OrderPages):
    """For whoever takes a call: the answer of `submit_report`, and nothing is stored."""

    def preview_report(
        self, body: Mapping[str, Any], *, lang: str = "zh", actor: Actor | None = None
    ) -> Preview:
        """Return what would become of a report that is sent in now; for who may record some.

        Parameters and errors are those of :meth:`Reporting.submit_report`.
        """
        who = self._may(actor, Action.REPORT_RECORD)
        judged = self._routed_report(checked(body), who)
        row = _row(judged)
        return Preview(
            report=redact(who, "reports", self._shown(row, lang)),
            item_name=self._item_name(row["item"], lang, row["catalogue"]),
            areas=self._areas_named(self._router_shown(row["edition"]), row["codes"], lang),
            responder=self._post_shown(row["first_responder"], who),
        )

    def _post_shown(self, code: str, who: Actor) -> dict[str, Any] | None:
        held = [row for row in self._state().records.get("posts", []) if row["code"] == code]
        return next(iter(visible_records(who, POLICY["posts"], held)), None)


def _row(judged: Judged) -> dict[str, Any]:
    """Return a report as the store would give it back, as far as it is looked at."""
    codes = {level: column[0] for level, column in judged.rows["codes"].items()}
    return {
        **{name: judged.rows[name][0] for name in _COLUMNS},
        **route_values(judged.decision),
        "codes": {level: code for level, code in codes.items() if code is not None},
        "decided_at": None,
        "closed_at": None,
    }
