"""What a proof of coverage finds: a fault of the rules, with a place where it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import shapely

from gridmap.routing.explanation import Step, render_step
from gridmap.routing.overlays import Overlay

__all__ = ["RouteFault", "Severity", "named_overlays", "of_overlays"]

Severity = Literal["error", "warning", "info"]

# A text names so many overlays; the fault has all their codes.
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class RouteFault:
    """Something about the rules that a report would meet.

    Attributes
    ----------
    kind : str
        ``uncovered``, ``unknown_body``, ``unknown_department``, ``unknown_item``,
        ``unknown_type``, ``ownerless``, ``conflicting``, ``shadowed``, ``expired``,
        ``not_yet``, ``no_responder``.
    severity : {"error", "warning", "info"}
    items, overlays, areas : tuple of str
        Codes concerned; the area is that of the example, none where it lies in no area.
    lon, lat : float or None
        A place where it shows, EPSG:4326.
    places : int
        Kinds of place (or areas, or overlays) where it shows.
    step : Step
        What to say about it, in any language.
    """

    kind: str
    severity: Severity
    items: tuple[str, ...]
    overlays: tuple[str, ...]
    areas: tuple[str, ...]
    lon: float | None
    lat: float | None
    places: int
    step: Step

    def as_dict(self, lang: str) -> dict[str, Any]:
        """Return the fault as JSON-able data."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "items": list(self.items),
            "overlays": list(self.overlays),
            "areas": list(self.areas),
            "lon": None if self.lon is None else round(self.lon, 7),
            "lat": None if self.lat is None else round(self.lat, 7),
            "places": self.places,
            "text": render_step(self.step, lang),
        }


def of_overlays(
    kind: str,
    severity: Severity,
    found: Sequence[Overlay],
    point: shapely.Geometry,
    rule: str,
    *,
    items: Sequence[str] = (),
    **params: str,
) -> RouteFault:
    """Return a fault of some overlays, which shows at a point."""
    step = Step(rule, {**named_overlays(found), **params})
    codes = tuple(o.code for o in found)
    return RouteFault(kind, severity, tuple(items), codes, (), point.x, point.y, len(found), step)


def named_overlays(found: Sequence[Overlay]) -> dict[str, str]:
    """Return the names of overlays as parameters of a text, the first few of many."""
    some, more = found[:_MOST_NAMED], len(found) - _MOST_NAMED
    zh = "、".join(f"{o.code} {o.name}".strip() for o in some)
    en = ", ".join(f"{o.code} {o.name_en or o.name}".strip() for o in some)
    if more > 0:
        zh, en = f"{zh} 等{len(found)}处", f"{en} and {more} more"
    return {"sites": zh, "sites_en": en}
