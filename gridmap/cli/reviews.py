"""Commands of the board of ownership reviews, and of clocks that stand still."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.show import facts, moment, show_dry_run, table

__all__ = ["pause", "reroute", "resume", "reviews"]

reviews = typer.Typer(help="What nobody is known to own, and who is to.", no_args_is_help=True)

WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is recorded.")]
NumberArgument = Annotated[int, typer.Argument(metavar="N", help="Number of the review.")]
ReportArgument = Annotated[int, typer.Argument(metavar="N", help="Number of the report.")]


@reviews.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[str, typer.Option(metavar="open|ruled|all", help="Which reviews.")] = "open",
    item: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this item.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="How many at most.")] = 50,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write as JSON; - is stdout.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List reviews, those with the most reports first."""
    with opened(ctx, store) as workspace:
        lang, zone = workspace.settings.language, workspace.zone
        total, found = workspace.reviews(
            limit=limit, lang=lang, state=None if state == "all" else state, item=item
        )
    if json_out is not None:
        write_json({"total": total, "reviews": found}, json_out)
        return
    head = ("review", "reports", "reason", "item", "area", "since", "owner")
    table(head, [_line(one, zone) for one in found])
    typer.echo(
        f"{total:,} reviews." + (f" The first {limit:,} are shown." if total > limit else "")
    )


@reviews.command("show")
def show(ctx: typer.Context, number: NumberArgument, store: StoreOption = None) -> None:
    """Show one review with its reports and its ruling."""
    with opened(ctx, store) as workspace:
        lang, zone = workspace.settings.language, workspace.zone
        one = workspace.review(number, lang=lang)
    place = "" if one["lon"] is None else f"{one['lon']:.6f}, {one['lat']:.6f}"
    facts(
        {
            "state": one["state"],
            "reason": one["reason"],
            "item": f"{one['item'] or ''} {one['item_name'] or ''}".strip(),
            "area": f"{one['area_code']} {one['area_name'] or ''}".strip(),
            "place": place,
            "overlays": ", ".join(one["overlays"]),
            "opened": f"{moment(one['opened_at'], zone)} by {one['opened_by']}",
        }
    )
    if one["ruling"]:
        ruling = one["ruling"]
        facts(
            {
                "owner": f"{ruling['owner']} {ruling['owner_name']}",
                "items": ", ".join(ruling["items"]),
                "document": ruling["document"],
                "valid": f"{ruling['valid_from']} to {ruling['valid_to'] or 'open'}",
                "overlay": ruling["overlay_code"],
            }
        )
    rows = [
        (r["report_id"], r["reason"], moment(r["added_at"], zone), r["why"]) for r in one["held"]
    ]
    table(("report", "reason", "since", "why"), rows)


@reviews.command("open")
def open_(
    ctx: typer.Context, report: ReportArgument, why: WhyOption, store: StoreOption = None
) -> None:
    """Put a report before the board."""
    with opened(ctx, store) as workspace:
        one = workspace.open_review(report, why)
    typer.echo(f"Report {report} is in review {one['id']} ({one['reports']:,} reports).")


