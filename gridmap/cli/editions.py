"""Commands on editions: draft, publish, retire, rollback, editions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened, progress_bar
from gridmap.cli.moves import (
    AcceptFaultsOption,
    AcceptReplacedOption,
    ReportsCsvOption,
    ReportsOption,
    checked_csv,
    show_moves,
)
from gridmap.cli.show import counted, facts, moment, shortened, show_dry_run, table
from gridmap.errors import BadValue

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from gridmap.workspace import PublishOutcome

__all__ = ["draft", "editions", "publish", "retire", "rollback", "show_publication"]


def publish(
    ctx: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Draft to put in force.")],
    effective_from: Annotated[
        str, typer.Option("--from", metavar="DATE", help="From when; a date means 00:00 there.")
    ],
    accept_faults: AcceptFaultsOption = None,
    why: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Why the boundaries change; kept with retired codes."),
    ] = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE=TEXT", help="Why this code goes out of use; LEVEL/CODE too."),
    ] = None,
    accept_replaced: AcceptReplacedOption = None,
    backdate: Annotated[
        str | None,
        typer.Option(metavar="WHY", help="Publish from a date since which reports were routed."),
    ] = None,
    reports: ReportsOption = "keep",
    reports_csv: ReportsCsvOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Put a draft edition in force from a date; refused when it is faulty."""
    reasons = dict(_code_and_reason(text) for text in reason or ())
    with opened(ctx, store) as workspace:
        listed = checked_csv(workspace, reports_csv)
        outcome = workspace.publish(
            edition,
            effective_from=effective_from,
            accept_faults=accept_faults,
            why=why,
            reasons=reasons,
            backdate=backdate,
            reports=reports,
            accept_replaced=accept_replaced,
            commit=commit,
        )
        zone = workspace.zone
    show_publication(outcome, zone, accept_faults, listed)


def _code_and_reason(text: str) -> tuple[str, str]:
    code, equals, reason = text.partition("=")
    if not (code and equals and reason.strip()):
        raise BadValue(
            "A reason is written CODE=TEXT.", got=text, allowed="for example 0412=merged into 0411"
        )
    return code, reason.strip()


def show_publication(
    outcome: PublishOutcome, zone: ZoneInfo, accepted: str | None, listed: Path | None
) -> None:
    """Print what a publication came to, and the reports that it moves, also to a file."""
    done = "Published" if outcome.committed else "Would publish"
    typer.echo(f"{done} {outcome.edition} from {moment(outcome.effective_from, zone)}.")
    faults = Counter[str](fault.severity for fault in outcome.faults)
    routes = Counter[str](fault.severity for fault in outcome.routes)
    facts(
        {
            "family": "" if outcome.family == "base" else outcome.family,
            "areas": counted(outcome.areas),
            "audit": counted(faults) or "no faults",
            "routes": counted(routes) or ("no faults" if outcome.route_check else ""),
            "accepted": accepted if accepted and faults["error"] + routes["error"] else "",
            "replaces": _replaces(outcome),
            "until": _until(outcome, zone),
            "retired": _codes(outcome.retired),
        }
    )
    show_moves(outcome.moves, listed)
    show_dry_run(outcome.committed)


def _replaces(outcome: PublishOutcome) -> str:
    if outcome.begun_with is None:
        return outcome.replaces or ""
    return f"{outcome.replaces}; the draft began with {outcome.begun_with}"


def _until(outcome: PublishOutcome, zone: ZoneInfo) -> str:
    if outcome.followed_by is None:
        return ""
    return f"{moment(outcome.effective_to, zone)} ({outcome.followed_by})"


def _codes(retired: Mapping[tuple[str, str], Any]) -> str:
    if not retired:
        return ""
    return f"{len(retired):,}: {shortened([code for _, code in retired])}"


