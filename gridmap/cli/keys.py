"""Commands on API keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.show import table

if TYPE_CHECKING:
    from gridmap.workspace.accounts import NewKey

__all__ = ["keys"]

keys = typer.Typer(
    help="API keys: each belongs to an account and may do what it may.", no_args_is_help=True
)

DaysOption = Annotated[
    int | None, typer.Option(metavar="DAYS", help="How long it is good; without end if left out.")
]
PrefixArgument = Annotated[str, typer.Argument(metavar="KEY", help="Its beginning, as in `list`.")]


@keys.command("add")
def add(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whose key it is.")],
    label: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "",
    days: DaysOption = None,
    store: StoreOption = None,
) -> None:
    """Make a key and print it once."""
    with opened(ctx, store) as workspace:
        _show(workspace.add_key(user, label=label, days=days), workspace.zone)


@keys.command("list")
def list_(
    ctx: typer.Context,
    user: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Of one account.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List keys by their beginnings; the rest is kept by nobody."""
    with opened(ctx, store) as workspace:
        found, zone, now = workspace.keys(user), workspace.zone, workspace.wall_clock()
    rows = [
        (
            one.prefix,
            one.user,
            one.label,
            _day(one.created_at, zone),
            _day(one.expires_at, zone) or "never",
            _day(one.last_used_at, zone) or "never",
            "revoked" if one.revoked_at else "" if one.is_good(now) else "expired",
        )
        for one in found
    ]
    table(("key", "account", "label", "made", "expires", "last used", ""), rows)


@keys.command("revoke")
def revoke(
    ctx: typer.Context,
    prefixes: Annotated[list[str], typer.Argument(metavar="KEY...", help="Their beginnings.")],
    store: StoreOption = None,
) -> None:
    """Revoke keys, all or none; they are refused from the next request on."""
    with opened(ctx, store) as workspace:
        workspace.revoke_keys(prefixes)
    typer.echo(f"Revoked {', '.join(prefixes)}.")


@keys.command("rotate")
def rotate(
    ctx: typer.Context,
    prefix: PrefixArgument,
    days: DaysOption = None,
    store: StoreOption = None,
) -> None:
    """Put a new key in the place of one, which is revoked in the same step."""
    with opened(ctx, store) as workspace:
        _show(workspace.rotate_key(prefix, days=days), workspace.zone)
    typer.echo(f"Revoked {prefix}.")


def _show(made: NewKey, zone: ZoneInfo) -> None:
    until = f", good until {_day(made.expires_at, zone)}" if made.expires_at else ""
    typer.echo(f"Key {made.prefix}{until}. Shown this once:")
    typer.echo(made.token)


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
