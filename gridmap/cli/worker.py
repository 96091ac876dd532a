"""The worker: reminders, escalation, webhooks and notices, done when their moment comes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.context import StoreOption, opened

if TYPE_CHECKING:
    from gridmap.settings import Settings
    from gridmap.workspace import Worked, Workspace

__all__ = ["worker", "working"]

log = logging.getLogger("gridmap.worker")

# A report that comes in is acted on within this time.
_EVERY_S = 2.0


def worker(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due now and end: for cron.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Do what time brings until Ctrl-C: reminders, escalation, webhooks, notices.

    Any number may run, on any machine that reaches the store: each job is done once. `serve`
    runs one by itself.
    """
    with opened(ctx, store) as workspace:
        if once:
            _show(workspace.work())
            return
        typer.echo("Working (Ctrl-C ends it)")
        try:
            _run(workspace, threading.Event())
        except KeyboardInterrupt:
            typer.echo("Stopped.")


@contextmanager
def working(settings: Settings, *, when: bool = True) -> Iterator[None]:
    """Work beside the block, in a thread that ends with it."""
    from gridmap.workspace import open_workspace

    if not when:
        yield
        return
    stop = threading.Event()
    with open_workspace(settings=settings, create=False) as workspace:
        thread = threading.Thread(
            target=_run, args=(workspace, stop), name="gridmap-worker", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=30)


def _run(workspace: Workspace, stop: threading.Event) -> None:
    """Work until told to stop; what goes wrong is written down, and it is tried again."""
    while not stop.is_set():
        try:
            workspace.work(most=500)
        except Exception:
            # Not only what was foreseen: no reminder would go out any more, and nobody be told.
            log.exception("the worker could not work; it tries again")
        stop.wait(_EVERY_S)


def _show(worked: Worked) -> None:
    listed = ", ".join(f"{kind} {n:,}" for kind, n in sorted(worked.done.items()))
    typer.echo(f"Did {worked.total:,} jobs{f' ({listed})' if listed else ''}.")
    if worked.failed:
        typer.echo(
            f"{worked.failed:,} were not taken by the other side; see `gridmap webhooks failed`."
        )
