"""Tables among themselves: rules that are never asked, and bodies that no table has."""

from __future__ import annotations

from collections.abc import Iterator

from gridmap.routing.answers import Answers
from gridmap.routing.explanation import Step
from gridmap.routing.owner import layers_of
from gridmap.routing.route_faults import RouteFault, Severity
from gridmap.routing.spots import Spot, Spots

__all__ = ["rule_faults"]


def rule_faults(answers: Answers, places: Spots) -> Iterator[RouteFault]:
    """Yield what is wrong with the tables of a router, each with a place where it would show."""
    yield from _unused(answers, places)
    yield from _unknown_departments(answers, places)


def _unused(answers: Answers, places: Spots) -> Iterator[RouteFault]:
    """Site rules of items that never look at that kind of site."""
    for code, rule in sorted(answers.book.site_rules.items()):
        if code not in answers.known:
            continue
        layers = layers_of(answers.known[code][0])
        said = {
            "estate": rule.estate,
            "exclusive_site": rule.exclusive_grid,
            "street_front": rule.street_front,
        }
        idle = [layer for layer, role in said.items() if role != "none" and layer not in layers]
        if idle:
            spot = _first(answers, places, idle)
            named = {"layers": "、".join(idle), "layers_en": ", ".join(idle)}
            yield _of_rule(answers, "shadowed", "warning", code, spot, "proof.rule_unused", named)


def _unknown_departments(answers: Answers, places: Spots) -> Iterator[RouteFault]:
    """Departments that a rule names and the table of departments has not."""
    departments = answers.book.departments
    spot = places[0] if len(places) else None
    for code, (item, _, _) in answers.known.items():
        named = [d for d in (item.department, *item.co_departments) if d]
        for body in dict.fromkeys(d for d in named if d not in departments):
            yield _of_rule(
                answers, "unknown_department", "error", code, spot, "proof.unknown_department",
                {"body": body},
            )  # fmt: skip
    for road in answers.book.road_classes.values():
        for body in (road.department, *road.takes):
            if body not in departments:
                step = Step("proof.road_class", {"body": body, "road_class": road.code})
                yield _at("unknown_department", "error", (), spot, step, answers)


def _first(answers: Answers, places: Spots, kinds: list[str]) -> Spot | None:
    """Return a place with an overlay of some kinds, else any."""
    known = answers.overlays.overlays
    found = (s for s in places if any(known[o].kind in kinds for o in s.overlays))
    return next(found, places[0] if len(places) else None)


def _of_rule(
    answers: Answers,
    kind: str,
    severity: Severity,
    code: str,
    spot: Spot | None,
    rule: str,
    params: dict[str, str],
) -> RouteFault:
    item = answers.known[code][0]
    names = {"item": f"{code} {item.name}", "item_en": f"{code} {item.name_en or item.name}"}
    return _at(kind, severity, (code,), spot, Step(rule, {**names, **params}), answers)


def _at(
    kind: str,
    severity: Severity,
    items: tuple[str, ...],
    spot: Spot | None,
    step: Step,
    answers: Answers,
) -> RouteFault:
    if spot is None:
        return RouteFault(kind, severity, items, (), (), None, None, 0, step)
    area = str(answers.territory.coverage.code[spot.row])
    return RouteFault(kind, severity, items, (), (area,), spot.lon, spot.lat, 1, step)
