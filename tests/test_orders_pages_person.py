"""Whom a report names: masked for staff, in the clear by its own button for who handles it now."""

from __future__ import annotations

import pytest

from tests.case_town import PEOPLE
from tests.guarded import PERSON
from tests.order_forms import PageTown, forms_in

pytest_plugins = ["tests.order_fixtures"]


@pytest.fixture
def named(town: PageTown) -> int:
    """An order with the sanitation unit, of a report that names somebody."""
    number, _ = town.report(text="沿街", **PERSON)
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    return number


def buttons(town: PageTown, who: str, number: int) -> list:
    found = forms_in(town.see(who, f"/orders/{number}"))
    return [form for form in found if form.address.endswith("/reporter")]


def test_everybody_sees_it_masked_and_one_handler_has_the_button(
    town: PageTown, named: int
) -> None:
    for who in PEOPLE:
        answer = town.ask(who, "GET", f"/orders/{named}")
        for value in PERSON.values():
            assert value not in answer.text, who
        if answer.status_code == 200:
            assert "139****8888" in answer.text, who
            assert bool(buttons(town, who, named)) is (who == "hao"), who


def test_until_it_is_sent_to_somebody_it_is_the_centres(town: PageTown) -> None:
    number, _ = town.report(**PERSON)
    assert buttons(town, "hao", number) == []
    (form,) = buttons(town, "zhang", number)
    assert PERSON["reporter_phone"] in town.send_form("zhang", form, 200, why="回访").text


def test_a_reading_needs_a_reason_and_is_logged_under_its_reader(
    town: PageTown, named: int
) -> None:
    (form,) = buttons(town, "hao", named)
    before = town.workspace.personal_reads(named)[0]
    short = town.send_form("hao", form, 422, why="x")
    assert PERSON["reporter_phone"] not in short.text
    shown = town.send_form("hao", form, 200, why="回访核实位置")
    assert f'href="tel:{PERSON["reporter_phone"]}"' in shown.text
    assert PERSON["reporter_name"] in shown.text
    assert shown.headers["cache-control"] == "no-store"
    total, reads = town.workspace.personal_reads(named)
    assert total == before + 1
    assert (reads[0]["read_by"], reads[0]["why"]) == ("hao", "回访核实位置")
    # Looked at again it is masked again.
    assert PERSON["reporter_phone"] not in town.see("hao", f"/orders/{named}")


def test_who_does_not_handle_it_now_is_refused_on_the_page(town: PageTown, named: int) -> None:
    address = f"/orders/{named}/reporter"
    for who in ("wang", "chen"):
        answer = town.ask(who, "POST", address, data={"why": "想知道"})
        assert answer.status_code == 403
        assert PERSON["reporter_phone"] not in answer.text
    (form,) = buttons(town, "hao", named)
    town.act("hao", named, "accept")
    town.act("hao", named, "resolve", result="x")
    town.act("li", named, "inspect")
    town.act("zhang", named, "close")
    assert buttons(town, "hao", named) == []
    refused = town.send_form("hao", form, 403, why="还想看看")
    assert PERSON["reporter_phone"] not in refused.text
    assert town.workspace.personal_reads(named)[0] == 0
