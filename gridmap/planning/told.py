"""A suggestion as plain data: what the command writes and the service answers."""

from __future__ import annotations

from typing import Any

from gridmap.planning.graph import PlanGraph
from gridmap.planning.suggestion import Suggested, Suggestion

__all__ = ["suggestion_record"]


def suggestion_record(graph: PlanGraph, found: Suggestion) -> dict[str, Any]:
    """Return a suggestion as JSON-able data: input, solvers, curve, and every plan in full."""
    return {
        "edition": graph.edition,
        "sha256": graph.fingerprint(),
        "seed": found.seed,
        "versions": dict(found.versions),
        "curve": {str(n): round(cost, 3) for n, cost in found.curve.items()},
        "plans": [_plan_record(graph, one) for one in found.plans],
    }


def _plan_record(graph: PlanGraph, one: Suggested) -> dict[str, Any]:
    return {
        "style": one.style,
        "grids": len(one.plan),
        "planned": one.grids,
        "cv": one.cv,
        "ideal_cv": one.ideal_cv,
        "kept": one.kept,
        "gap": one.gap,
        "regions": [
            {
                "area": name,
                "grids": o.count,
                "engine": o.engine,
                "whole": o.whole,
                "candidates": o.candidates,
                "cost": o.cost,
                "gap": o.gap,
                "in_band": o.in_band,
            }
            for name, o in one.outcomes
        ],
        "findings": [
            {"kind": f.kind, "area": f.container, "text": f.text, "relax": f.relax,
             "grids": list(f.grids), "atoms": list(f.atoms)}
            for f in one.findings
        ],
        "reasons": [
            {"code": r.code, "kind": r.kind, "held": r.held, "cause": r.cause,
             "of": dict(r.of), "text": r.text}
            for r in one.reasons
        ],
        "atoms": dict(
            zip(
                graph.code.tolist(),
                [one.plan.code[g] if g >= 0 else None for g in one.plan.grid_of.tolist()],
                strict=True,
            )
        ),
    }  # fmt: skip
