"""The shapes of drafts, their edits and what these come to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.models import NO_CONTROLS, Exact, When
from gridmap.workspace.drafting import MAX_WHY

__all__ = [
    "DRAFT_BODIES",
    "BranchIn",
    "DraftCheckedOut",
    "DraftComparedOut",
    "DraftIn",
    "DraftLayerOut",
    "DraftOut",
    "DraftPublishIn",
    "DraftPublishedOut",
    "DraftRow",
    "DraftSuggestIn",
    "DraftSuggestedOut",
    "DraftsOut",
    "EditIn",
    "EditOut",
    "MeasuresOut",
    "TurnIn",
]

_MOST_CODES = 50_000
_MOST_VERTICES = 20_000

# Names that people read: letters and digits, with signs between them.
_NAME = (
    "^[0-9A-Za-z\u4e00-\u9fff]([0-9A-Za-z\u4e00-\u9fff _.()（）/-]*[0-9A-Za-z\u4e00-\u9fff)）])?$"
)
_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_NAME)]
_Code = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]
_Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Why = Annotated[str, Field(max_length=MAX_WHY, pattern=r"^[^\x00]*$", description="Why.")]
_Reason = Annotated[str, Field(min_length=1, max_length=MAX_WHY, pattern=r"^\s*[^\s\x00-\x1f\x7f]")]
_Codes = Annotated[list[_Code], Field(max_length=_MOST_CODES)]
_Degrees = Annotated[float, Field(strict=True, ge=-180, le=180)]
_Place = Annotated[tuple[_Degrees, _Degrees], Field(description="Longitude and latitude, WGS-84.")]
_Line = Annotated[list[_Place], Field(min_length=2, max_length=_MOST_VERTICES)]
_Geo = Annotated[dict[str, Any], Field(description="GeoJSON Polygon or MultiPolygon, WGS-84.")]
_Count = Annotated[int, Field(ge=1, le=100_000)]
_Amount = Annotated[float, Field(gt=0, le=1e9)]
_Weight = Annotated[float, Field(ge=0, le=1e6)]
_Version = Annotated[
    int, Field(ge=0, lt=2**31, description="The version that was looked at: 409 if it is another.")
]


class DraftIn(Exact):
    """A draft to begin."""

    name: _Name
    edition: _Name | None = Field(
        None, description="What it begins with; the edition in force when left out."
    )
    level: _Code | None = Field(
        None,
        description="What is planned: the finest level that has areas, or the one right above "
        "it. `grid` when left out, where it is one of the two. Areas of the finest level are "
        "drawn over parts of themselves (layer `part`), one each until it is cut.",
    )
    why: _Why = ""


class BranchIn(Exact):
    """A scenario to begin from a draft."""

    name: _Name
    version: _Version | None = Field(None, description="As the draft was then; now if left out.")
    why: _Why = ""


class TurnIn(Exact):
    """An undo, a redo, or the end of a draft that is given up."""

    version: _Version
    why: _Why = ""


class ReassignEdit(Exact):
    """Atoms to another grid: one, a brushed set, or those whose inner point a lasso holds."""

    op: Literal["reassign"]
    to: _Code
    atoms: _Codes = Field([])
    lasso: _Geo | None = None


class MergeGridsEdit(Exact):
    """Several grids made one."""

    op: Literal["merge_grids"]
    grids: _Codes
    code: _Text = Field("", description="Of the grid; by the rule of succession when left out.")


class AlongIn(Exact):
    """A line of the base data."""

    layer: _Code = Field(description="`roads`, `rivers`, `railways` and others of the ground.")
    name: _Code | None = None
    code: _Code | None = None


class SplitGridEdit(Exact):
    """A grid divided: by lists of its atoms, or along lines that cross it.

    Each part becomes a grid, what is left stays one. Atoms that a line crosses are cut.
    """

    op: Literal["split_grid"]
    grid: _Code
    parts: Annotated[list[_Codes], Field(max_length=100)] = Field([])
    lines: Annotated[list[_Line], Field(max_length=100)] = Field([])
    along: AlongIn | None = None
    codes: _Codes = Field(
        [],
        description="Of what is left, then of the parts; along lines of the sides, west to "
        "east. Chosen if none.",
    )


class RegroupEdit(Exact):
    """Many atoms given to grids at once; grids that are not there are made."""

    op: Literal["regroup"]
    grids: dict[_Code, _Codes] = Field(
        min_length=1, max_length=10_000, description="Atoms that come into a grid, by its code."
    )


class SplitAtomEdit(Exact):
    """An atom cut along drawn lines, or along a road or river of the base data."""

    op: Literal["split_atom"]
    atom: _Code
    lines: Annotated[list[_Line], Field(max_length=100)] = Field([])
    along: AlongIn | None = None
    codes: _Codes = Field([], description="Of the new parts, west to east; chosen if none.")


class MergeAtomsEdit(Exact):
    """Neighbouring atoms of one grid made one."""

    op: Literal["merge_atoms"]
    atoms: _Codes
    code: _Text = ""


class ReplaceBorderEdit(Exact):
    """The border between two atoms drawn anew, from end to end."""

    op: Literal["replace_border"]
    between: tuple[_Code, _Code]
    line: _Line


class MovePointsEdit(Exact):
    """Vertices of borders and junctions dragged, from where to where."""

    op: Literal["move_points"]
    moves: Annotated[list[tuple[_Place, _Place]], Field(min_length=1, max_length=_MOST_VERTICES)]


class ExclusiveEdit(Exact):
    """An exclusive grid of an outline, or of an estate's."""

    op: Literal["exclusive"]
    outline: _Geo | None = None
    estate: _Code | None = None
    code: _Text = ""
    title: _Text = ""
    title_en: _Text = ""
    codes: _Codes = Field([], description="Of parts of atoms that it cuts off; chosen if none.")


