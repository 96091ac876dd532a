"""The command `repair`: a proposal to mend an edition's faults, and its application."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import (
    CodeOption,
    CommitOption,
    NameOption,
    StoreOption,
    opened,
    opened_to_read,
    progress_bar,
)
from gridmap.cli.output import STDOUT, show_notes, write_json
from gridmap.cli.show import counted, facts, show_dry_run, table

if TYPE_CHECKING:
    from gridmap.coverage.repair.propose import Proposal
    from gridmap.workspace import RepairOutcome

__all__ = ["repair"]

# More rows than these help nobody on a screen; --json has them all.
_MOST_SHOWN = 30


def repair(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="EDITION|FILE[:LAYER]", help="What to mend.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Changed areas as .gpkg or .geojson."),
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="All of it as JSON; - is stdout.")
    ] = None,
    level: Annotated[
        str | None, typer.Option("--level", help="Leave finer levels out; of a file: its level.")
    ] = None,
    rebuild_parents: Annotated[
        bool,
        typer.Option(
            "--rebuild-parents", help="Replace declared parents by the union of their atoms."
        ),
    ] = False,
    gap_width: Annotated[
        float, typer.Option(metavar="M", help="Fill gaps up to this mean width, metres.")
    ] = 5.0,
    gap_area: Annotated[
        float, typer.Option(metavar="M2", help="Fill gaps up to this area, square metres.")
    ] = 1000.0,
    overlap_area: Annotated[
        float, typer.Option(metavar="M2", help="Settle overlaps up to this area.")
    ] = 1000.0,
    precision: Annotated[
        float, typer.Option(metavar="M", help="Vertices nearer than this become one, metres.")
    ] = 0.01,
    max_total: Annotated[
        float, typer.Option(metavar="PERCENT", help="Of all area, most that may change hands.")
    ] = 0.1,
    max_row_m2: Annotated[
        float, typer.Option("--max-row-m2", metavar="M2", help="Most that one area may move.")
    ] = 1000.0,
    max_row: Annotated[
        float, typer.Option(metavar="PERCENT", help="Most that one area may move of itself.")
    ] = 5.0,
    code: CodeOption = None,
    name: NameOption = None,
    coord_sys: Annotated[
        str | None, typer.Option("--coord-sys", metavar="S", help="Of a file.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(metavar="E", help="Of a file's texts, for example GB18030.")
    ] = None,
    expected: Annotated[
        str | None,
        typer.Option("--proposal", metavar="ID", help="Commit only if it is this proposal still."),
    ] = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Propose how to mend overlaps, gaps and invalid polygons; with --commit, mend a draft."""
    from gridmap.coverage.reading.read import split_source
    from gridmap.coverage.repair.propose import Limits, Scope

    scope = Scope(precision, gap_width, gap_area, overlap_area)
    limits = Limits(max_total / 100, max_row_m2, max_row / 100)
    # Of a file there is nothing to commit, with a store or without; the workspace says so.
    stored = commit and not split_source(target)[0].exists()
    opener = opened(ctx, store) if stored else opened_to_read(ctx, store)
    with opener as workspace, progress_bar("repair") as progress:
        if json_out not in {None, STDOUT}:
            workspace.foreign(Path(str(json_out)))
        outcome = workspace.repair(
            target,
            level=level,
            scope=scope,
            limits=limits,
            rebuild_parents=rebuild_parents,
            code=code,
            name=name,
            encoding=encoding,
            coord_sys=coord_sys,
            commit=commit,
            expected=expected,
            progress=progress,
        )
        if output is not None:
            workspace.write_proposal(outcome.proposal, output)
        lang = workspace.settings.language
    if json_out is not None:
        notes = [note.as_dict() for note in outcome.notes]
        write_json(outcome.proposal.as_dict() | {"notes": notes}, json_out)
    if json_out != STDOUT:
        _show(outcome, lang)
        _show_written(outcome, output)
    outcome.proposal.require_within_limits()


def _show(outcome: RepairOutcome, lang: str) -> None:
    proposal = outcome.proposal
    if not proposal.rows:
        typer.echo(f"{outcome.target}: nothing to mend.")
    else:
        done = "Changed" if outcome.committed else "Would change"
        typer.echo(
            f"{done} {len(proposal.rows):,} of {len(proposal.coverage):,} areas of"
            f" {outcome.target}."
        )
        _show_rows(proposal)
    for text in proposal.refused:
        typer.echo(f"not mended: {text}")
    for fault in proposal.left[:_MOST_SHOWN]:
        typer.echo(f"left: {fault.severity} {fault.kind}: {fault.said.say(lang)}")
    if len(proposal.left) > _MOST_SHOWN:
        typer.echo(f"... and {len(proposal.left) - _MOST_SHOWN:,} more; --json OUT has them all.")
    show_notes(outcome.notes)


def _show_written(outcome: RepairOutcome, output: Path | None) -> None:
    """Say which file was written, and how what is proposed can be done."""
    if output is not None:
        typer.echo(f"Wrote {output} ({output.stat().st_size / 1e6:,.1f} MB).")
    if not outcome.proposal.rows or outcome.committed:
        return
    if outcome.instead:
        typer.echo(outcome.instead)
    elif output is not None:
        typer.echo("The draft is as it was: this was a dry run. Add --commit to do it.")
    else:
        show_dry_run(outcome.committed)


def _show_rows(proposal: Proposal) -> None:
    facts(
        {
            "proposal": proposal.id,
            "mended": counted(proposal.counts()),
            "moved": f"{proposal.moved_m2:,.3f} m², {proposal.moved_share:.6%} of all area",
            "afterwards": "no faults" if not proposal.left else f"{len(proposal.left)} faults left",
        }
    )
    table(
        ("level", "code", "before m²", "lost m²", "gained m²", "why"),
        [
            (
                row.level,
                row.code,
                f"{row.before_m2:,.1f}",
                f"{row.lost_m2:,.3f}",
                f"{row.gained_m2:,.3f}",
                row.why[0] + (f" (+{len(row.why) - 1})" if len(row.why) > 1 else ""),
            )
            for row in proposal.rows[:_MOST_SHOWN]
        ],
    )
    if len(proposal.rows) > _MOST_SHOWN:
        typer.echo(f"... and {len(proposal.rows) - _MOST_SHOWN:,} more; --json OUT has them all.")
