"""What a planner asks of a plan."""

from __future__ import annotations

from dataclasses import dataclass, field

from gridmap.errors import BadValue
from gridmap.planning.barriers import BARRIERS

__all__ = ["Finding", "Limits", "Rules"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Floor and ceiling of one measure; exclusive grids are exempt."""

    measure: str = "households"
    floor: float = 300.0
    ceiling: float = 500.0

    def __post_init__(self) -> None:
        if not 0 < self.floor <= self.ceiling < float("inf"):
            raise BadValue(
                "The floor must be above 0 and the ceiling not below it.",
                got=f"{self.floor:g}-{self.ceiling:g}",
                allowed="for example 300-500",
            )


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of a suggestion.

    Attributes
    ----------
    limits : Limits
    second : str or None
        A second measure to balance, for example ``reports`` or ``hours``.
    second_weight : float
        What it counts beside the first; 1 gives about equal weight.
    barriers : tuple of str
        Barriers that no grid crosses unless its ground cannot be divided otherwise: of
        ``river``, ``rail``, ``arterial``. The others only cost a little.
    locked : frozenset of str
        Codes of grids that stay as they are; exclusive grids always do.
    together : tuple of tuple of str
        Atoms that stay in one grid.
    apart : tuple of (str, str)
        Atoms that must not be in one grid.
    estates_whole : bool
        Keep the atoms of each estate in one grid where they lie in one community and do not
        exceed the ceiling.
    change : float or None
        Weight of households whose grid does not go on; None asks for the three plans.
    """

    limits: Limits = field(default_factory=Limits)
    second: str | None = None
    second_weight: float = 1.0
    barriers: tuple[str, ...] = ("river", "rail")
    locked: frozenset[str] = frozenset()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    estates_whole: bool = False
    change: float | None = None

    def __post_init__(self) -> None:
        for name in self.barriers:
            if name not in BARRIERS:
                raise BadValue("There is no such barrier.", got=name, allowed=list(BARRIERS))
        if self.second_weight < 0 or (self.change is not None and self.change < 0):
            raise BadValue(
                "A weight is zero or more.", got=min(self.second_weight, self.change or 0)
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """What could not be met, or was met in a way that is worth telling.

    Attributes
    ----------
    kind : str
        ``total_between`` (no number of grids fits the total), ``below_floor``,
        ``above_ceiling``, ``atom_above_ceiling``, ``not_found``, ``proved_impossible``,
        ``barrier_crossed``, ``island_linked``, ``estate_above_ceiling``, ``estate_across``,
        ``out_of_band``.
    container : str
        Code of the area of the level above.
    grids, atoms : tuple of str
        Codes it concerns, where it concerns single ones.
    text : str
        For people, with the figures.
    relax : str
        Which rule to relax, and how far; empty when there is nothing to relax.
    """

    kind: str
    container: str
    text: str
    relax: str = ""
    grids: tuple[str, ...] = ()
    atoms: tuple[str, ...] = ()
