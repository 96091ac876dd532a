"""Two rosters of one grid: which of them holds, and the switch between them (平急)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gridmap.access import Action, Actor, Subject
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, NotFound
from gridmap.places.rosters import POST_MODES, switched
from gridmap.store.columns import storable
from gridmap.times import to_site
from gridmap.workspace.facts import Facts

__all__ = ["RosterSwitch", "Rostering"]

_MOST_WHY = 500


@dataclass(frozen=True)
class RosterSwitch:
    """What a switch did, or would do when `committed` is False.

    Attributes
    ----------
    called, resting : int
        Posts that are held from now on, and posts that rest from now on.
    """

    level: str
    area_code: str
    mode: str
    called: int
    resting: int
    committed: bool


class Rostering(Facts):
    """Rosters for ordinary times and for emergencies."""

    def switch_rosters(
        self,
        level: str,
        area_code: str,
        mode: str,
        why: str,
        *,
        commit: bool = True,
        actor: Actor | None = None,
    ) -> RosterSwitch:
        """Let one of the two rosters of an area, and of all areas in it, hold from now on.

        Posts without a mode are held in both. Who switched, when and why stands with each
        post that changed; what was in force before is kept with the decisions made by it.

        Parameters
        ----------
        mode : str
            ``routine`` or ``emergency``.
        why : str
            Kept with the posts.

        Raises
        ------
        NotFound
            When the edition in force has no such area, or no post there has a mode.
        BadValue, NotAllowed
        """
        who = self._may(actor, Action.ROSTER_EDIT)
        coverage, row = self._area_now(level, area_code)
        self._may(who, Action.ROSTER_EDIT, Subject(_areas_of(coverage, row)))
        if mode not in POST_MODES:
            raise BadValue("There is no such mode.", got=mode, allowed=list(POST_MODES))
        said = storable(why).strip()
        if not said or len(said) > _MOST_WHY:
            raise BadValue(
                "A switch needs its reason.", got=f"{len(said)} characters", allowed="1 to 500"
            )
        within = _within(coverage, row)
        moment = to_site(self.clock(), self.zone).isoformat(timespec="minutes")
        changed: list[dict[str, Any]] = []

        def decide(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
            there = [p for p in stored if p["mode"] and (p["level"], p["area_code"]) in within]
            if not there:
                raise NotFound(
                    "No post there belongs to one of two rosters.",
                    got=f"{level}:{area_code}",
                    repair="Import posts with a column 'mode' (平急): routine or emergency.",
                )
            changed[:] = switched(there, mode, f"{moment} {who.name}: {said}")
            return changed

        if commit:
            self.store.change_records("posts", decide)
            self._follow("posts")
        else:
            decide(self.store.records("posts"))
        resting = sum(bool(post["rests"]) for post in changed)
        return RosterSwitch(
            level, area_code, mode, len(changed) - resting, resting, committed=commit
        )

    def _area_now(self, level: str, code: str) -> tuple[Coverage, int]:
        self.levels().rank(level)
        locator = self.atlas.locator_at(self.clock())
        if locator is None:
            raise NotFound("No edition is in force.", got=level, repair="Publish one.")
        return locator.coverage, locator.coverage.row(level, code)


def _areas_of(coverage: Coverage, row: int) -> dict[str, str]:
    """Return an area and all that lie above it, by level."""
    up = [one for one in coverage.ancestors[row].tolist() if one >= 0]
    return {coverage.levels[int(coverage.rank[r])].name: str(coverage.code[r]) for r in up}


def _within(coverage: Coverage, row: int) -> set[tuple[str, str]]:
    """Return an area and all that lie in it, as level and code."""
    inside = (coverage.ancestors == row).any(axis=1).nonzero()[0].tolist()
    return {
        (coverage.levels[int(coverage.rank[r])].name, str(coverage.code[r])) for r in {row, *inside}
    }
