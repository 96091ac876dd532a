"""The shares of co-departments: asked for again when an order has to be done again.

Litter at the roadside is the sanitation unit's (HW); the enforcement bureau (CG) and the water
bureau (SW) act with it.
"""

from __future__ import annotations

from tests.order_forms import PageTown

pytest_plugins = ["tests.order_fixtures"]


def at_work(town: PageTown, *co: str) -> int:
    """An order that the sanitation unit works on, with others."""
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW", co_departments=list(co))
    town.act("hao", number, "accept")
    town.act("hao", number, "start")
    return number


def shares(town: PageTown, number: int) -> dict[str, tuple[str, str]]:
    """Where the shares of an order stand, and what is said of them."""
    return {one["department"]: (one["state"], one["text"]) for one in town.order(number)["co"]}


def closed(town: PageTown, number: int) -> None:
    """What is done is inspected and closed."""
    town.act("hao", number, "resolve", result="swept")
    town.act("li", number, "inspect")
    town.act("zhang", number, "close")


def test_a_reopened_order_is_asked_for_again_of_all_that_had_a_share(town: PageTown) -> None:
    number = at_work(town, "CG", "SW")
    town.act("cao", number, "accept")
    town.act("cao", number, "resolve", result="stalls sent away")
    closed(town, number)
    assert shares(town, number) == {"CG": ("done", "stalls sent away"), "SW": ("released", "")}
    town.act("zhang", number, "reopen", why="the stalls are back")
    town.act("zhang", number, "dispatch")
    assert shares(town, number) == {"CG": ("asked", ""), "SW": ("asked", "")}
    for who in ("cao", "shui"):
        assert town.told(who, number).count("new") == 2
        town.act(who, number, "accept")
        town.act(who, number, "resolve", result="done again")
    assert {state for state, _ in shares(town, number).values()} == {"done"}


def test_what_has_to_be_done_again_is_asked_of_those_that_were_let_off(town: PageTown) -> None:
    number = at_work(town, "CG", "SW")
    town.act("cao", number, "accept")
    town.act("cao", number, "resolve", result="stalls sent away")
    town.act("hao", number, "resolve", result="swept")
    town.act("li", number, "rework", why="the gully is blocked")
    # What was finished holds.
    assert shares(town, number) == {"CG": ("done", "stalls sent away"), "SW": ("asked", "")}
    assert town.told("shui", number) == ["new", "rework"]
    assert "rework" not in town.told("cao", number)
    assert "rework" in town.told("hao", number)
    town.act("shui", number, "accept")
    town.act("shui", number, "resolve", result="cleared")
    town.act("cao", number, "accept", 409)
    assert shares(town, number)["SW"] == ("done", "cleared")


def test_who_gave_its_share_back_can_be_asked_again(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW", co_departments=["CG", "SW"])
    town.act("cao", number, "return", kind="other", why="no stalls there")
    assert shares(town, number)["CG"] == ("returned", "no stalls there")
    # To those that have it still it is sent already.
    town.act("zhang", number, "dispatch", 409)
    town.act("zhang", number, "dispatch", co_departments=["CG", "SW"], why="there are by night")
    assert shares(town, number) == {"CG": ("asked", ""), "SW": ("asked", "")}
    assert town.told("cao", number) == ["new", "new"]
    assert town.told("shui", number) == ["new"]
    town.act("zhang", number, "dispatch", 409, co_departments=["SW", "CG"])
    town.act("cao", number, "accept")
