"""Commands on drafts: begun, listed, branched, published, given up; the others come with them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gridmap.cli import draft_edits, draft_looks, draft_words
from gridmap.cli.context import CommitOption, StoreOption, opened
from gridmap.cli.draft_shows import (
    AtOption,
    DraftArgument,
    VersionOption,
    WhyOption,
    changes,
    draft_number,
    said,
    told,
    version_of,
)
from gridmap.cli.editions import show_publication
from gridmap.cli.moves import (
    AcceptFaultsOption,
    AcceptReplacedOption,
    ReportsCsvOption,
    ReportsOption,
    checked_csv,
)
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.plan_inputs import JsonOption, own_files
from gridmap.cli.show import facts, moment, show_dry_run, table

__all__ = ["draft"]

_MOST_SHOWN = 25

draft = typer.Typer(
    no_args_is_help=True,
    help="Grids drawn by hand: a log of edits over an edition, undone, compared, published.",
)


@draft.command("new")
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the draft.")],
    edition: Annotated[
        str | None, typer.Option("--from", metavar="EDITION", help="Else the one in force.")
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            metavar="LEVEL",
            help="What is planned: the finest level that has areas, or the one above it.",
        ),
    ] = None,
    why: WhyOption = "",
    store: StoreOption = None,
) -> None:
    """Begin a draft with the grids of an edition."""
    with opened(ctx, store) as workspace:
        number = workspace.start_draft(name, edition=edition, level=level, why=why)
        _show(workspace.plan_draft(number))


@draft.command("list")
def list_(ctx: typer.Context, json_out: JsonOption = None, store: StoreOption = None) -> None:
    """List all drafts, the newest first."""
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out)
        found = workspace.plan_drafts()
        zone = workspace.zone
    if json_out is not None:
        write_json(found, json_out)
    if json_out == STDOUT:
        return
    head = ("draft", "name", "of", "level", "version", "state", "begun", "by", "why")
    table(
        head,
        [
            (
                one["id"], one["name"], one["edition"], one["level"], one["version"],
                one["published_as"] or one["state"], moment(one["created_at"], zone),
                one["created_by"], one["why"],
            )
            for one in found
        ],
    )  # fmt: skip


@draft.command("log")
def log(
    ctx: typer.Context,
    named: DraftArgument,
    json_out: JsonOption = None,
    store: StoreOption = None,
) -> None:
    """Show a draft and what was done to it: when, by whom, what and why."""
    with opened(ctx, store) as workspace:
        own_files(workspace, json_out)
        found = workspace.plan_draft(draft_number(workspace, named))
        zone = workspace.zone
    if json_out is not None:
        write_json(found, json_out)
    if json_out == STDOUT:
        return
    _show(found)
    standing = set(found["in_effect"])
    table(
        ("version", "when", "who", "what", "changed", "why"),
        [
            (
                f"{one['version']}{'' if one['version'] in standing else ' -'}",
                moment(one["at"], zone), one["by"], said(one["action"], one["edit"]),
                changes(one["changed"]), one["why"],
            )
            for one in found["log"]
        ],
    )  # fmt: skip
    if len(standing) < len(found["log"]):
        typer.echo("- : not in effect now.")


@draft.command("branch")
def branch(
    ctx: typer.Context,
    named: DraftArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the scenario.")],
    at: AtOption = None,
    why: WhyOption = "",
    store: StoreOption = None,
) -> None:
    """Begin a scenario with the edits that a draft has in effect, now or at a version."""
    with opened(ctx, store) as workspace:
        number = draft_number(workspace, named)
        made = workspace.branch_draft(number, name, version=at, why=why)
        _show(workspace.plan_draft(made))


@draft.command("publish")
def publish(
    ctx: typer.Context,
    named: DraftArgument,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Name that it gets.")],
    effective_from: Annotated[
        str,
        typer.Option(
            "--effective-from", metavar="DATE", help="From when; a date means 00:00 there."
        ),
    ],
    accept_faults: AcceptFaultsOption = None,
    accept_replaced: AcceptReplacedOption = None,
    why: Annotated[
        str | None, typer.Option("--why", metavar="TEXT", help="Kept with retired codes.")
    ] = None,
    backdate: Annotated[
        str | None, typer.Option(metavar="WHY", help="From a date since which reports were routed.")
    ] = None,
    reports: ReportsOption = "keep",
    reports_csv: ReportsCsvOption = None,
    version: VersionOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Audit a draft, prove its routes, list the open reports that move, and date it."""
    with opened(ctx, store) as workspace, told():
        listed = checked_csv(workspace, reports_csv)
        number = draft_number(workspace, named)
        outcome = workspace.publish_draft(
            number,
            version_of(workspace, number, version),
            edition=edition,
            effective_from=effective_from,
            why=why,
            accept_faults=accept_faults,
            accept_replaced=accept_replaced,
            backdate=backdate,
            reports=reports,
            commit=commit,
        )
        zone = workspace.zone
    show_publication(outcome, zone, accept_faults, listed)


@draft.command("discard")
def discard(
    ctx: typer.Context,
    named: DraftArgument,
    why: WhyOption = "",
    version: VersionOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Give a draft up: it is edited no more; its log stays, and can be branched from."""
    with opened(ctx, store) as workspace, told():
        number = draft_number(workspace, named)
        at = version_of(workspace, number, version)
        found = workspace.discard_draft(number, at, why=why, commit=commit)
    verb = "Gave up" if commit else "Would give up"
    typer.echo(f"{verb} draft {number}, '{found['name']}', with {at:,} entries in its log.")
    show_dry_run(commit)


for _command in (
    *(draft_looks.measures, draft_looks.layer, draft_looks.compare, draft_looks.check),
    *(draft_looks.suggest, draft_edits.edit, draft_edits.reassign, draft_edits.merge),
    *(draft_edits.split, draft_edits.cut, draft_edits.join, draft_edits.border),
    *(draft_edits.drag, draft_edits.exclusive, draft_words.describe, draft_words.recode),
    *(draft_words.renumber, draft_words.undo, draft_words.redo),
):
    draft.command(_command.__name__)(_command)


# -- inside -------------------------------------------------------------------------------


def _show(record: dict[str, Any]) -> None:
    typer.echo(f"Draft {record['id']}, '{record['name']}'")
    branched = record["branched_from"]
    facts(
        {
            "of": f"{record['edition']}, {record['level']}",
            "branched from": "" if branched is None
            else f"draft {branched}, version {record['branched_version']}",
            "begun by": record["created_by"],
            "why": record["why"],
            "state": record["state"],
            "published as": record["published_as"] or "",
            "replaced another because": record["replaced_why"] or "",
            "given up by": record["discarded_by"] or "",
            "version": f"{record['version']}: {len(record['in_effect'])} edits in effect, "
            f"{len(record['redo'])} to redo",
        }
    )  # fmt: skip
