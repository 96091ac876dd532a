"""The shapes of suggestions, and of plans measured, compared and replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from api.draft_models import _MOST_CODES, _Code, _Name, _Why
from api.models import Exact, When

__all__ = [
    "PLAN_BODIES",
    "ComparedOut",
    "PlanMeasuresOut",
    "ReplayedOut",
    "SuggestIn",
    "SuggestedDraftIn",
    "SuggestionOut",
    "SuggestionsOut",
]

_Weight = Annotated[float, Field(strict=True, ge=0, le=1000)]
_Amount = Annotated[float, Field(strict=True, gt=0, le=1e9)]
_Count = Annotated[int, Field(ge=1, le=1_000_000)]
_Few = Annotated[list[_Code], Field(max_length=_MOST_CODES)]
_State = Literal["waiting", "running", "done", "stopped", "failed", "lost"]


class AreaIn(Exact):
    """An area."""

    level: _Code
    code: _Code


class SuggestIn(Exact):
    """What plans are asked for; the edition in force when neither edition nor draft is named."""

    edition: _Name | None = None
    draft: int | None = Field(None, ge=1, lt=2**53, description="Number of a draft, instead.")
    version: int | None = Field(None, ge=0, lt=2**31, description="As the draft was then.")
    level: _Code = Field("grid", description="Whose areas are planned; a draft has its own.")
    area: AreaIn | None = Field(None, description="Only inside it.")
    grids: _Count | tuple[_Count, _Count] | None = Field(
        None, description="How many there shall be, or the range in which the best is sought."
    )
    measure: _Code = "households"
    floor: _Amount = 300.0
    ceiling: _Amount = 500.0
    second: _Code | None = Field(None, description="A second measure to balance: `reports`.")
    second_weight: _Weight = 1.0
    barriers: list[Literal["river", "rail", "arterial"]] = Field(
        ["river", "rail"], max_length=3, description="Crossed only where there is no other way."
    )
    locked: _Few = Field([], description="Grids that stay; exclusive ones always do.")
    together: Annotated[list[_Few], Field(max_length=_MOST_CODES)] = Field(
        [], description="Areas of the finest level that stay in one grid."
    )
    apart: Annotated[list[tuple[_Code, _Code]], Field(max_length=_MOST_CODES)] = Field(
        [], description="Pairs that are never in one grid."
    )
    estates_whole: bool = False
    change: _Weight | None = Field(
        None, description="Weight of change: one plan. Left out: least change, default, best "
        "balance."
    )  # fmt: skip
    rebalance: _Few = Field([], description="Only these grids share their ground anew.")
    seed: int = Field(0, ge=0, lt=2**31)
    since: When | None = Field(None, description="Reports from then; a year when left out.")
    until: When | None = None

    @model_validator(mode="after")
    def _one_ground(self) -> Self:
        if self.edition is not None and self.draft is not None:
            raise ValueError("name an edition or a draft, not both")
        if self.draft is None and self.version is not None:
            raise ValueError("a version is one of a draft")
        if isinstance(self.grids, tuple) and self.grids[0] > self.grids[1]:
            raise ValueError("a range of grids is N up to M")
        if self.rebalance and (self.area is not None or self.grids is not None):
            raise ValueError("some grids are shared anew without an area or a number of grids")
        return self


class SuggestedDraftIn(Exact):
    """A plan of a suggestion that is to become a draft."""

    plan: Literal["least_change", "default", "best_balance", "asked"] = "default"
    name: _Name
    why: _Why = ""


PLAN_BODIES = (SuggestIn, SuggestedDraftIn)


class RegionOut(Exact):
    """How an area was divided."""

    area: str
    grids: int
    engine: Literal["pool", "anneal"]
    whole: bool = Field(description="Every connected set in the band was a candidate.")
    candidates: int
    cost: float
    gap: float | None = Field(description="What the best may be better by; null: not known.")
    in_band: bool


class FindingOut(Exact):
    """What could not be met, or is worth telling."""

    kind: str
    area: str
    text: str
    relax: str
    grids: list[str]
    atoms: list[str]


class ReasonOut(Exact):
    """Why a grid is as it is."""

    code: str
    kind: Literal["unchanged", "changed", "new"]
    held: float
    cause: str
    of: dict[str, float]
    text: str


class SuggestedPlanOut(Exact):
    """One plan."""

    style: str
    grids: int
    planned: int
    cv: float
    ideal_cv: float = Field(description="With perfect balance inside each area.")
    kept: float = Field(description="Part of the households that keep their grid.")
    gap: float | None = Field(description="Proven; null: best found.")
    regions: list[RegionOut]
    findings: list[FindingOut]
    reasons: list[ReasonOut]
    atoms: dict[str, str | None] | None = Field(
        description="Grid of each area of the finest level; only if asked for."
    )


class SuggestionResult(Exact):
    """What a suggestion came to."""

    edition: str
    sha256: str = Field(description="Of everything that the plans depend on.")
    seed: int
    versions: dict[str, str] = Field(description="Of the solvers.")
    curve: dict[str, float] = Field(description="Cost at least, by the number of grids.")
    plans: list[SuggestedPlanOut]


class SuggestionRow(Exact):
    """A suggestion under way, or over."""

    id: int
    state: _State
    by: str
    began_at: datetime
    edition: str
    draft: int | None
    version: int | None
    level: str
    asked: dict[str, Any] = Field(description="The question.")
    done: int = Field(description="Steps done.")
    of: int | None = Field(description="Steps there are, as far as is known.")
    error: str | None


class SuggestionOut(SuggestionRow):
    """A suggestion with its plans, once they are there."""

    result: SuggestionResult | None


class SuggestionsOut(Exact):
    """All that are kept, the newest first."""

    suggestions: list[SuggestionRow]


class PlanMeasuresOut(Exact):
    """Measures of a plan."""

    plan: str
    level: str
    above: str
    whole: dict[str, float | None]
    by_area: list[dict[str, Any]]
    grids: list[dict[str, Any]]


class ComparedOut(Exact):
    """Two plans compared."""

    before: str
    after: str
    whole: dict[str, float | None]
    flows: list[dict[str, Any]] = Field(description="From grid to grid: areas and amounts.")
    cells: list[dict[str, Any]] = Field(description="Each area of the finest level.")
    grids: list[dict[str, Any]] = Field(description="What became of each grid.")


class ReplayedOut(Exact):
    """Past reports on a plan."""

    plan: str
    before: str
    reports: int
    by: Literal["month", "hour", "item", "department"]
    load: dict[str, dict[str, int]]
    hours: dict[str, float] = Field(description="Hours of work of each grid.")
    moved: list[dict[str, Any]]
    missed: list[dict[str, Any]] = Field(description="Deadlines: observed, and estimated here.")
