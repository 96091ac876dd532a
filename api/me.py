"""Who am I: the account behind a key or a session, and what it may do."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from api.dependencies import PUBLIC, IdentityDep
from api.models import Exact
from api.openapi import problems
from api.rendering import answer_json
from gridmap.access import Action, may

__all__ = ["MeOut", "router"]

router = APIRouter(tags=["accounts"], dependencies=[PUBLIC])


class RoleOut(Exact):
    """One role, and where it holds; empty lists do not narrow."""

    role: str
    areas: list[str] = Field(description="`LEVEL:CODE`.")
    departments: list[str]


class MeOut(Exact):
    """Who asks."""

    name: str
    label: str | None = Field(description="How pages call the person.")
    via: Literal["key", "session", "loopback", "nobody"]
    roles: list[RoleOut]
    actions: list[str] = Field(description="What these roles may do, somewhere at least.")
    csrf_token: str | None = Field(
        description="With a session: what requests that change something carry in the header "
        "`X-CSRF-Token`."
    )


@router.get("/api/me", summary="Who am I?", response_model=MeOut, responses=problems(403, 500, 503))
async def who_am_i(identity: IdentityDep) -> Response:
    """Return the account behind the key or the session; a resident without one."""
    account = identity.account
    body = {
        "name": identity.actor.name,
        "label": (account.label or None) if account else None,
        "via": identity.via,
        "roles": [
            {
                "role": grant.role.value,
                "areas": [f"{level}:{code}" for level, code in sorted(grant.scope.areas)],
                "departments": sorted(grant.scope.departments),
            }
            for grant in identity.actor.grants
        ],
        "actions": [action.value for action in Action if may(identity.actor, action)],
        "csrf_token": identity.form_token or None,
    }
    answer = answer_json(body)
    answer.headers["Cache-Control"] = "no-store"
    return answer
