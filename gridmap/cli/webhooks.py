"""Commands on webhooks: who is told what happens, and what could not be delivered."""

from __future__ import annotations

from typing import Annotated

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.show import moment, table

__all__ = ["webhooks"]

webhooks = typer.Typer(
    name="webhooks",
    help="Programs that are told what happens to orders.",
    no_args_is_help=True,
)


@webhooks.command("list")
def list_(ctx: typer.Context, store: StoreOption = None) -> None:
    """List webhooks."""
    with opened(ctx, store) as workspace:
        found = workspace.webhooks()
        rows = [
            (
                one["name"],
                one["url"],
                ", ".join(one["types"]) or "everything",
                "on" if one["active"] else "off",
                moment(one["created_at"], workspace.zone),
            )
            for one in found
        ]
    table(("name", "address", "types", "state", "since"), rows)


@webhooks.command("add")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called here.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it listens.")],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            help="order.close, or whistle for all of them; else everything. All: docs/webhooks.md.",
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Tell a program what happens from now on; prints the secret it checks signatures with."""
    with opened(ctx, store) as workspace:
        made, secret = workspace.add_webhook(name, url, types=types or ())
    typer.echo(f"Webhook {made['name']} is told from now on.")
    typer.echo(f"Secret: {secret}")


@webhooks.command("secret")
def secret(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the webhook.")],
    store: StoreOption = None,
) -> None:
    """Print the secrets of a webhook, the newest first; `notices` for that of the gateway."""
    with opened(ctx, store) as workspace:
        for one in workspace.webhook_secrets(name):
            typer.echo(one)


@webhooks.command("switch")
def switch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the webhook.")],
    on: Annotated[bool, typer.Option("--on/--off", help="Go on telling it, or stop.")],
    store: StoreOption = None,
) -> None:
    """Stop telling a program, or go on."""
    with opened(ctx, store) as workspace:
        made = workspace.set_webhook(name, active=on)
    typer.echo(f"Webhook {made['name']} is {'on' if made['active'] else 'off'}.")


@webhooks.command("failed")
def failed(ctx: typer.Context, store: StoreOption = None) -> None:
    """List messages and notices that were not taken: those given up, and those tried again."""
    with opened(ctx, store) as workspace:
        found = [*workspace.failed_deliveries(), *workspace.waiting_deliveries()]
        zone = workspace.zone
    head = ("id", "kind", "to", "event", "attempts")
    rows = [
        (
            *(one[name] for name in head),
            moment(one["next_at"], zone) if "next_at" in one else "given up",
            one["why"],
        )
        for one in found
    ]
    table((*head, "tried again", "why"), rows)


@webhooks.command("redeliver")
def redeliver(
    ctx: typer.Context,
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Ids of failed deliveries.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Try again what was given up: the ids named, or everything."""
    with opened(ctx, store) as workspace:
        count = workspace.redeliver(ids)
    typer.echo(f"{count:,} deliveries are tried again by the worker.")
