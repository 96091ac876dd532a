"""What every command shares: the store it means, an open workspace, progress on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.progress import progress_bar

if TYPE_CHECKING:
    from gridmap.settings import Settings
    from gridmap.workspace import Workspace

__all__ = [
    "CodeOption",
    "CommitOption",
    "NameOption",
    "Shared",
    "StoreOption",
    "WhereOption",
    "opened",
    "opened_to_read",
    "progress_bar",
    "settings_of",
]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PATH|URL",
        help="GeoPackage or postgresql+psycopg2://... [env: GRIDMAP_STORE; default: gridmap.gpkg]",
        show_default=False,
    ),
]
CodeOption = Annotated[
    str | None,
    typer.Option("--code", metavar="COL", help="Of a file: column of codes; else the likeliest."),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="COL", help="Of a file: column of names; else the likeliest."),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COL=VALUE", help="Of a file: only rows with this value; may be repeated."
    ),
]
CommitOption = Annotated[
    bool, typer.Option("--commit", help="Do it; without this, only show what would happen.")
]


@dataclass(frozen=True, slots=True)
class Shared:
    """Options given before the command."""

    store: str | None = None


def settings_of(ctx: typer.Context, store: str | None) -> Settings:
    """Read the settings; the store named after the command wins, then the one before it."""
    from pydantic import ValidationError

    from gridmap.errors import BadValue
    from gridmap.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "GRIDMAP_" + "_".join(str(part) for part in first["loc"]).upper()
        raise BadValue(
            f"The setting {name} cannot be used: {first['msg']}.", got=first["input"]
        ) from error
    shared = ctx.find_object(Shared)
    where = store or (shared.store if shared else None)
    return settings if where is None else settings.model_copy(update={"store": where})


@contextmanager
def opened(ctx: typer.Context, store: str | None, *, create: bool = False) -> Iterator[Workspace]:
    """Open the store's workspace; a store that does not exist is made only with `create`."""
    from gridmap.workspace import open_workspace

    with open_workspace(settings=settings_of(ctx, store), create=create) as workspace:
        yield workspace


@contextmanager
def opened_to_read(ctx: typer.Context, store: str | None) -> Iterator[Workspace]:
    """Open the store, or an empty one that is thrown away when there is none yet.

    For what makes sense before the first import: checking a file, trying an import out.
    """
    from gridmap.workspace import open_workspace

    settings = settings_of(ctx, store)
    if "://" in settings.store or Path(settings.store).exists():
        with open_workspace(settings=settings, create=False) as workspace:
            yield workspace
        return
    typer.echo(f"There is no store at {settings.store} yet.", err=True)
    with TemporaryDirectory(prefix="gridmap-") as folder:
        passing = settings.model_copy(update={"store": str(Path(folder) / "empty.gpkg")})
        with open_workspace(settings=passing) as workspace:
            yield workspace