@reviews.command("rule")
def rule(
    ctx: typer.Context,
    number: NumberArgument,
    owner: Annotated[str, typer.Option(metavar="CODE", help="Body that owns it from now on.")],
    document: Annotated[
        str, typer.Option(metavar="TEXT", help="Minutes or letter that it is recorded in.")
    ],
    items: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="CODE", help="Once for each; else the review's own."),
    ] = None,
    polygon: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ground: a GeoJSON polygon.")
    ] = None,
    line: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ground: along a GeoJSON line.")
    ] = None,
    width_m: Annotated[
        float | None, typer.Option("--width", metavar="M", help="Of the ground along --line.")
    ] = None,
    radius_m: Annotated[
        float | None, typer.Option("--radius", metavar="M", help="Ground: metres round the place.")
    ] = None,
    overlay: Annotated[
        str | None, typer.Option(metavar="CODE", help="Ground: that of an overlay.")
    ] = None,
    area: Annotated[str | None, typer.Option(metavar="LEVEL:CODE", help="Ground: an area.")] = None,
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day; else today.")
    ] = None,
    valid_to: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="First day no longer.")
    ] = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Settle a review: its ground belongs to an owner from a day on."""
    body: dict[str, Any] = {
        "owner": owner,
        "document": document,
        "items": items or None,
        "polygon": None if polygon is None else _geojson(polygon),
        "line": None if line is None else _geojson(line),
        "width_m": width_m,
        "radius_m": radius_m,
        "overlay": overlay,
        "area": None if area is None else _area(area),
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    with opened(ctx, store) as workspace:
        done = workspace.rule(number, body, commit=commit)
    typer.echo(
        f"Review {number}: {done.overlay.owner} owns items {', '.join(done.overlay.items)} "
        f"as overlay {done.overlay.code} from {done.overlay.valid_from}."
    )
    typer.echo(
        f"{done.rerouted:,} open reports {'routed' if commit else 'would be routed'} anew, "
        f"{done.settled:,} of them to an owner by rule."
    )
    show_dry_run(commit)


@reviews.command("rulings")
def rulings(
    ctx: typer.Context,
    geojson: Annotated[
        str | None,
        typer.Option("--geojson", metavar="OUT", help="Write the layer; - is stdout."),
    ] = None,
    store: StoreOption = None,
) -> None:
    """List what was ruled, with source and dates; --geojson writes the ground as a layer."""
    with opened(ctx, store) as workspace:
        if geojson not in {None, STDOUT}:
            workspace.foreign(Path(str(geojson)))
        found = workspace.rulings(lang=workspace.settings.language)
    if geojson is not None:
        write_json({"type": "FeatureCollection", "features": found}, geojson)
    if geojson != STDOUT:
        head = ("ruling", "review", "owner", "items", "source", "from", "to", "holds")
        table(head, [_ruled(one["properties"]) for one in found])


def _ruled(one: dict[str, Any]) -> tuple[Any, ...]:
    return (
        one["code"],
        one["review"] or "-",
        f"{one['owner']} {one['owner_name']}",
        ", ".join(one["items"]) or "all",
        one["source"],
        one["valid_from"],
        one["valid_to"] or "open",
        "yes" if one["in_force"] else "no",
    )


def reroute(
    ctx: typer.Context,
    numbers: Annotated[list[int], typer.Argument(metavar="N...", help="Numbers of reports.")],
    why: WhyOption,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Route open reports anew by the rules of now; their former routes are kept."""
    with opened(ctx, store) as workspace:
        found = workspace.reroute_reports(numbers, why, commit=commit)
    rows = [(n, d.department or "a person decides", d.first_responder) for n, d in found]
    table(("report", "department", "first responder"), rows)
    show_dry_run(commit)


def pause(
    ctx: typer.Context,
    report: ReportArgument,
    reason: Annotated[
        str,
        typer.Option(metavar="R", help="reporter, weather, material, approval, ownership, other"),
    ],
    note: Annotated[str, typer.Option(metavar="TEXT", help="For staff alone.")] = "",
    store: StoreOption = None,
) -> None:
    """Let the clock of a report stand still."""
    with opened(ctx, store) as workspace:
        workspace.pause_report(report, reason, note)
    typer.echo(f"The clock of report {report} stands still.")


def resume(ctx: typer.Context, report: ReportArgument, store: StoreOption = None) -> None:
    """Let the clock of a report run on; its deadline moves by the time lost."""
    with opened(ctx, store) as workspace:
        workspace.resume_report(report)
        found, zone = workspace.report(report), workspace.zone
    typer.echo(f"Report {report} is due {moment(found['due_at'], zone) or found['due_reason']}.")


def _line(one: dict[str, Any], zone: Any) -> tuple[Any, ...]:
    return (
        one["id"],
        f"{one['reports']:,}",
        one["reason"],
        f"{one['item'] or '-'} {one['item_name'] or ''}".strip(),
        one["area_name"] or one["area_code"] or "-",
        moment(one["opened_at"], zone),
        one["ruling"]["owner_name"] if one["ruling"] else "",
    )


def _geojson(path: Path) -> Any:
    import orjson

    from gridmap.errors import UnreadableFile

    try:
        data = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise UnreadableFile(
            "This is no GeoJSON file.",
            got=f"{path}: {error}",
            repair="Save one polygon or line as GeoJSON.",
        ) from error
    features = data.get("features") if isinstance(data, dict) else None
    return features[0] if isinstance(features, list) and len(features) == 1 else data


def _area(text: str) -> dict[str, str]:
    level, _, code = text.partition(":")
    return {"level": level, "code": code}
