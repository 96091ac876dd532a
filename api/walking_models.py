"""The shapes of what is within reach, and of how well places serve the homes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.models import Exact, GeometryOut

__all__ = ["ReachFeature", "ServiceCoverageOut"]

Share = float | None
_SHARE = Field(ge=0, le=1, description="Null: no households, or too few to tell.")


class ReachOut(Exact):
    """Where a walk begins, how long it is, and how the area was found."""

    method: Literal["network", "straight"] = Field(
        description="Along the streets, or circles because none is near."
    )
    minutes: float
    lon: float | None = Field(description="WGS-84; null for an estate.")
    lat: float | None
    estate: str | None
    speed_kmh: float
    detour: float = Field(description="What straight lines are multiplied by.")


class ReachFeature(Exact):
    """The area within reach as a GeoJSON feature (RFC 7946)."""

    type: Literal["Feature"]
    geometry: GeometryOut
    properties: ReachOut


class WalkingOut(Exact):
    """How people walk."""

    speed_kmh: float
    detour: float
    network: bool = Field(description="False without any street: all minutes are straight lines.")


class CoverageRow(Exact):
    """One area and category, or one category in the whole district (empty code).

    Numbers of households are absent for those who may not see them.
    """

    level: str
    code: str
    name: str
    name_en: str
    category: str
    places: int | None = Field(description="That stand there.")
    households: int = 0
    within_5: int = 0
    within_10: int = 0
    within_15: int = 0
    straight: int = Field(0, description="Households whose minutes are a straight line.")
    share_5: Share = _SHARE
    share_10: Share = _SHARE
    share_15: Share = _SHARE


class GapOut(Exact):
    """A small area whose homes are farther than a quarter of an hour from a category."""

    category: str
    level: str
    code: str
    name: str
    area_code: str
    area_name: str
    households: int
    minutes: float | None = Field(description="To the nearest; null without a way or a place.")


class ServiceCoverageOut(Exact):
    """How well places serve the homes of a district."""

    edition: str
    level: str
    walking: WalkingOut
    rows: list[CoverageRow]
    gaps: list[GapOut] = Field(default=[], description="For staff.")
