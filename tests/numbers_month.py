"""A March of thirteen orders, played by people at the doors; what it comes to is known by hand.

=====  ======================================================================================
F      February's, sent out and left; done on 3 March
A      as it should be: spoken to, done and answered in time, the sender satisfied
B      late, sent back once, answered late, the sender dissatisfied, never spoken to
C      given back as another's, and it was: sent on, done in time
D      given back as another's, and came back: done in time all the same
E      closed on the spot; the call-back reached nobody
G      rejected as out of scope
H      the same as B, merged into it
I      a whistle: one department in time, one absent; done the day after; the sender satisfied
M      given more time with approval, done within that
J      sent out on the 30th and left
K      of the 31st, due in April
L      of the 31st, not even confirmed
=====  ======================================================================================
"""

from __future__ import annotations

from typing import Any

from tests.case_town import Town

__all__ = ["finish", "play_march"]


def send_out(town: Town, **more: Any) -> tuple[int, str]:
    """A report is confirmed and sent to its department at once."""
    number, key = town.report(**more)
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    return number, key


def sign(town: Town, number: int, who: str = "hao") -> None:
    """A department signs for an order and begins."""
    town.act(who, number, "accept")
    town.act(who, number, "start")


def finish(town: Town, number: int) -> None:
    """An order that was resolved is looked at and closed."""
    town.act("wang", number, "inspect")
    town.act("zhang", number, "close")


def play_march(town: Town) -> dict[str, int]:
    """Play the month; return the numbers of its orders by their letters."""
    made: dict[str, int] = {}
    town.at("2026-02-26 09:00")
    made["F"], _ = send_out(town)
    town.at("2026-03-03 10:00")
    sign(town, made["F"])
    town.act("hao", made["F"], "resolve", result="swept at last")
    finish(town, made["F"])
    keys = _twelfth(town, made)
    _whistled(town, made, keys)
    _extended(town, made)
    _supervised(town, made)
    town.at("2026-03-30 17:00")
    made["J"], _ = send_out(town)
    town.at("2026-03-31 16:00")
    made["K"], _ = send_out(town)
    town.at("2026-03-31 17:00")
    made["L"], _ = town.report()
    town.at("2026-04-01 09:00")
    return made


def _twelfth(town: Town, made: dict[str, int]) -> dict[str, str]:
    """A Thursday; litter is due after four working hours, at half past two."""
    keys: dict[str, str] = {}
    town.at("2026-03-12 09:00")
    for letter in "ABCDI":
        made[letter], keys[letter] = send_out(town)
    made["M"], _ = send_out(town, item="0102")
    for letter in "EGH":
        made[letter], keys[letter] = town.report()
    town.at("2026-03-12 09:30")
    town.act("wang", made["E"], "self-handle", result="picked up")
    town.act("li", made["E"], "inspect")
    town.act("zhang", made["G"], "reject", outcome="out_of_scope", why="not the town's")
    town.act("zhang", made["H"], "merge", into=made["B"])
    town.at("2026-03-12 10:00")
    town.act("zhang", made["E"], "close")
    town.act("zhang", made["E"], "rate", text="nobody answers the telephone")
    for letter in "AM":
        town.act("hao", made[letter], "contact")
    for letter in "ABIM":
        sign(town, made[letter])
    for letter in "CD":
        town.act("hao", made[letter], "return", kind="wrong_dispatch", why="not ours")
    town.act("zhang", made["C"], "dispatch", lead="CG")
    town.act("zhang", made["D"], "dispatch")
    sign(town, made["C"], "cao")
    sign(town, made["D"])
    town.act("chen", made["I"], "whistle-blow", why="sewer too", ground="beyond_street")
    town.act("chen", made["I"], "whistle-call", whistle=1, departments=["CG", "SW"])
    town.at("2026-03-12 14:00")
    for who, letter in (("hao", "A"), ("cao", "C"), ("hao", "D")):
        town.act(who, made[letter], "resolve", result="done")
        finish(town, made[letter])
    town.act("", made["A"], "rate", satisfied=True, resolved=True, key=keys["A"])
    town.at("2026-03-12 15:00")
    town.act("hao", made["B"], "resolve", result="done")
    town.act("li", made["B"], "rework", why="half of it is still there")
    town.act("hao", made["B"], "start")
    town.at("2026-03-12 16:00")
    town.act("hao", made["B"], "resolve", result="done again")
    finish(town, made["B"])
    town.act("", made["B"], "rate", satisfied=False, resolved=True, key=keys["B"])
    return keys


def _whistled(town: Town, made: dict[str, int], keys: dict[str, str]) -> None:
    town.at("2026-03-13 09:30")
    came = {"whistle": 1, "who": "Cao", "how_many": 2, "where": "at the gate"}
    town.act("cao", made["I"], "whistle-report-in", **came)
    town.at("2026-03-13 10:30")
    town.act("hao", made["I"], "resolve", result="cleared together")
    finish(town, made["I"])
    town.act("", made["I"], "rate", satisfied=True, resolved=True, key=keys["I"])


def _extended(town: Town, made: dict[str, int]) -> None:
    town.at("2026-03-13 11:00")
    town.act("hao", made["M"], "extend", why="a lorry is needed", until="2026-03-18T12:00")
    town.act("zhang", made["M"], "extend-approve")
    town.at("2026-03-17 10:00")
    town.act("hao", made["M"], "resolve", result="carted off")
    finish(town, made["M"])


def _supervised(town: Town, made: dict[str, int]) -> None:
    town.at("2026-03-19 09:00")
    body = {"department": "HW", "subject": "积压", "demands": "三日内整改",
            "reply_by": "2026-03-21T12:00", "copies": ["CG"]}  # fmt: skip
    issued = town.ask("jian", "POST", "/api/supervision", json=body)
    assert issued.status_code == 201, issued.text
    town.at("2026-03-23 09:00")
    door = f"/api/supervision/{issued.json()['id']}/answer"
    assert town.ask("hao", "POST", door, json={"reply": "已整改"}).status_code == 200
