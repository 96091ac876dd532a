"""The commands, put together. Each is thin: parse, call the workspace, print."""

from __future__ import annotations

import typer

from gridmap.cli import boundaries, demo, maps, places, points, serve
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
app.command("check")(boundaries.check)
app.command("publish")(boundaries.publish)
app.command("editions")(boundaries.editions)
# A negative longitude begins like an option.
app.command("locate", context_settings={"ignore_unknown_options": True})(points.locate)
app.command("assign")(points.assign)
app.command("map")(maps.map_)
app.command("serve")(serve.serve)
app.command("migrate")(boundaries.migrate)
app.add_typer(places.places, name="places")
app.add_typer(places.reports, name="reports")
