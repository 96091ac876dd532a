"""The history of an area over the published editions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from api.areas import Code, LevelName
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.models import Exact
from api.openapi import cached, problems
from api.rendering import answer_unchanging, site_times

__all__ = ["HistoryOut", "router"]

router = APIRouter(tags=["areas"], dependencies=[PUBLIC])

Relation = Literal[
    "kept",
    "renamed",
    "recoded",
    "moved_border",
    "split",
    "merged",
    "redrawn",
    "created",
    "abolished",
]


class PartOut(Exact):
    """Land in common with an area of the other edition. Counts are absent for the public."""

    code: str | None = Field(description="Null for land in no area of that edition.")
    name: str | None
    relation: Relation | Literal["transfer"] = Field(
        description="`transfer`: land that went between areas that do not belong together."
    )
    share: float = Field(ge=0, le=1, description="The land as a part of this area.")
    share_of_other: float = Field(ge=0, le=1, description="The same as a part of the other one.")
    area_m2: float | None = Field(ge=0)
    households: float | None = Field(None, ge=0, description="Null: not known.")
    buildings: float | None = Field(None, ge=0, description="Null: not known.")
    reports: float | None = Field(None, ge=0, description="In the year before the change.")


class ChangeOut(Exact):
    """What became of the area from or to another edition."""

    edition: str
    relation: Relation
    reparented: bool = Field(description="True: it came under another parent.")
    parts: list[PartOut]


class StageOut(Exact):
    """The area in one edition."""

    edition: str
    effective_from: datetime | None
    effective_to: datetime | None = Field(description="When the next edition takes over.")
    code: str = Field(description="Its code then.")
    name: str
    before: ChangeOut | None = Field(description="Null in the first edition there is.")
    after: ChangeOut | None = Field(description="Null in the last edition there is.")


class SuccessorOut(Exact):
    """Who followed an area that is no more."""

    edition: str
    code: str | None = Field(description="Null when most of it is in no area.")
    name: str | None
    relation: Relation
    share: float = Field(ge=0, le=1, description="Part of the area before that is in this one.")
    measure: str = Field(description="What the share is a share of: households, or area.")
    basis: Literal["exact", "estimated", "by_area", "no_land"]


class HistoryOut(Exact):
    """The life of an area over the editions."""

    level: str
    code: str
    name: str = Field(description="Its last name.")
    editions: list[StageOut] = Field(
        description="The editions it was in, oldest first; under other codes too."
    )
    successors: list[SuccessorOut] = Field(
        description="Who followed it in each later edition; empty when it is in the newest."
    )
    also_in: list[str] = Field(description="Editions in which the code stands for other land.")


@router.get(
    "/api/areas/{level}/{code:path}/history",
    summary="What became of an area",
    response_model=HistoryOut,
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def area_history(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, level: LevelName, code: Code
) -> Response:
    """Return the area's life over the published editions: from whom, to whom, who followed."""
    found = workspace.area_history(level, code, actor=actor)
    found["editions"] = [site_times(stage, workspace.zone) for stage in found["editions"]]
    return answer_unchanging(request, workspace, found)
