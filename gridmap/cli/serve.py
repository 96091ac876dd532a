"""The command that serves pages and API; the only one, with the demo, that knows the `api`."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import StoreOption, opened, settings_of
from gridmap.cli.worker import working

if TYPE_CHECKING:
    from gridmap.settings import Settings
    from gridmap.workspace import Workspace

__all__ = ["HostOption", "PortOption", "bound_socket", "need_loopback", "run_server", "serve"]

HostOption = Annotated[
    str, typer.Option(help="Address to listen on; another than this machine's own needs accounts.")
]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")]


def serve(
    ctx: typer.Context,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    worker: Annotated[
        bool,
        typer.Option("--worker/--no-worker", help="Also do what time brings; see `worker`."),
    ] = True,
    store: StoreOption = None,
) -> None:
    """Serve the pages and the API until Ctrl-C."""
    from gridmap.cli.users import show_made_keys

    with opened(ctx, store) as workspace:
        # What is wrong with the store or the keys is said here, not by every worker.
        _need_accounts(workspace, host)
        show_made_keys(workspace)
    with bound_socket(host, port) as sock, working(settings_of(ctx, store), when=worker):
        run_server(settings_of(ctx, store), sock, workers=workers)


def _need_accounts(workspace: Workspace, host: str) -> None:
    """Raise `NotAllowed` for an address that others reach, unless they have to sign in."""
    if _is_loopback(host):
        return
    if not workspace.has_accounts():
        need_loopback(
            host,
            "Without accounts the service is for this machine only: whoever reaches it is staff.",
            repair="Make an account first: gridmap users add NAME --role admin.",
        )
    if workspace.has_demo_accounts():
        need_loopback(
            host,
            "Accounts of a demonstration stay on this machine.",
            repair="Close them: gridmap users disable --demo.",
        )
    if workspace.settings.loopback_with_accounts:
        typer.echo("Requests from this machine need no sign-in (GRIDMAP_LOOPBACK_WITH_ACCOUNTS).")


def need_loopback(host: str, why: str, *, repair: str = "Leave --host out.") -> None:
    """Raise `NotAllowed` unless the address is this machine's own."""
    from gridmap.errors import NotAllowed

    if not _is_loopback(host):
        raise NotAllowed(why, got=host, allowed="127.0.0.1, ::1, localhost", repair=repair)


def run_server(settings: Settings, sock: socket.socket, *, workers: int = 1) -> None:
    """Serve on a bound socket until interrupted."""
    import uvicorn

    # Workers are fresh processes: they read the settings from the environment.
    os.environ["GRIDMAP_STORE"] = settings.store
    if settings.frozen_now is not None:
        os.environ["GRIDMAP_FROZEN_NOW"] = settings.frozen_now
    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        log_level="warning",
        workers=workers,
        # Answers depend on whether the request came from this machine: no proxy is believed.
        proxy_headers=False,
        server_header=False,
    )
    sock.listen(2048)
    host, port, *_ = sock.getsockname()
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"Serving http://{shown}:{port}/ (Ctrl-C ends it)")
    try:
        if workers > 1:
            from uvicorn.supervisors import Multiprocess

            Multiprocess(config, sockets=[sock]).run()
        else:
            uvicorn.Server(config).run(sockets=[sock])
    except KeyboardInterrupt:
        typer.echo("Stopped.")


def _address(host: str) -> str:
    """Return the address to bind, or raise `BadValue`."""
    from gridmap.errors import BadValue

    if host == "localhost":
        return "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise BadValue(
            "This is not an address.", got=host, allowed="127.0.0.1, ::1, 0.0.0.0 ..."
        ) from None
    return host


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(_address(host)).is_loopback


def bound_socket(host: str, port: int) -> socket.socket:
    """Take a port for this program, not yet listening.

    Raises
    ------
    BadValue
        When the address is not this machine's.
    Conflict
        When the port is taken.
    """
    from gridmap.errors import BadValue, Conflict

    host = _address(host)
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                "The port is in use by another program.",
                got=f"{host}:{port}",
                repair="End that program, or choose another port with --port.",
            ) from error
        raise BadValue(
            f"The address cannot be listened on: {error.strerror}.", got=f"{host}:{port}"
        ) from error
    sock.set_inheritable(True)
    return sock
