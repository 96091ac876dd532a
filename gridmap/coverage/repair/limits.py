"""What a repair may do without asking: which faults it mends, and how much it may change."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from gridmap.errors import BadValue

__all__ = ["Limits", "Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which faults are mended at all; others are left for a person.

    Attributes
    ----------
    precision_m : float
        Vertices nearer than this are made one, at the faults only; narrower overlaps and
        gaps are closed so, and whose they become is of no account.
    gap_width_m, gap_area_m2 : float
        A gap is filled up to this mean width (twice its area over its perimeter) and area.
        A possible enclave is never filled.
    overlap_area_m2 : float
        An overlap is settled up to this area.
    """

    precision_m: float = 0.01
    gap_width_m: float = 5.0
    gap_area_m2: float = 1000.0
    overlap_area_m2: float = 1000.0

    def __post_init__(self) -> None:
        if not 0 < self.precision_m <= 1:
            raise BadValue(
                "The precision of a repair is out of range.",
                got=self.precision_m,
                allowed="more than 0 and at most 1 metre",
            )
        _need_amounts(self)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a repair may change; a proposal that goes beyond cannot be applied.

    Attributes
    ----------
    total_share : float
        Of the area of all atoms, the part that may change hands.
    row_m2, row_share : float
        Square metres that one area may give and take together, and their share of it. A
        declared parent polygon that is rebuilt is held to the share alone.
    """

    total_share: float = 0.001
    row_m2: float = 1000.0
    row_share: float = 0.05

    def __post_init__(self) -> None:
        _need_amounts(self)


def _need_amounts(options: Scope | Limits) -> None:
    for name, value in asdict(options).items():
        if not value >= 0:
            raise BadValue(f"{name} is an amount.", got=value, allowed="0 or more")
