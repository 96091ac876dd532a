"""The commands, put together. Each is thin: parse, call the workspace, print."""

from __future__ import annotations

import typer

from gridmap.cli import (
    boundaries,
    check,
    coverage,
    demo,
    drafts,
    editions,
    export,
    families,
    history,
    keys,
    maps,
    moves,
    numbers,
    places,
    plan,
    points,
    repair,
    reviews,
    route,
    rules,
    secrets,
    serve,
    sheets,
    users,
    webhooks,
    worker,
)
from gridmap.cli.context import Shared, StoreOption
from gridmap.cli.errors import ErrorGroup

__all__ = ["app"]

app = typer.Typer(
    name="gridmap",
    cls=ErrorGroup,
    help="Polygon layers in, reports in, the right grid and department out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        from gridmap import __version__

        typer.echo(f"gridmap {__version__}")
        raise typer.Exit


@app.callback()
def _before(
    ctx: typer.Context,
    store: StoreOption = None,
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
    ),
) -> None:
    del version
    ctx.obj = Shared(store=store)


app.command("demo")(demo.demo)
app.command("levels")(boundaries.levels)
app.command("import")(boundaries.import_)
app.command("check")(check.check)
app.command("repair")(repair.repair)
app.command("draft")(editions.draft)
app.command("publish")(editions.publish)
app.command("retire")(editions.retire)
app.command("rollback")(editions.rollback)
app.command("editions")(editions.editions)
app.command("history")(history.history)
app.command("export")(export.export)
# A negative longitude begins like an option.
app.command("locate", context_settings={"ignore_unknown_options": True})(points.locate)
app.command("assign")(points.assign)
app.command("map")(maps.map_)
app.command("numbers")(numbers.numbers)
app.command("report")(numbers.report)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("migrate")(boundaries.migrate)
app.command("anonymise")(secrets.anonymise)
app.add_typer(users.users, name="users")
app.add_typer(keys.keys, name="keys")
app.add_typer(secrets.secrets, name="secrets")
app.add_typer(families.families, name="families")
places.places.command("coverage")(coverage.coverage)
app.add_typer(places.places, name="places")
plan.plan.add_typer(drafts.draft, name="draft")
app.add_typer(plan.plan, name="plan")
app.add_typer(route.route, name="route")
app.add_typer(rules.rules, name="rules")
app.add_typer(reviews.reviews, name="reviews")
app.add_typer(sheets.sheets, name="sheets")
app.add_typer(webhooks.webhooks, name="webhooks")
places.reports.command("close")(moves.close)
places.reports.command("move")(moves.move)
places.reports.command("pause")(reviews.pause)
places.reports.command("resume")(reviews.resume)
places.reports.command("reroute")(reviews.reroute)
app.add_typer(places.reports, name="reports")
