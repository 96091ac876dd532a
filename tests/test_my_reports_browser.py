"""My reports and supervision orders in Chromium: a phone without a script, and pages that fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import DESKTOP, PHONE, served, violations, window
from tests.order_forms import PageTown
from tests.test_my_reports import closed
from tests.test_photos import picture, saved

pytest_plugins = ["tests.order_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("order_town", ["geopackage"], indirect=True, scope="session"),
]

PASSWORD = "three unrelated words"


@pytest.fixture
def address(town: PageTown) -> Iterator[str]:
    """Where the application is served, on this machine only."""
    with served(town.client.app) as where:
        yield where


def session(town: PageTown, who: str, where: str) -> list[dict[str, str]]:
    """The cookie of somebody who has signed in."""
    town.workspace.set_password(who, PASSWORD)
    begun = town.workspace.sign_in(who, PASSWORD, address="127.0.0.1", device=None)
    return [{"name": "gridmap_session", "value": begun.session, "url": where}]


def image(name: str, raw: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": raw}


def test_a_resident_follows_a_report_on_a_phone_without_a_script(
    chromium: Any, town: PageTown, address: str
) -> None:
    number = town.sent_by("gu", text="垃圾桶满了")["id"]
    context = chromium.new_context(java_script_enabled=False, **PHONE)
    try:
        context.add_cookies(session(town, "gu", address))
        page = context.new_page()
        page.goto(f"{address}/my")
        page.click(f"text=#{number}")
        page.wait_for_url(f"**/my/{number}")
        # Two photos, of which one cannot be read; then a whistle.
        good, bad = image("好.jpg", saved(picture())), image("坏.jpg", b"x")
        page.set_input_files("input[name=photo]", [good, bad])
        page.click(".upload button")
        page.wait_for_selector("[role=alert] >> text=坏.jpg")
        assert page.locator(".photos img").count() == 1
        page.click("summary >> text=吹哨")
        form = page.locator('form:has(input[value="whistle.blow"])')
        form.locator("[name=why]").fill("需要多部门到场")
        form.locator("[name=ground]").select_option("joint_enforcement")
        form.locator('[name="departments.CG"]').check()
        form.locator("button").click()
        page.wait_for_selector("[role=status] >> text=已记录：吹哨")
        closed(town, number)
        page.goto(f"{address}/my/{number}")
        form = page.locator('form:has(input[value="order.rate"])')
        form.locator("[name=satisfied][value=yes]").check()
        form.locator("[name=text]").fill("很快")
        form.locator("button").click()
        page.wait_for_selector("[role=status] >> text=已记录：评价")
    finally:
        context.close()
    order = town.order(number)
    assert (order["state"], order["rating"]["text"]) == ("rated", "很快")
    assert order["whistles"][0]["wanted"] == ["CG"]


@pytest.mark.parametrize("shape", ["phone", "desktop"])
def test_the_pages_fit_and_axe_finds_nothing(
    chromium: Any, town: PageTown, address: str, shape: str
) -> None:
    sent = town.sent_by("gu", text="楼下建筑垃圾堆了一周，雨后污水流到人行道上，只能绕行。")
    photo = {"photo": ("a.jpg", saved(picture((300, 400))), "image/jpeg")}
    assert town.ask("gu", "POST", f"/my/{sent['id']}/photos", files=photo).status_code == 303
    body = {"department": "HW", "subject": "垃圾积压，多次逾期，请限期整改",
            "demands": "三日内清运", "reply_by": "2026-03-14T18:00",
            "number": sent["id"]}  # fmt: skip
    sheet = town.ask("jian", "POST", "/api/supervision", json=body).json()["id"]
    visits = [
        ("gu", f"/my/{sent['id']}"), ("gu", "/my"), ("", f"/receipt/{sent['receipt']}"),
        ("", "/receipt"), ("jian", "/supervision"), ("hao", f"/supervision/{sheet}"),
        ("jian", "/supervision/new?lang=en"), ("hao", f"/orders/{sent['id']}"),
    ]  # fmt: skip
    for who, path in visits:
        with window(chromium, PHONE if shape == "phone" else DESKTOP) as visit:
            if who:
                visit.page.context.add_cookies(session(town, who, address))
            page = visit.open(f"{address}{path}")
            wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert wide[0] <= wide[1], (path, wide)
            assert violations(page) == [], path
            visit.assert_clean()
