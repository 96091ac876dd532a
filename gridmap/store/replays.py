"""How a report was decided when it came in, or when an edition moved it, and by what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, case, func, select

from gridmap.errors import NotFound
from gridmap.store.rulings import first_reroute
from gridmap.store.schema import editions, reports
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_moves import DUE, ROUTE, report_moves
from gridmap.store.schema_reviews import report_reroutes
from gridmap.store.schema_rules import responsibility_states, rule_versions

__all__ = ["read_decided", "read_moved"]

_OF_REPORT = (
    "received_at", "observed_at", "item", "catalogue", "raw_x", "raw_y", "coord_sys", "accuracy_m",
)  # fmt: skip
_NOT_DECIDED = {"id", "report_id", "rules_id", "state_id", "item"}
_KEPT = (
    rule_versions.c.fingerprint.label("rules"),
    rule_versions.c.recorded_at.label("rules_at"),
    responsibility_states.c.fingerprint.label("state"),
    responsibility_states.c.recorded_at.label("state_at"),
)


def read_decided(connection: Connection, report_id: int) -> dict[str, Any]:
    """Return what a report said, its first decision, and the fingerprints of what made it.

    Returns
    -------
    dict
        ``report`` (what was sent, and ``edition``), ``decision`` (the stored route),
        ``rules`` and ``state`` with the moments when they were first kept; all but the
        report None when it was never routed.

    Raises
    ------
    NotFound
        When there is no such report.
    """
    # A report that was routed anew had its first route before.
    old = report_reroutes.alias("former")
    former = {c.name.removeprefix("old_"): c for c in old.c if c.name.startswith("old_")}
    rules_id = func.coalesce(former["rules_id"], report_routes.c.rules_id)
    state_id = func.coalesce(former["state_id"], report_routes.c.state_id)
    rerouted = old.c.id.is_not(None)
    route = [
        (case((rerouted, former[c.name]), else_=c) if c.name in former else c).label(
            f"route_{c.name}"
        )
        for c in report_routes.c
        if c.name not in _NOT_DECIDED
    ]
    source = (
        reports.outerjoin(report_routes, report_routes.c.report_id == reports.c.id)
        .outerjoin(editions, editions.c.id == reports.c.edition_id)
        .outerjoin(old, old.c.id == first_reroute(reports.c.id))
        .outerjoin(rule_versions, rule_versions.c.id == rules_id)
        .outerjoin(responsibility_states, responsibility_states.c.id == state_id)
    )
    said = [reports.c[name] for name in _OF_REPORT]
    query = select(*said, editions.c.name.label("edition"), *_KEPT, *route).select_from(source)
    row = connection.execute(query.where(reports.c.id == report_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such report.", got=report_id)
    decision = {
        str(name).removeprefix("route_"): value
        for name, value in row.items()
        if str(name).startswith("route_")
    }
    return {
        "report": {name: row[name] for name in (*_OF_REPORT, "edition")},
        "decision": decision if decision["decided_at"] is not None else None,
        **{name: row[name] for name in ("rules", "rules_at", "state", "state_at")},
    }


def read_moved(connection: Connection, report_id: int, edition: str) -> dict[str, Any]:
    """Return what a report said, and the decision of its move to an edition.

    Returns
    -------
    dict
        As of :func:`read_decided`, with the edition that it moved to, and ``decided_for``: the
        moment for which it was decided. The decision is None for a report that stayed; its
        deadline is None where the move gave none.

    Raises
    ------
    NotFound
        When there is no such report, or the edition did nothing to it.
    """
    source = (
        report_moves.join(reports, reports.c.id == report_moves.c.report_id)
        .join(editions, editions.c.id == report_moves.c.to_edition_id)
        .outerjoin(rule_versions, rule_versions.c.id == report_moves.c.rules_id)
        .outerjoin(responsibility_states, responsibility_states.c.id == report_moves.c.state_id)
    )
    # Moved by what it was about then, be that put right before or since.
    item = func.coalesce(report_moves.c.item, reports.c.item).label("item")
    said = [item if name == "item" else reports.c[name] for name in _OF_REPORT]
    route = [report_moves.c[name] for name in (*ROUTE, "steps", *DUE, "moved", "decided_for")]
    query = select(*said, editions.c.name.label("edition"), *_KEPT, *route).select_from(source)
    query = query.where(report_moves.c.report_id == report_id)
    found = {row["edition"]: row for row in connection.execute(query).mappings()}
    if edition not in found:
        raise NotFound(
            "No such edition moved this report.",
            got=edition,
            allowed=list(found) or "none: no edition did",
        )
    row = found[edition]
    decision = {name: row[name] for name in (*ROUTE, "steps", *DUE)}
    return {
        "report": {name: row[name] for name in (*_OF_REPORT, "edition")},
        "decision": decision if row["moved"] else None,
        **{name: row[name] for name in ("rules", "rules_at", "state", "state_at", "decided_for")},
    }
