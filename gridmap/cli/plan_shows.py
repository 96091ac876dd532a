"""What the commands on plans print: a plan with its proof, rows of tables, figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gridmap.cli.show import facts, table

if TYPE_CHECKING:
    from gridmap.planning.measures import PlanMeasures
    from gridmap.planning.suggestion import Suggested, Suggestion

__all__ = [
    "MOST_SHOWN",
    "figure",
    "measures_record",
    "records",
    "show_curve",
    "show_faulty",
    "show_plan",
    "show_rest",
]

# More rows than these help nobody on a screen; --json or --csv have all.
MOST_SHOWN = 25


def show_plan(one: Suggested, chosen: bool) -> None:
    """Print a plan: its grids, balance, proof, and what could not be met."""
    gap = one.gap
    proof = (
        f"gap {gap:.2%}; {one.proved:,} of {len(one.outcomes):,} regions proved best"
        if gap is not None
        else f"best found; {one.proved:,} of {len(one.outcomes):,} regions proved best"
    )
    typer.echo(f"\n{one.style}{' *' if chosen else ''}")
    facts(
        {
            "grids": f"{len(one.plan):,} in all, {one.grids:,} planned",
            "in areas that keep the band": f"{_inside(one):,} of {one.grids:,}",
            "CV": f"{one.cv:.4f} (perfect balance inside each area: {one.ideal_cv:.4f})",
            "keep their grid": f"{one.kept:.1%} of households",
            "proof": proof,
        }
    )
    for finding in one.findings[:MOST_SHOWN]:
        typer.echo(f"  ! {finding.text}" + (f" {finding.relax}" if finding.relax else ""))


def _inside(one: Suggested) -> int:
    return sum(outcome.count for _, outcome in one.outcomes if outcome.in_band)


def show_curve(found: Suggestion, chosen: Suggested) -> None:
    """Print what other numbers of grids would cost at least."""
    at = len(chosen.plan)
    near = [(n, cost) for n, cost in sorted(found.curve.items()) if abs(n - at) % 5 == 0]
    near = [pair for pair in near if abs(pair[0] - at) <= 20]
    if len(near) > 1:
        typer.echo("\nHow many grids?")
        table(("grids", "cost at least"), [(n, f"{cost:,.1f}") for n, cost in near])


def records(frame: Any) -> list[dict[str, Any]]:
    """Return a table's rows with Python's own values; NaN as None."""
    return [
        {
            name: None if value != value else value.item() if hasattr(value, "item") else value  # noqa: PLR0124
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]


def figure(value: float) -> str:
    """Return a number as people read it."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"


def measures_record(found: PlanMeasures) -> dict[str, Any]:
    """Return the measures of a plan for a file: as a whole, by area above, by grid."""
    return {
        "whole": found.whole(),
        "areas": records(found.by_area()),
        "grids": records(found.frame),
    }


def show_faulty(found: PlanMeasures) -> None:
    """Print the grids that are out of their limits or in pieces, if there are any."""
    frame, measure = found.frame, found.limits.measure
    bad = frame[(frame["in_limits"] == False) | (frame["pieces"] > 1)]  # noqa: E712 - None is neither
    if not len(bad):
        return
    typer.echo("\nOut of limits or in pieces:")
    rows = records(bad.head(MOST_SHOWN))
    table(
        ("code", "name", measure, "pieces"),
        [(r["code"], r["name"], figure(r.get(measure) or 0), r["pieces"]) for r in rows],
    )
    show_rest(len(bad))


def show_rest(count: int) -> None:
    """Say how many of so many rows were left out."""
    if count > MOST_SHOWN:
        typer.echo(f"... and {count - MOST_SHOWN:,} more; --csv FILE has them all.")
