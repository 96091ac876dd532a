"""What routes are given: the workspace, and who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.middleware import is_loopback
from gridmap.access import Actor
from gridmap.workspace import Workspace

__all__ = ["ActorDep", "WorkspaceDep", "actor_of", "get_actor", "get_workspace"]

# A proxy on this machine speaks for somebody elsewhere; it leaves one of these.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "via")


async def get_workspace(request: Request) -> Workspace:
    """Return the workspace that the application opened."""
    workspace: Workspace = request.app.state.workspace
    return workspace


async def get_actor(request: Request) -> Actor:
    """Return who asks; see :func:`actor_of`."""
    return actor_of(request, local=request.app.state.local_actor)


def actor_of(request: Request, *, local: Actor) -> Actor:
    """Return `local` for a request that began on this machine, a resident for any other.

    Until keys exist, being on the machine is the only sign of belonging: the peer is a
    loopback address and no proxy has passed the request on.
    """
    forwarded = any(name in request.headers for name in _FORWARDED)
    if request.client is not None and is_loopback(request.client.host) and not forwarded:
        return local
    return Actor.resident()


WorkspaceDep = Annotated[Workspace, Depends(get_workspace)]
ActorDep = Annotated[Actor, Depends(get_actor)]
