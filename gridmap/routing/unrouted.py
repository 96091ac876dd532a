"""Reports that no rule can route, and what is said before anything else."""

from __future__ import annotations

from gridmap.locate.model import Locations, LocationStatus
from gridmap.routing.book import Basis, Decision
from gridmap.routing.catalogue import Catalogue, Item
from gridmap.routing.explanation import Step
from gridmap.routing.territory import Territory

__all__ = ["LOCATED", "failed", "opening", "unrouted"]

LOCATED = {LocationStatus.INSIDE, LocationStatus.BOUNDARY, LocationStatus.AMBIGUOUS}


def opening(item: Item) -> tuple[str, tuple[Step, ...]]:
    """Return the number to call before anything else, and the step that says so."""
    emergency = item.emergency
    if emergency is None:
        return "", ()
    line = emergency.line
    note = f"（{line.note}）" if line.note and not line.number else ""
    note_en = f" ({line.note_en})" if line.note_en and not line.number else ""
    step = Step(
        "call_first" if emergency.always else "call_first_in_danger",
        {
            "line": f"{line.name} {line.number}".strip() + note,
            "line_en": f"{line.name_en or line.name} {line.number}".strip() + note_en,
        },
    )
    return (line.number or line.name) if emergency.always else "", (step,)


def unrouted(
    catalogue: Catalogue,
    code: str,
    locations: Locations,
    i: int,
    territory: Territory | None = None,
    *,
    basis: Basis | None = None,
) -> Decision:
    """Return the decision of a report that has no place, or no item of the catalogue.

    `territory` gives the nearest area of a place outside its name.
    """
    reasons = () if code in catalogue else (_no_item(code),)
    reasons = (*reasons, *_no_place(locations, i, territory))
    return _to_a_person(catalogue, code, reasons, basis)


def failed(
    catalogue: Catalogue, code: str, error: Exception, *, basis: Basis | None = None
) -> Decision:
    """Return the decision of a report whose routing met a fault: a person takes it.

    What the fault says may name tables and codes of the site; it goes to the log, the
    explanation names its kind.
    """
    step = Step("routing_failed", {"fault": type(error).__name__})
    return _to_a_person(catalogue, code, (step,), basis)


def _to_a_person(
    catalogue: Catalogue, code: str, reasons: tuple[Step, ...], basis: Basis | None
) -> Decision:
    item = catalogue.item(code) if code in catalogue else None
    call, steps = opening(item) if item is not None else ("", ())
    return Decision(
        item=code,
        department="",
        co_departments=(),
        first_responder="",
        handling_level="" if item is None else item.level.value,
        due_at=None,
        due_reason="not_routed",
        needs_person=True,
        call_first=call,
        options=(),
        steps=(*steps, *reasons),
        basis=basis,
    )


def _no_item(code: str) -> Step:
    return Step("item_unknown", {"code": code}) if code else Step("item_missing")


def _no_place(locations: Locations, i: int, territory: Territory | None) -> tuple[Step, ...]:
    status = LocationStatus(locations.status[i])
    if status is LocationStatus.NO_EDITION:
        return (Step("no_edition"),)
    if status is LocationStatus.INVALID:
        return (Step("place_invalid"),)
    if status in LOCATED:
        return ()
    nearest = locations.nearest.get(i)
    if nearest is None:
        return (Step("outside"),)
    row = territory.row(nearest.level, nearest.code) if territory is not None else None
    area, area_en = (nearest.code, "") if territory is None or row is None else territory.label(row)
    names = {"area": area, "area_en": area_en, "metres": f"{nearest.distance_m:.0f}"}
    return (Step("outside_near", names),)
