"""Answers and bodies of numbers and monthly reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.models import NO_CONTROLS, Exact
from api.order_models import Written

__all__ = [
    "MONTHLY_BODIES",
    "AnnualOut",
    "AppealIn",
    "AppealOut",
    "AppealsOut",
    "DecisionIn",
    "IssueIn",
    "MonthliesOut",
    "MonthlyOut",
    "NumbersOut",
]

_Count = Annotated[int, Field(ge=0)]
_Key = Annotated[str, Field(min_length=1, max_length=300, pattern=NO_CONTROLS)]


class FigureOut(Exact):
    """One figure: what is counted, what it is a share of, and what is in neither, by reason."""

    kpi: str
    numerator: _Count
    denominator: _Count
    share: float | None = Field(ge=0, le=1, description="Null where there is nothing to count.")
    not_counted: dict[str, int]


class NamedOut(Exact):
    """A department, an item, a level or an area."""

    code: str = Field(description="Empty for what belongs to none.")
    name: str
    name_en: str


class GroupOut(NamedOut):
    """The figures of one group."""

    kpis: list[FigureOut]


class NumbersOut(Exact):
    """The figures of a period."""

    since: datetime
    until: datetime
    as_of: datetime = Field(description="Up to when things are known: now while it lasts.")
    edition: str | None
    area: str | None
    department: str | None
    item: str | None
    by: str | None
    kpis: list[FigureOut]
    groups: list[GroupOut] | None


class IssueOut(Exact):
    """When, by whom and to whom a report was issued."""

    month: str
    issue: int = Field(ge=1, description="1, and one more for each correction of the month.")
    year: int
    seq: int = Field(ge=1, description="Its number in the year it was issued.")
    serial: str
    issued_at: datetime
    issued_by: str
    addressees: list[NamedOut]
    why: str | None = Field(description="Why it corrects the issue before it.")


class MonthliesOut(Exact):
    """What was issued, the newest first."""

    issues: list[IssueOut]


class FormerOut(Exact):
    """The month before."""

    month: str
    kpis: list[FigureOut]


class UnitOut(NamedOut):
    """A unit in its ranking."""

    place: int | None
    score: float = Field(ge=0, le=100)
    lost: float
    due: _Count
    closed: _Count
    on_time: _Count
    figure: list[_Count] = Field(
        [],
        max_length=2,
        description="Numerator and denominator of the figure that its class is ranked by.",
    )


class ClassOut(Exact):
    """Units that have about as much to do."""

    class_: str = Field(alias="class")
    name: str
    name_en: str
    from_orders: int
    by: str | None = Field(None, description="The figure ranked by; absent: the score.")
    units: list[UnitOut]


class RankingOut(Exact):
    """One ranking: of departments, of bodies of a kind, or of the areas of a level."""

    ranking: str
    of: NamedOut | None
    classes: list[ClassOut]
    unranked: list[UnitOut] = Field(description="With too little to do for any class.")


class DeductionOut(Exact):
    """Points off, with the case."""

    key: str = Field(description="Names it in an appeal.")
    rule: str
    rule_name: str
    rule_name_en: str
    ranking: str
    unit: str
    unit_name: str
    unit_name_en: str
    points: float
    at: datetime
    number: int | None = Field(description="Of the order.")
    supervision: str | None = Field(description="Serial of the supervision order.")
    lifted: str | None = Field(description="Why it does not count: what upheld the appeal.")


class ProblemOut(Exact):
    """An order that is late, or a supervision order without an answer."""

    number: int | None
    supervision: str | None
    item: NamedOut | None
    department: NamedOut | None = Field(description="Null: it is with the centre.")
    due_at: datetime
    corrected_at: datetime | None


class ProblemsOut(Exact):
    """What was late as the month began, and what is late at its end."""

    carried: list[ProblemOut]
    carried_total: _Count
    corrected: _Count
    standing: list[ProblemOut]
    standing_total: _Count


class DemandOut(Exact):
    """A supervision order of the month, as it stood at its end."""

    serial: str
    department: NamedOut
    copies: list[NamedOut]
    subject: str
    number: int | None
    issued_at: datetime
    reply_by: datetime
    replied_at: datetime | None
    closed_at: datetime | None


class RoutingOut(Exact):
    """What came of the orders that a rule of routing decided."""

    rule: str
    example: dict[str, Any] | None
    sent: _Count
    returned: _Count
    wrong: _Count
    undecided: _Count
    return_share: float
    wrong_share: float | None


class DayOut(Exact):
    """One day."""

    date: date
    received: _Count
    closed: _Count


class AreaLoadOut(NamedOut):
    """How many came in from an area."""

    orders: _Count


class LoadOut(Exact):
    """How many came in from each area of a level."""

    level: str
    areas: list[AreaLoadOut]
    elsewhere: _Count


class MonthlyOut(Exact):
    """All that the report of a month says."""

    month: str
    since: datetime
    until: datetime
    as_of: datetime
    edition: str
    kpis: list[FigureOut]
    former: FormerOut | None
    levels: list[NamedOut]
    tables: dict[str, list[GroupOut]]
    rankings: list[RankingOut]
    deductions: list[DeductionOut]
    problems: ProblemsOut
    supervision: list[DemandOut]
    routing: list[RoutingOut]
    days: list[DayOut]
    load: LoadOut | None
    issue: IssueOut | None = Field(description="Null for a draft.")


class YearUnitOut(UnitOut):
    """A unit over the issued months of a year."""

    cases: dict[str, _Count] = Field(description="How many cost it points, by rule.")


class YearClassOut(Exact):
    """Units that have about as much to do in a month."""

    class_: str = Field(alias="class")
    name: str
    name_en: str
    from_orders: int = Field(description="Due to be closed in a mean month, at least.")
    units: list[YearUnitOut]


class YearRankingOut(Exact):
    """One ranking over the year."""

    ranking: str
    of: NamedOut | None
    classes: list[YearClassOut]
    unranked: list[YearUnitOut]


class AnnualOut(Exact):
    """The score of a year: the mean of its months as they were issued last."""

    year: str
    months: list[str] = Field(description="That were issued.")
    missing: list[str] = Field(description="That are over and were not issued.")
    rankings: list[YearRankingOut]


class SaidOut(Exact):
    """One step of an appeal."""

    state: Literal["open", "upheld", "refused"]
    by: str
    at: datetime
    why: str


class AppealOut(Exact):
    """An appeal as it stands."""

    deduction: str
    month: str
    issue: int = Field(description="Issue of the month that it is against.")
    state: Literal["open", "upheld", "refused"]
    history: list[SaidOut]


class AppealsOut(Exact):
    """The appeals of a month, the first filed first."""

    appeals: list[AppealOut]


class IssueIn(Exact):
    """To whom a report is issued; with a reason when it corrects what was issued."""

    addressees: list[Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]] = (
        Field([], max_length=100, description="Codes of departments.")
    )
    correct: Written | None = Field(
        None, description="Why what was issued is not right: another issue is made."
    )


class AppealIn(Exact):
    """Against which deduction, and why."""

    deduction: _Key
    why: Written


class DecisionIn(Exact):
    """What is decided about an appeal, and why."""

    deduction: _Key
    upheld: bool = Field(strict=True)
    why: Written


MONTHLY_BODIES = (IssueIn, AppealIn, DecisionIn)
