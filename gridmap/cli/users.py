"""Commands on accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.show import table

if TYPE_CHECKING:
    from gridmap.access import Grant
    from gridmap.workspace import Workspace
    from gridmap.workspace.accounts import NewAccount

__all__ = ["users"]

users = typer.Typer(
    help="Accounts: who may sign in, with which roles, and where these hold.",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What one signs in with.")]
AreaOption = Annotated[
    list[str] | None,
    typer.Option(
        "--area", metavar="LEVEL:CODE", help="Where the role holds; several times for several."
    ),
]
DepartmentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--department", metavar="CODE", help="Whose work the role is for; several times too."
    ),
]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
GenerateOption = Annotated[
    bool, typer.Option("--generate", help="Make a random password and print it once.")
]


@users.command("add")
def add(
    ctx: typer.Context,
    name: NameArgument,
    role: Annotated[
        list[str], typer.Option("--role", metavar="ROLE", help="One of docs/permissions.md.")
    ],
    area: AreaOption = None,
    department: DepartmentOption = None,
    label: Annotated[str, typer.Option(metavar="TEXT", help="How pages call the person.")] = "",
    generate: GenerateOption = False,
    from_stdin: StdinOption = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="For a program: only keys open the account.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Make an account; the first one ends the time in which this machine needs none."""
    from gridmap.access import role_named

    with opened(ctx, store, create=True) as workspace:
        grants = [_grant(role_named(one).value, area, department) for one in role]
        given = None if generate or no_password else _password(from_stdin)
        first = not workspace.has_accounts()
        show_made_keys(workspace)
        made = workspace.add_user(name, grants, password=given, generate=generate, label=label)
    typer.echo(f"Made the account {made.account.name}: {_roles(made.account.grants)}.")
    _show_password(made)
    if first:
        typer.echo("From now on requests have to sign in, also those from this machine.")


@users.command("list")
def list_(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    store: StoreOption = None,
) -> None:
    """List accounts, their roles and where these hold."""
    with opened(ctx, store) as workspace:
        found = workspace.users()
    if as_json:
        listed = [
            {
                "name": one.name,
                "label": one.label,
                "roles": [
                    {"role": grant.role.value, "scope": str(grant.scope)} for grant in one.grants
                ],
                "password": one.has_password,
                "demo": one.demo,
                "disabled": one.disabled_at is not None,
            }
            for one in found
        ]
        write_json({"users": listed}, STDOUT)
        return
    rows = [
        (
            one.name,
            one.label,
            _roles(one.grants),
            "yes" if one.has_password else "keys only",
            "disabled" if one.disabled_at else "demo" if one.demo else "",
        )
        for one in found
    ]
    table(("account", "label", "roles", "password", ""), rows)


@users.command("role")
def role(
    ctx: typer.Context,
    name: NameArgument,
    grant: Annotated[
        str | None, typer.Option("--add", metavar="ROLE", help="Give it, or change its scope.")
    ] = None,
    revoke: Annotated[
        str | None, typer.Option("--remove", metavar="ROLE", help="Take it away.")
    ] = None,
    area: AreaOption = None,
    department: DepartmentOption = None,
    store: StoreOption = None,
) -> None:
    """Give an account a role, or take one away; at once, for open sessions too."""
    from gridmap.access import role_named
    from gridmap.errors import BadValue

    if grant is None and revoke is None:
        raise BadValue("Nothing is to be changed.", repair="Give --add ROLE or --remove ROLE.")
    with opened(ctx, store) as workspace:
        account = None
        if revoke is not None:
            account = workspace.revoke_role(name, role_named(revoke))
        if grant is not None:
            account = workspace.grant_role(name, _grant(grant, area, department))
    if account is not None:
        typer.echo(f"{account.name}: {_roles(account.grants) or 'no role'}.")


@users.command("password")
def password(
    ctx: typer.Context,
    name: NameArgument,
    generate: GenerateOption = False,
    from_stdin: StdinOption = False,
    store: StoreOption = None,
) -> None:
    """Set a new password; the account's sessions end and its wrong ones are forgotten."""
    with opened(ctx, store) as workspace:
        made = workspace.set_password(name, None if generate else _password(from_stdin))
    typer.echo(f"{made.account.name} has a new password.")
    _show_password(made)


@users.command("disable")
def disable(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Accounts to close.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="All that were made for a demonstration.")
    ] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Open them again instead.")] = False,
    store: StoreOption = None,
) -> None:
    """Close accounts: sessions end, keys sleep, histories keep the name."""
    with opened(ctx, store) as workspace:
        done = workspace.disable_users(names or [], demo=demo, enable=enable)
    typer.echo(f"{'Opened' if enable else 'Disabled'}: {', '.join(done) or 'none'}.")


def show_made_keys(workspace: Workspace) -> None:
    """Make the site's keys when there never were any, and say where."""
    made = workspace.ensure_keys()
    if made is not None:
        typer.echo(f"Made the site's keys in {made.path} (mode 0600).", err=True)
        typer.echo("Back it up, apart from the store: see docs/operations.md.", err=True)


def _grant(role: str, areas: list[str] | None, departments: list[str] | None) -> Grant:
    from gridmap.access import Grant, Scope, role_named

    return Grant(role_named(role), Scope.of(areas=areas or (), departments=departments or ()))


def _roles(grants: tuple[Grant, ...]) -> str:
    return ", ".join(f"{grant.role} ({grant.scope})" for grant in grants)


def _show_password(made: NewAccount) -> None:
    if made.password is not None:
        typer.echo(f"Password, shown this once: {made.password}")


def _password(from_stdin: bool) -> str:
    from gridmap.errors import BadValue

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise BadValue(
            "There is nobody to ask for a password.",
            repair="Give --generate or --password-stdin.",
        )
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return given
