"""Proof of coverage: every item at every kind of place, asked before a report is.

The answers come from the router's own owner finder, so the proof cannot differ from what a
report would get; the places are those of :mod:`gridmap.routing.spots`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import shapely

from gridmap.areas import tie_key
from gridmap.coverage.overlaps import has_shape
from gridmap.routing.answers import Answers
from gridmap.routing.explanation import Step
from gridmap.routing.outcome import Outcome, outcomes
from gridmap.routing.proof_overlays import overlay_faults
from gridmap.routing.proof_rules import rule_faults
from gridmap.routing.route_faults import RouteFault, Severity
from gridmap.routing.spots import Spots, spots

__all__ = ["RouteFault", "RouteProof", "prove"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class RouteProof:
    """What was asked, and what was found.

    Attributes
    ----------
    items, areas, places : int
        Items of the catalogue, atoms of the edition, kinds of place (seat and overlays).
    led, reviewed : int
        Of the items times places: with a lead by rule, and with the territory's lead until
        ownership is settled. What is neither is ``uncovered``.
    leads : dict of str to int
        Items times places by lead party, most first.
    faults : list of RouteFault
        Worst first.
    """

    items: int
    areas: int
    places: int
    led: int
    reviewed: int
    leads: dict[str, int] = field(default_factory=dict)
    faults: list[RouteFault] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when there is no error."""
        return not any(fault.severity == "error" for fault in self.faults)


def prove(answers: Answers, day: date) -> RouteProof:
    """Ask every item at every kind of place of one edition on one day.

    Parameters
    ----------
    answers : Answers
        Of the edition's router.
    day : date
        Local; overlays and posts in force then count.

    Returns
    -------
    RouteProof
        For an edition without areas or a catalogue without items: nothing asked, no faults.
    """
    places = spots(answers.territory, answers.overlays, day, answers.numbers.together())
    outcome = dict(outcomes(answers, places))
    faults = [
        *_uncovered(answers, places, outcome),
        *_unknown_bodies(answers, places, outcome, day),
        *overlay_faults(answers, places, day),
        *rule_faults(answers, places),
        *_without_responder(answers, day),
    ]
    leads: Counter[str] = Counter()
    settled: Counter[bool] = Counter()
    for one in outcome.values():
        for owner, count in zip(one.owners, one.counts.tolist(), strict=True):
            if owner.lead:
                leads[owner.lead] += count
                settled[not owner.review] += count
    return RouteProof(
        items=len(outcome),
        areas=len(answers.territory.coverage.atoms),
        places=len(places),
        led=settled[True],
        reviewed=settled[False],
        leads=dict(sorted(leads.items(), key=lambda pair: (-pair[1], pair[0]))),
        faults=sorted(
            _placed(answers, faults),
            key=lambda f: (_ORDER[f.severity], f.kind, -f.places, f.items, f.overlays),
        ),
    )


def _placed(answers: Answers, faults: list[RouteFault]) -> Iterator[RouteFault]:
    """Yield faults with the area of their example, which those of overlays do not know."""
    coverage = answers.territory.coverage
    atoms = coverage.atoms[has_shape(coverage.geometry[coverage.atoms])]
    tree = shapely.STRtree(coverage.geometry[atoms])
    for fault in faults:
        if fault.areas or fault.lon is None or fault.lat is None:
            yield fault
            continue
        touched = tree.query(shapely.Point(fault.lon, fault.lat), predicate="intersects")
        codes = [str(code) for code in coverage.code[atoms[touched]]]
        # The tie rule; none for a place beyond the edition.
        yield replace(fault, areas=tuple(sorted(codes, key=tie_key)[:1]))


def _uncovered(
    answers: Answers, places: Spots, outcome: Mapping[str, Outcome]
) -> Iterator[RouteFault]:
    """Items without a lead somewhere, and items that no rule gives to anybody anywhere."""
    for code, one in outcome.items():
        nobody = one.where([not owner.lead for owner in one.owners]).tolist()
        if nobody:
            yield _at(answers, places, nobody, "uncovered", "error", code, "proof.uncovered")
        elif one.owners and all(owner.review for owner in one.owners):
            every = list(range(len(places)))
            yield _at(answers, places, every, "uncovered", "warning", code, "proof.fallback")


def _unknown_bodies(
    answers: Answers, places: Spots, outcome: Mapping[str, Outcome], day: date
) -> Iterator[RouteFault]:
    """Leads and co-parties that nobody has entered: they would be shown as bare codes.

    Owners of overlays are told with their overlays.
    """
    told = {overlay.owner for overlay in answers.overlays.overlays if overlay.in_force(day)}
    met: dict[str, tuple[str, set[int]]] = {}
    for code, one in outcome.items():
        named = [{owner.lead, *owner.co} for owner in one.owners]
        unknown = {body for some in named for body in some if body not in answers.parties}
        for body in unknown - told - {""}:
            where = one.where([body in some for some in named])
            met.setdefault(body, (code, set()))[1].update(where.tolist())
    for body, (code, found) in sorted(met.items()):
        step = "proof.unknown_body"
        yield _at(answers, places, sorted(found), "unknown_body", "warning", code, step, body=body)


def _at(
    answers: Answers,
    places: Spots,
    where: list[int],
    kind: str,
    severity: Severity,
    code: str,
    rule: str,
    **params: str,
) -> RouteFault:
    spot = places[where[0]]
    item = answers.known[code][0]
    area, area_en = answers.territory.label(spot.row)
    step = Step(
        rule,
        {
            "item": f"{code} {item.name}",
            "item_en": f"{code} {item.name_en or item.name}",
            "area": area,
            "area_en": area_en,
            "places": str(len(where)),
            **params,
        },
    )
    overlays = tuple(answers.overlays.overlays[o].code for o in spot.overlays)
    areas = (str(answers.territory.coverage.code[spot.row]),)
    return RouteFault(
        kind, severity, (code,), overlays, areas, spot.lon, spot.lat, len(where), step
    )


# -- who goes first ---------------------------------------------------------------------------


def _without_responder(answers: Answers, day: date) -> Iterator[RouteFault]:
    """Areas for which nobody is on duty, neither there nor above."""
    coverage = answers.territory.coverage
    nobody = [row for row in coverage.atoms.tolist() if not answers.responders.at(row, day)[0]]
    if not nobody:
        return
    row = nobody[0]
    lon, lat = coverage.label_points[row]
    area, area_en = answers.territory.label(row)
    step = Step(
        "proof.no_responder", {"area": area, "area_en": area_en, "places": str(len(nobody))}
    )
    yield RouteFault(
        "no_responder", "warning", (), (), (str(coverage.code[row]),),
        None if np.isnan(lon) else float(lon), None if np.isnan(lat) else float(lat),
        len(nobody), step,
    )  # fmt: skip