def draft(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the draft.")],
    source: Annotated[
        str, typer.Option("--from", metavar="EDITION", help="Edition whose areas it begins with.")
    ],
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Begin a draft with all areas of another edition."""
    with opened(ctx, store) as workspace, progress_bar("draft") as progress:
        outcome = workspace.draft(name, source=source, commit=commit, progress=progress)
    done = "Made" if outcome.committed else "Would make"
    typer.echo(f"{done} the draft {name} with the {outcome.areas:,} areas of {outcome.based_on}.")
    show_dry_run(outcome.committed)


def retire(
    ctx: typer.Context,
    edition: Annotated[str, typer.Argument(metavar="EDITION", help="Not in force yet.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Kept with the edition.")],
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Withdraw a published edition before its date."""
    with opened(ctx, store) as workspace:
        outcome = workspace.retire(edition, why=why, commit=commit)
        start = moment(outcome.effective_from, workspace.zone)
    done = "Retired" if outcome.committed else "Would retire"
    stays = f"{outcome.instead} stays in force" if outcome.instead else "nothing is in force"
    typer.echo(f"{done} {edition}: from {start} on {stays}.")
    show_dry_run(outcome.committed)


def rollback(
    ctx: typer.Context,
    to: Annotated[str, typer.Option(metavar="FORMER", help="Edition to put in force again.")],
    effective_from: Annotated[
        str, typer.Option("--from", metavar="DATE", help="From when; a date means 00:00 there.")
    ],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Kept with the new edition.")],
    edition: Annotated[
        str | None,
        typer.Argument(metavar="[EDITION]", help="Edition to replace: the one in force then."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the new edition; else FORMER (2).")
    ] = None,
    backdate: Annotated[
        str | None,
        typer.Option(metavar="WHY", help="Roll back from a date since which reports were routed."),
    ] = None,
    reports: ReportsOption = "keep",
    reports_csv: ReportsCsvOption = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Put a former edition in force again, as a new edition from a date."""
    with opened(ctx, store) as workspace, progress_bar("rollback") as progress:
        listed = checked_csv(workspace, reports_csv)
        outcome = workspace.rollback(
            edition,
            to=to,
            effective_from=effective_from,
            why=why,
            name=name,
            backdate=backdate,
            reports=reports,
            commit=commit,
            progress=progress,
        )
        zone = workspace.zone
    done = "Published" if outcome.committed else "Would publish"
    start = moment(outcome.effective_from, zone)
    typer.echo(f"{done} {outcome.restores} again as {outcome.edition}, from {start}.")
    facts(
        {
            "replaces": outcome.replaces,
            "areas": f"{outcome.areas:,}",
            "until": moment(outcome.effective_to, zone),
            "retired": _codes(outcome.retired),
        }
    )
    show_moves(outcome.moves, listed)
    show_dry_run(outcome.committed)


def editions(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[EDITION]", help="Show what it was made from.")
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only of this family of grids.")
    ] = None,
    codes: Annotated[
        bool, typer.Option("--retired-codes", help="List the codes that are no longer in use.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """List the editions, newest first; with a name, its imports and what they remarked."""
    with opened(ctx, store) as workspace:
        zone = workspace.zone
        if codes:
            _show_codes(workspace.retired_codes(family=family), zone)
            return
        if name is not None:
            _show_imports(workspace.imports(name), zone)
            return
        found = workspace.editions(family=family)
    if not found:
        typer.echo("There are no editions yet: gridmap import makes one.")
        return
    table(
        (
            "edition", "state", "from", "until", "areas", "family", "published", "by",
            "accepted faults", "remarks",
        ),
        [
            (
                one["name"],
                one["state"],
                moment(one["effective_from"], zone),
                moment(one["effective_to"], zone),
                one["areas"],
                one["family"],
                moment(one["published_at"], zone),
                one["published_by"],
                one["accepted_faults"],
                _remarks(one),
            )
            for one in found
        ],
    )  # fmt: skip


def _remarks(one: dict[str, Any]) -> str:
    parts = (
        ("restores", one["restores"]),
        ("from", one["based_on"]),
        ("because", one["published_why"]),
        ("backdated:", one["backdated_why"]),
        ("retired:", one["retired_why"]),
    )
    return "; ".join(f"{word} {text}" for word, text in parts if text)


def _show_codes(found: list[dict[str, Any]], zone: ZoneInfo) -> None:
    if not found:
        typer.echo("No code has gone out of use.")
        return
    table(
        ("family", "level", "code", "retired", "last in", "reason", "followed by", "back in"),
        [
            (
                one["family"],
                one["level"],
                one["code"],
                moment(one["retired_at"], zone),
                one["last_edition"],
                one["reason"],
                ", ".join(f"{after['code']} {after['share']:.0%}" for after in one["successors"]),
                one["back_in"] or "",
            )
            for one in found
        ],
    )


def _show_imports(found: list[dict[str, Any]], zone: ZoneInfo) -> None:
    for one in found:
        layer = f":{one['source_layer']}" if one["source_layer"] else ""
        typer.echo(
            f"{one['level']}: {one['areas']:,} areas from {one['source']}{layer} "
            f"({one['coord_sys']}), {moment(one['created_at'], zone)} by {one['created_by']}"
        )
        for note in one["report"].get("messages", []):
            typer.echo(f"  {note['severity']}: {note['text']}")
