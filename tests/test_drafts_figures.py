"""Figures of grids in a draft: their own while they stay, else the sum of what is known."""

from __future__ import annotations

from gridmap.planning.applying import apply_edit
from gridmap.planning.drafted import drafted
from gridmap.planning.edits import Describe, Reassign, SplitAtom
from tests.odd_towns import box, place, town


def grids(state):
    """Attributes of the grids that would be stored, by code."""
    level = next(one for one in drafted(state).levels if one.level == "grid")
    return {a.code: held for a, held in zip(level.areas, level.attributes, strict=True)}


def test_a_figure_of_a_grid_stays_unless_that_of_each_of_its_micro_grids_is_known():
    shapes = {f"C10{g}0{k}": box(2 * g + k, 0, 2 * g + k + 1, 1) for g in (1, 2, 3) for k in (1, 2)}
    homes = {"C10201": 30, "C10202": 40, "C10301": 50, "C10302": 60}
    own = {"C101": {"households": 380}, "C102": {"households": 71}}
    state = town(shapes, homes, own)
    called = apply_edit(state, Describe("grid", "C103", name="三网格")).state
    assert grids(called) == {
        "C101": {"households": 380}, "C102": {"households": 71}, "C103": {"households": 110},
    }  # fmt: skip
    # Both get new ground, and of one of them all is known.
    moved = apply_edit(state, Reassign("C102", ("C10301",))).state
    assert [grids(moved)[code]["households"] for code in ("C101", "C102", "C103")] == [380, 120, 60]
    # Ground that nothing is known of goes over: neither sum is known.
    moved = apply_edit(state, Reassign("C102", ("C10102",))).state
    assert [grids(moved)[code]["households"] for code in ("C101", "C102")] == [380, 71]
    cut = apply_edit(state, SplitAtom("C10101", ((place(3.5, -1), place(3.5, 2)),))).state
    fine = next(one for one in drafted(cut).levels if one.level == "microgrid")
    assert [h for h in fine.attributes if "estimated" in h] == [{"estimated": True}] * 2
