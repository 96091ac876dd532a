"""What is known about a layer's true coordinate system, and how to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gridmap.coverage.datum.readings import short
from gridmap.i18n import Saying, by_language

__all__ = ["Confidence", "DatumEvidence", "Verdict"]

Verdict = Literal["as_declared", "other_system", "shifted", "apart", "unclear"]
Confidence = Literal["clear", "likely", "none"]

_WINDS = (
    ("北", "north"),
    ("东北", "northeast"),
    ("东", "east"),
    ("东南", "southeast"),
    ("南", "south"),
    ("西南", "southwest"),
    ("西", "west"),
    ("西北", "northwest"),
)


@dataclass(frozen=True, slots=True)
class DatumEvidence:
    """What a comparison with a reference says about a layer's coordinate system.

    Attributes
    ----------
    verdict : str
        ``as_declared``; ``other_system``: another reading fits; ``shifted``: no reading fits
        but one shift does; ``apart``: the layer lies elsewhere, however it is read;
        ``unclear``: near the reference, but too few borders agree for any verdict.
    declared : str
        Normal name of the system the layer is said to be in.
    truth : Saying or None
        The likely truth in words; None unless the verdict is ``other_system``.
    coord_sys : str or None
        The system to declare instead, when a name alone mends it.
    mend : Saying or None
        What to do about it, in a sentence.
    east_m, north_m : float or None
        How far the layer as declared lies from where it belongs, the median over its
        borders; of a layer that is in place, how far its borders lie off. None when it is
        not known, or when the layer as declared does not lie near the reference.
    apart_m : float
        Metres between the bounds of the layer as declared and of the reference; 0 where they
        meet, NaN when the declared system cannot place the layer at all.
    residual_m : float or None
        Median distance between borders that agree, after the correction.
    fit, fit_declared : float
        Share of borders (0 to 1, beyond chance) that agree as the verdict has it, and as
        declared.
    confidence : {"clear", "likely", "none"}
    """

    verdict: Verdict
    declared: str
    truth: Saying | None = None
    coord_sys: str | None = None
    mend: Saying | None = None
    east_m: float | None = None
    north_m: float | None = None
    apart_m: float = 0.0
    residual_m: float | None = None
    fit: float = 0.0
    fit_declared: float = 0.0
    confidence: Confidence = "none"

    @property
    def wrong(self) -> bool:
        """True when the layer is not where it belongs."""
        return self.verdict in ("other_system", "shifted")

    @property
    def shift_m(self) -> float | None:
        """Length of the shift in metres."""
        if self.east_m is None or self.north_m is None:
            return None
        return float(np.hypot(self.east_m, self.north_m))

    @property
    def bearing(self) -> float | None:
        """Direction of the shift, degrees clockwise from north."""
        if self.east_m is None or self.north_m is None:
            return None
        return float(np.degrees(np.arctan2(self.east_m, self.north_m)) % 360)

    @property
    def likely(self) -> str:
        """The likely truth in English; empty unless the verdict is ``other_system``."""
        return "" if self.truth is None else self.truth.say("en")

    @property
    def text(self) -> str:
        """The finding in English."""
        return self.said.say("en")

    @property
    def said(self) -> Saying:
        """The finding in a few sentences for people."""
        values: dict[str, object] = {"declared": short(self.declared)}
        if self.verdict in {"as_declared", "unclear"}:
            return Saying(f"datum.found.{self.verdict}", values)
        if self.verdict == "apart":
            return Saying("datum.found.apart", {**values, "away": self._away})
        values |= {
            "place": self._away if self.apart_m or np.isnan(self.apart_m) else self._off,
            "fit": f"{self.fit:.0%}",
            "before": f"{max(self.fit_declared, 0):.0%}",
            "left": self._left,
            "likely": self.truth or "",
            "mend": "" if self.mend is None else Saying("datum.then", {"mend": self.mend}),
        }
        return Saying(f"datum.found.{self.verdict}", values)

    @property
    def _left(self) -> Saying | str:
        if self.residual_m is None:
            return ""
        return Saying("datum.left", {"metres": f"{self.residual_m:.1f}"})

    @property
    def _off(self) -> Saying:
        length, bearing = self.shift_m or 0.0, self.bearing or 0.0
        east, north = self.east_m or 0.0, self.north_m or 0.0
        values = {
            "length": f"{length:,.0f}",
            "wind": by_language(*_WINDS[round(bearing / 45) % 8]),
            "bearing": f"{bearing:.0f}",
            "across": f"{abs(east):,.0f}",
            "ew": by_language(*_WINDS[2 if east >= 0 else 6]),
            "along": f"{abs(north):,.0f}",
            "ns": by_language(*_WINDS[0 if north >= 0 else 4]),
        }
        return Saying("datum.off", values)

    @property
    def _away(self) -> Saying:
        if np.isnan(self.apart_m):
            return Saying("datum.nowhere")
        return Saying("datum.away", {"km": f"{self.apart_m / 1000:,.0f}"})

    def as_dict(self) -> dict[str, Any]:
        """Return the evidence as JSON-able data; what is not known is None."""

        def rounded(value: float | None, digits: int = 2) -> float | None:
            return None if value is None or np.isnan(value) else round(value, digits)

        return {
            "verdict": self.verdict,
            "declared": short(self.declared),
            "likely": self.likely,
            "coord_sys": self.coord_sys,
            "east_m": rounded(self.east_m),
            "north_m": rounded(self.north_m),
            "shift_m": rounded(self.shift_m),
            "bearing": rounded(self.bearing),
            "apart_m": rounded(self.apart_m),
            "residual_m": rounded(self.residual_m),
            "fit": rounded(self.fit, 3),
            "fit_declared": rounded(self.fit_declared, 3),
            "confidence": self.confidence,
            "text": self.text,
        }
