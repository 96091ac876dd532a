"""Commands on open reports: close, move; and what a publication shows of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened
from gridmap.cli.show import counted, facts, shortened, show_dry_run, table

if TYPE_CHECKING:
    from gridmap.routing.moves import MovePlan, ReportMove
    from gridmap.workspace import Workspace

__all__ = [
    "AcceptFaultsOption",
    "AcceptReplacedOption",
    "ReportsCsvOption",
    "ReportsOption",
    "checked_csv",
    "close",
    "move",
    "show_moves",
]

# The first of them say what kind of change it is; --reports-csv has them all.
_MOST_SHOWN = 10

AcceptFaultsOption = Annotated[
    str | None,
    typer.Option("--accept-faults", metavar="WHY", help="Publish a faulty draft; recorded."),
]
AcceptReplacedOption = Annotated[
    str | None,
    typer.Option(
        "--accept-replaced",
        metavar="WHY",
        help="Replace another edition than the draft began with; recorded.",
    ),
]
ReportsOption = Annotated[
    str,
    typer.Option(
        "--reports",
        metavar="keep|migrate",
        help="Open reports whose area changes: keep their owner, or migrate to the new one.",
    ),
]
ReportsCsvOption = Annotated[
    Path | None,
    typer.Option("--reports-csv", metavar="OUT", help="List all open reports whose area changes."),
]


def close(
    ctx: typer.Context,
    numbers: Annotated[list[int], typer.Argument(metavar="N...", help="Numbers of reports.")],
    why: Annotated[
        str, typer.Option(help="Why they are closed without inspection; goes into the record.")
    ] = "closed by the operator without inspection",
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Close reports without inspection; closed ones keep the edition they were routed by."""
    with opened(ctx, store) as workspace:
        count = workspace.close_reports(numbers, why=why, commit=commit)
    typer.echo(f"{'Closed' if commit else 'Would close'} {count:,} reports.")
    show_dry_run(commit)


def move(
    ctx: typer.Context,
    out: ReportsCsvOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Move open reports that came in after an edition that migrates them was published."""
    with opened(ctx, store) as workspace:
        listed = checked_csv(workspace, out)
        plans = workspace.move_reports(commit=commit)
    for plan in plans:
        typer.echo(f"Edition {plan.edition}:")
        _show_plan(plan)
    if not plans:
        typer.echo("No edition in force or to come migrates open reports.")
    if listed is not None:
        _write(plans, listed)
    show_dry_run(commit)


def checked_csv(workspace: Workspace, target: Path | None) -> Path | None:
    """Return where the list goes; refused before anything is done when it cannot be written."""
    from gridmap.bulk.safe_output import PendingFile

    if target is not None:
        with PendingFile(workspace.foreign(target)):
            pass
    return target


def show_moves(plan: MovePlan | None, listed: Path | None) -> None:
    """Print what a publication does to open reports, and list them all where that is asked."""
    if plan is not None:
        _show_plan(plan)
    if listed is not None:
        _write([plan] if plan is not None else [], listed)


def _show_plan(plan: MovePlan) -> None:
    """Print how many open reports move and stay, and the first of those whose area changes."""
    counts = {name: n for name, n in plan.counts().items() if n}
    facts({f"reports ({plan.policy.value})": counted(counts)})
    if not plan.moves:
        return
    table(
        ("report", "areas", "department", "first responder", "outcome"),
        [_line(one) for one in plan.moves[:_MOST_SHOWN]],
    )
    if len(plan.moves) > _MOST_SHOWN:
        more = len(plan.moves) - _MOST_SHOWN
        typer.echo(f"... and {more:,} more; --reports-csv OUT has them all.")


def _line(one: ReportMove) -> tuple[Any, ...]:
    new = one.decision
    areas = [f"{level} {_arrow(old, now)}" for level, (old, now) in one.changed_levels.items()]
    return (
        one.report.number,
        shortened(areas, 2),
        _arrow(one.report.department, new.department if new else one.report.department),
        _arrow(one.report.first_responder, new.first_responder if new else None)
        if new
        else one.report.first_responder,
        "moves" if one.moves else f"stays: {one.reason.value}",
    )


def _arrow(old: str | None, new: str | None) -> str:
    return old or "-" if old == new else f"{old or '-'} -> {new or '-'}"


def _write(plans: list[MovePlan], target: Path) -> None:
    """Write every report whose area changes as CSV, whole or not at all."""
    from gridmap.bulk.safe_output import PendingFile, disk_errors

    levels = list(
        dict.fromkeys(
            level
            for plan in plans
            for one in plan.moves
            for level in (*one.report.codes, *one.new_codes)
        )
    )
    head = ["report", "item", "from_edition", "to_edition", "effective_from", "policy"]
    head += ["moves", "reason", *(f"{when}_{level}" for level in levels for when in ("old", "new"))]
    head += ["old_department", "new_department", "old_first_responder", "new_first_responder"]
    with PendingFile(target) as pending, disk_errors(target):
        with pending.path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(head)
            for plan in plans:
                writer.writerows(_rows(plan, levels))
        pending.commit()
    typer.echo(f"Wrote {target} ({sum(len(plan.moves) for plan in plans):,} reports).")


def _rows(plan: MovePlan, levels: list[str]) -> Iterator[list[Any]]:
    for one in plan.moves:
        old, record = one.report, one.as_dict()
        yield [
            old.number,
            old.item,
            old.edition,
            plan.edition,
            plan.effective_from.isoformat(),
            plan.policy.value,
            "yes" if one.moves else "no",
            one.reason.value,
            *(codes.get(level) for level in levels for codes in (old.codes, one.new_codes)),
            record["old_department"],
            record["new_department"],
            record["old_first_responder"],
            record["new_first_responder"],
        ]
