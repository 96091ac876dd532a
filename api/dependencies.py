"""What routes are given: the workspace, who asks, and what they need to be allowed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, params

from api.identity import Identity, identify
from gridmap.access import Action, Actor, require_may
from gridmap.workspace import Workspace

__all__ = [
    "PUBLIC",
    "ActorDep",
    "IdentityDep",
    "Needs",
    "Public",
    "WorkspaceDep",
    "get_actor",
    "get_workspace",
    "needs",
]


async def get_workspace(request: Request) -> Workspace:
    """Return the workspace that the application opened."""
    workspace: Workspace = request.app.state.workspace
    return workspace


IdentityDep = Annotated[Identity, Depends(identify)]


async def get_actor(identity: IdentityDep) -> Actor:
    """Return who asks; see :mod:`api.identity`."""
    return identity.actor


WorkspaceDep = Annotated[Workspace, Depends(get_workspace)]
ActorDep = Annotated[Actor, Depends(get_actor)]


class Public:
    """Declares that a route is everybody's. Asks nobody, so that it answers without a store."""

    action = Action.PUBLIC_SEE

    async def __call__(self) -> None:
        """Let everybody in."""


class Needs:
    """Declares the action of a route, and refuses whoever may do it nowhere.

    Where a role holds is asked in the workspace, which knows what the request is about.
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, actor: ActorDep) -> None:
        """Let in who may."""
        require_may(actor, self.action)


PUBLIC = Depends(Public())


def needs(action: Action) -> list[params.Depends]:
    """Return the `dependencies` of a route: every route has an action, or is public."""
    return [Depends(Needs(action))]