class DescribeEdit(Exact):
    """Names, kind and attributes of a grid or an atom."""

    op: Literal["describe"]
    level: _Code
    code: _Code
    name: _Text | None = None
    name_en: _Text | None = None
    kind: Literal["basic", "exclusive"] | None = None
    attributes: dict[
        Annotated[str, Field(max_length=100, pattern=NO_CONTROLS)], _Text | int | float | bool
    ] = Field({}, max_length=100)


class RecodeEdit(Exact):
    """Another code for a grid or an atom, one that was never in use."""

    op: Literal["recode"]
    level: _Code
    code: _Code
    to: _Code


class RenumberEdit(Exact):
    """Codes by the rule: heirs keep theirs, the others get the next ones, west to east."""

    op: Literal["renumber"]
    within: _Text = Field("", description="Code of the area above; everywhere when left out.")


_Edit = Annotated[
    ReassignEdit
    | MergeGridsEdit
    | SplitGridEdit
    | RegroupEdit
    | SplitAtomEdit
    | MergeAtomsEdit
    | ReplaceBorderEdit
    | MovePointsEdit
    | ExclusiveEdit
    | DescribeEdit
    | RecodeEdit
    | RenumberEdit,
    Field(discriminator="op"),
]


class EditIn(Exact):
    """An edit of a draft as it was at a version."""

    version: _Version
    edit: _Edit
    why: _Why = ""


class DraftPublishIn(Exact):
    """A draft to become an edition."""

    version: _Version
    edition: _Name = Field(description="Name of the edition.")
    effective_from: When
    why: _Reason | None = None
    accept_faults: _Reason | None = Field(None, description="Why faults are accepted.")
    accept_replaced: _Reason | None = Field(
        None,
        description="Why it replaces another edition than the one that it began with, and so "
        "undoes what changed since.",
    )
    backdate: _Reason | None = Field(None, description="Why from a date that is past.")
    reports: Literal["keep", "migrate"] = Field(
        "keep", description="What becomes of open reports whose area changes."
    )


