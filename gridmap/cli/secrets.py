"""Commands on the site's keys, and on personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import CommitOption, StoreOption, opened
from gridmap.cli.show import show_dry_run, table

if TYPE_CHECKING:
    from gridmap.secrets import Keyring

__all__ = ["anonymise", "secrets"]

secrets = typer.Typer(
    help="The site's keys: they sign sessions and what is sent to other programs, seal personal "
    "fields, and are never in the store.",
    no_args_is_help=True,
)


@secrets.command("init")
def init(
    ctx: typer.Context,
    give_up: Annotated[
        bool,
        typer.Option("--give-up", help="Also when fields are sealed with a key that is lost."),
    ] = False,
    store: StoreOption = None,
) -> None:
    """Make the keys that are missing, in a file of mode 0600."""
    with opened(ctx, store, create=True) as workspace:
        made = workspace.give_up_secrets() if give_up else workspace.init_secrets()
    _show_place(made)


@secrets.command("rotate")
def rotate(
    ctx: typer.Context,
    purpose: Annotated[
        str, typer.Argument(metavar="session|personal|outgoing|all", help="Which key.")
    ] = "all",
    store: StoreOption = None,
) -> None:
    """Put a new key in front; old ones go on opening what they sealed.

    A new session key leaves nobody signed out; `reseal` seals personal fields anew. A new outgoing
    key gives every webhook a new secret: messages are signed with the former ones too until
    `drop-old outgoing`.
    """
    from gridmap.errors import BadValue
    from gridmap.secrets import Purpose

    if purpose not in {"all", *Purpose}:
        raise BadValue("There is no such key.", got=purpose, allowed=["all", *Purpose])
    wanted = list(Purpose) if purpose == "all" else [Purpose(purpose)]
    with opened(ctx, store) as workspace:
        made = workspace.rotate_secrets(wanted)
    for one in wanted:
        typer.echo(f"New key for '{one}': {made.of(one)[0].id}.")
    _show_place(made)


@secrets.command("reseal")
def reseal(
    ctx: typer.Context,
    drop: Annotated[
        bool, typer.Option("--drop-old", help="Then forget keys that seal nothing any more.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Seal personal fields anew with the newest key."""
    with opened(ctx, store) as workspace:
        count = workspace.reseal()
        dropped = workspace.drop_old_secrets() if drop else []
    typer.echo(f"Sealed the people of {count:,} reports anew.")
    if dropped:
        typer.echo(f"Forgot the keys {', '.join(dropped)}. Backups made before need them.")


@secrets.command("drop-old")
def drop_old(
    ctx: typer.Context,
    purpose: Annotated[
        str, typer.Argument(metavar="session|personal|outgoing", help="Which keys.")
    ],
    store: StoreOption = None,
) -> None:
    """Forget old keys, but those that still seal something.

    Sessions that an old key signed end. Receivers of webhooks that check with an old secret refuse
    what they are sent: give them the newest first (`webhooks secret`).
    """
    from gridmap.errors import BadValue
    from gridmap.secrets import Purpose

    if purpose not in set(Purpose):
        raise BadValue("There is no such key.", got=purpose, allowed=list(Purpose))
    with opened(ctx, store) as workspace:
        dropped = workspace.drop_old_secrets(Purpose(purpose))
    typer.echo(f"Forgot the keys {', '.join(dropped)}." if dropped else "There is no old key.")


@secrets.command("status")
def status(ctx: typer.Context, store: StoreOption = None) -> None:
    """Show keys by their ids, where they are, and what is sealed with which."""
    from gridmap.secrets.keyring import describe

    with opened(ctx, store) as workspace:
        ring, sealed = workspace.keyring, workspace.store.sealed_with()
    rows = [
        (
            one["purpose"],
            one["id"],
            "newest" if one["newest"] else "old",
            one["made_at"] or "",
            f"{sealed.get(one['id'], 0):,} reports" if one["purpose"] == "personal" else "",
            one["from"],
        )
        for one in describe(ring)
    ]
    table(("purpose", "key", "", "made", "seals", "from"), rows)
    for purpose in ring.missing:
        typer.echo(f"There is no key for '{purpose}'.")
    known = {key.id for keys in ring.keys.values() for key in keys}
    for key, count in sorted(sealed.items()):
        if key not in known:
            typer.echo(f"LOST: {count:,} reports are sealed with {key}, which is not there.")


def anonymise(
    ctx: typer.Context,
    older_than: Annotated[
        int | None,
        typer.Option(
            "--older-than",
            metavar="DAYS",
            help="Reports closed so long ago. [default: GRIDMAP_RETENTION_DAYS]",
            show_default=False,
        ),
    ] = None,
    commit: CommitOption = False,
    store: StoreOption = None,
) -> None:
    """Take out of old closed reports whom they name, numbers in their texts, and photos."""
    with opened(ctx, store) as workspace:
        done = workspace.anonymise(older_than, commit=commit)
    verb = "Took" if commit else "Would take"
    typer.echo(
        f"{verb} people out of {done.people:,} reports, numbers out of {done.texts:,} texts, "
        f"and {done.photos:,} photos."
    )
    show_dry_run(commit)


def _show_place(ring: Keyring) -> None:
    typer.echo(f"Keys are in {ring.path} (mode 0600). Back it up, apart from the store.")
