"""Beyond the end of a list its last page is shown: what was there may have gone since."""

from __future__ import annotations

import re

import pytest

from tests.order_forms import PageTown

pytest_plugins = ["tests.order_fixtures"]

# Who looks, at which list, how long it says its pages are, and what a row looks like.
LISTS = [
    ("zhang", "/orders?show=all", "orders.ON_A_PAGE", r'href="/orders/(\d+)"'),
    ("gu", "/my?", "mine._ON_A_PAGE", r'href="/my/(\d+)"'),
    ("jian", "/supervision?state=all", "supervisions._ON_A_PAGE", r'href="/supervision/(\d+)"'),
    ("zhang", "/reviews?state=open", "board._ON_A_PAGE", r'href="/reviews/(\d+)"'),
]


@pytest.mark.parametrize(("who", "path", "length", "row"), LISTS, ids=lambda one: one[:6])
def test_a_page_beyond_the_end_shows_the_last_one(
    town: PageTown, monkeypatch: pytest.MonkeyPatch, who: str, path: str, length: str, row: str
) -> None:
    town.sent_by("gu")
    # Covers, which nobody owns, in two communities are two reviews.
    town.report(item="0301")
    town.report((9.0, 5.0), item="0301")
    body = {
        "department": "HW",
        "subject": "积压",
        "demands": "清运",
        "reply_by": "2026-03-21T12:00",
    }
    assert town.ask("jian", "POST", "/api/supervision", json=body).status_code == 201
    monkeypatch.setattr(f"api.pages.{length}", 900)
    every = re.findall(row, town.see(who, path))
    assert every
    monkeypatch.setattr(f"api.pages.{length}", 2)
    last = town.see(who, f"{path}&offset=99998")
    assert re.findall(row, last) == every[-(len(every) % 2 or 2) :]
    assert 'rel="next"' not in last
    if len(every) > 2 and "/reviews" not in path:
        before = f"offset={(len(every) - 1) // 2 * 2 - 2}"
        assert before in last or before == "offset=0"


def test_a_list_of_nothing_says_so_wherever_it_is_opened(town: PageTown) -> None:
    page = town.see("zhang", "/orders?show=all&item=0612&offset=480")
    assert "notice empty" in page