class DraftSuggestIn(Exact):
    """What is asked of the optimiser."""

    version: _Version
    area: tuple[_Code, _Code] | None = Field(
        None, description="Level and code of an area above the grids: only inside it."
    )
    grids: tuple[_Count, _Count] | None = Field(
        None, description="How many grids, from and to; any number when left out."
    )
    only: Annotated[list[_Code], Field(max_length=200)] = Field(
        [], description="Share just these grids anew: no area and no number then."
    )
    measure: _Code = "households"
    floor: _Amount = 300.0
    ceiling: _Amount = 500.0
    second: _Code | None = Field(None, description="A second measure to balance.")
    second_weight: _Weight = 1.0
    barriers: list[Literal["river", "rail", "arterial"]] = Field(
        ["river", "rail"], max_length=3, description="That no grid crosses, where it can be helped."
    )
    locked: _Codes = Field([], description="Grids that stay; exclusive ones always do.")
    together: Annotated[list[_Codes], Field(max_length=1_000)] = Field(
        [], description="Atoms that stay in one grid."
    )
    apart: Annotated[list[tuple[_Code, _Code]], Field(max_length=1_000)] = Field(
        [], description="Pairs of atoms that are never in one grid."
    )
    estates_whole: bool = False
    change: _Weight | None = Field(
        None, description="Weight of change: one plan, `asked`, instead of three."
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    plan: Literal["least_change", "default", "best_balance", "asked"] | None = Field(
        None, description="Which plan is taken over; the one in the middle when left out."
    )
    why: _Why = ""


DRAFT_BODIES = (DraftIn, BranchIn, TurnIn, EditIn, DraftPublishIn, DraftSuggestIn)


class DraftRow(Exact):
    """A draft."""

    id: int
    name: str
    edition: str = Field(description="What it began with.")
    level: str = Field(description="The level that is planned.")
    version: int = Field(ge=0)
    state: Literal["open", "published", "discarded"]
    created_at: datetime
    created_by: str
    why: str
    branched_from: int | None
    branched_version: int | None
    published_as: str | None
    published_version: int | None
    replaced_why: str | None = Field(
        description="Why its edition replaces another one than it began with; else null."
    )
    discarded_at: datetime | None
    discarded_by: str | None
    discarded_why: str | None


class LogOut(Exact):
    """What was done to a draft."""

    version: int = Field(description="Of the draft, after it.")
    at: datetime
    by: str
    action: Literal["edit", "undo", "redo"]
    why: str
    edit: dict[str, Any] | None = Field(description="As settled, with the codes that were chosen.")
    changed: list[dict[str, Any]] = Field(
        description="What changed: level, code, what (moved, redrawn, new, gone, described, "
        "recoded), and from where to where."
    )


class DraftOut(DraftRow):
    """A draft with its log."""

    log: list[LogOut]
    in_effect: list[int] = Field(description="Versions of the edits in effect, in order.")
    redo: list[int] = Field(description="Versions of undone edits, the next to redo first.")


class DraftsOut(Exact):
    """All drafts, the newest first."""

    drafts: list[DraftRow]


class GridNumbersOut(Exact):
    """What a grid is like."""

    code: str
    atoms: int
    held: dict[str, float] = Field(
        description="Households, buildings, population, reports and hours of work a year: what "
        "is known."
    )
    area_m2: float
    perimeter_m: float
    compactness: float = Field(description="4 pi area / perimeter²: 1 for a disc.")
    width_m: float = Field(description="Twice the area over the perimeter.")
    pieces: int
    barriers: list[str]
    estates_cut: int
    post_m: float | None
    staff: float
    hours_each: float | None
    in_limits: bool | None = Field(description="Null for exclusive grids, which are exempt.")


class EditOut(Exact):
    """What an edit, an undo or a redo came to."""

    id: int
    version: int
    redo: int = Field(ge=0, description="Undone edits that can be done again.")
    entry: LogOut
    grids: list[GridNumbersOut] = Field(description="Of the grids whose numbers changed.")


class LimitsOut(Exact):
    """What a grid may hold."""

    measure: str
    floor: float
    ceiling: float


class MeasuresOut(Exact):
    """Measures of a draft."""

    id: int
    version: int
    level: str
    above: str
    finest: str = Field(description="The level that grids are made of.")
    limits: LimitsOut
    whole: dict[str, float | None]
    by_area: list[dict[str, Any]]
    grids: list[dict[str, Any]]


class DraftLayerOut(Exact):
    """A layer of a draft as GeoJSON; its properties are those of the layer."""

    type: Literal["FeatureCollection"]
    version: int
    layer: str
    features: list[dict[str, Any]]


class MoveOut(Exact):
    """An open report whose area changes."""

    number: int
    item: str | None
    changed: dict[str, list[str | None]] = Field(description="By level: former and new code.")
    department: str
    new_department: str | None = Field(description="Where it moves to; null when it stays.")
    reason: str


class DraftPublishedOut(Exact):
    """What publishing came to, or would come to."""

    edition: str
    effective_from: datetime
    committed: bool
    replaces: str | None
    followed_by: str | None = Field(
        description="The published edition that takes over from it; null when there is none."
    )
    effective_to: datetime | None = Field(description="When that one does.")
    begun_with: str | None = Field(
        description="What the draft began with, where it replaces another edition; else null."
    )
    areas: dict[str, int]
    faults: list[dict[str, Any]]
    routes: list[dict[str, Any]]
    route_check: str | None
    retired: list[dict[str, Any]] = Field(description="Codes that go out of use.")
    open_reports: dict[str, int] | None
    moves: list[MoveOut] = Field(description="The first thousand.")


class DraftFlowOut(Exact):
    """What goes from one grid to another; further fields are the amounts that are known."""

    model_config = ConfigDict(extra="allow")

    from_: str = Field(alias="from", description="Grid before; empty for none.")
    to: str = Field(description="Grid after; empty for none.")
    moved: bool = Field(description="False where the grid after goes on as the one before.")
    atoms: int = Field(description="Atoms, or parts of them where borders were moved.")
    area_m2: float


class DraftComparedOut(Exact):
    """A draft beside another plan."""

    id: int
    version: int
    before: str = Field(description="Name of the edition or draft that it is compared with.")
    after: str
    level: str
    whole: dict[str, float] = Field(
        description="Grids before and after; atoms, households and reports whose grid does not "
        "go on as the one they were in; grids kept, renamed, split, merged."
    )
    flows: list[DraftFlowOut]


class DraftCheckedOut(Exact):
    """What the audit finds in a draft."""

    id: int
    version: int
    faulty: bool = Field(description="True when any fault is an error or a warning.")
    faults: list[dict[str, Any]] = Field(description="Worst first.")


class DraftPlanOut(Exact):
    """One of the plans."""

    style: str
    grids: int
    planned: int = Field(description="Grids that were planned, those that stay not counted.")
    cv: float
    ideal_cv: float = Field(description="With perfect balance inside each area above.")
    kept: float = Field(description="Part of the households that keep their grid.")
    gap: float | None = Field(description="By which the best plan may be better; null: best found.")
    proved: int = Field(description="Regions proved to be best.")
    regions: int
    findings: list[dict[str, Any]] = Field(
        description="What could not be met, and which rule to relax."
    )
    reasons: list[dict[str, Any]] = Field(description="Why each grid is as it is.")


class DraftSuggestedOut(Exact):
    """What was suggested, and what taking it over came to."""

    id: int
    version: int = Field(description="Of the draft, after it.")
    committed: bool
    chosen: str = Field(description="Style of the plan that was taken over, or would be.")
    sha256: str = Field(description="Of the input: the same one gives the same plans.")
    plans: list[DraftPlanOut]
    curve: dict[str, float] = Field(description="Least cost by the number of grids.")
    outcome: EditOut | None = Field(description="Null on a dry run.")
