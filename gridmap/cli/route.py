"""Commands on routes: `route check`, `route replay`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.check import FAULTS
from gridmap.cli.context import StoreOption, opened, opened_to_read
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.show import counted, facts, table

if TYPE_CHECKING:
    from gridmap.routing.proof import RouteProof

__all__ = ["route"]

_MOST_SHOWN = 50
_MOST_LEADS = 8

route = typer.Typer(help="Who a report would be given to.", no_args_is_help=True)


@route.command("check")
def check(
    ctx: typer.Context,
    edition: Annotated[
        str | None, typer.Argument(metavar="[EDITION]", help="Draft or published; else in force.")
    ] = None,
    catalogue: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose items; the site's own if not given.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day whose rules and rosters count.")
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write all as JSON; - is stdout.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Ask every item at every kind of place; exit code 1 when a rule is faulty."""
    with opened_to_read(ctx, store) as workspace:
        if json_out not in {None, STDOUT}:
            workspace.foreign(Path(str(json_out)))
        found = workspace.prove_routes(edition, catalogue=catalogue, at=at)
        lang = workspace.settings.language
    if json_out is not None:
        _write(found, lang, json_out)
    if json_out != STDOUT:
        _show(found, lang)
    if any(fault.severity != "info" for fault in found.faults):
        raise typer.Exit(FAULTS)


@route.command("replay")
def replay(
    ctx: typer.Context,
    report: Annotated[int, typer.Argument(metavar="REPORT", help="Number of the report.")],
    edition: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The decision by which it moved to this edition."),
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write all as JSON; - is stdout.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Decide a report again as it was decided; exit code 1 when that comes out otherwise."""
    with opened(ctx, store) as workspace:
        if json_out not in {None, STDOUT}:
            workspace.foreign(Path(str(json_out)))
        found = workspace.replay(report, edition=edition)
    if json_out is not None:
        write_json(found, json_out)
    if json_out != STDOUT:
        _show_replay(found)
    if not found["same"]:
        raise typer.Exit(FAULTS)


def _show_replay(found: Mapping[str, Any]) -> None:
    then, today = found["replayed"], found["today"]
    made_by = found["made_by"]
    facts(
        {
            "report": f"{found['report']}, item {found['item']} of {found['catalogue']}",
            "decided in": str(made_by["edition"] or "no edition"),
            "by rules": f"{made_by['rules'][:12]}, kept {made_by['rules_first_kept']:%Y-%m-%d}",
        }
    )
    typer.echo("Replayed: the same." if found["same"] else
               f"Replayed: NOT the same: {', '.join(found['differences'])}.")  # fmt: skip
    names = ("department", "co_departments", "first_responder", "handling_level", "due_at",
             "needs_person")  # fmt: skip
    table(
        ("", "then", "today"), [(name, _shown(then[name]), _shown(today[name])) for name in names]
    )
    for title, route in (("then", then), ("today", today)):
        typer.echo(f"{title}:")
        for sentence in route["explanation"]:
            typer.echo(f"  {sentence}")


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(value) if isinstance(value, list) else str(value or "")


def _write(found: RouteProof, lang: str, where: str) -> None:
    record = {
        "items": found.items,
        "areas": found.areas,
        "places": found.places,
        "led": found.led,
        "reviewed": found.reviewed,
        "leads": found.leads,
        "faults": [fault.as_dict(lang) for fault in found.faults],
    }
    write_json(record, where)


def _show(found: RouteProof, lang: str) -> None:
    asked = found.items * found.places
    typer.echo(
        f"Asked {found.items} items at {found.places:,} kinds of place "
        f"in {found.areas:,} areas: {asked:,} questions."
    )
    facts(
        {
            "one lead by rule": f"{found.led:,}",
            "territory, until ownership is settled": f"{found.reviewed:,}",
            "nobody": f"{asked - found.led - found.reviewed:,}",
            "leads": counted(dict(islice(found.leads.items(), _MOST_LEADS))),
        }
    )
    shown = [fault.as_dict(lang) for fault in found.faults[:_MOST_SHOWN]]
    for one in shown:
        place = "" if one["lon"] is None else f"  [{one['lon']:.6f}, {one['lat']:.6f}]"
        typer.echo(f"{one['severity']:8}{one['kind']}: {one['text']}{place}")
    if len(found.faults) > _MOST_SHOWN:
        typer.echo(f"... and {len(found.faults) - _MOST_SHOWN:,} more; --json OUT has them all.")
    if not found.faults:
        typer.echo("No faults.")
        return
    kinds = Counter((fault.severity, fault.kind) for fault in found.faults)
    typer.echo()
    table(("severity", "kind", "count"), [(*key, f"{n:,}") for key, n in kinds.items()])
