"""Signing in in Chromium, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Visit, keep_picture, served
from tests.guarded import PASSWORD, Guarded

pytest_plugins = ["tests.guarded_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("guarded_session", ["geopackage"], indirect=True, scope="session"),
]


@pytest.fixture
def address(guarded: Guarded) -> Iterator[str]:
    """Where the application is served, on this machine only."""
    with served(guarded.app) as where:
        yield where


def shown(page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    keep_picture(page, name)


def fill(page, password: str) -> None:
    page.fill("[name=name]", "wang")
    page.fill("[name=password]", password)
    page.click(".stack button")


def refused_alone(visit: Visit) -> None:
    """A refusal shows in the console, as the status it is; nothing else does."""
    assert visit.refused == []
    assert [p for p in visit.problems if "401" not in p and "429" not in p] == []


def test_at_a_desk_a_wrong_password_then_the_right_one_then_out(
    browser_page: Visit, address: str
) -> None:
    page = browser_page.open(f"{address}/account")
    page.wait_for_url("**/login?next=%2Faccount")
    shown(page, "login-desktop")
    fill(page, "not this one")
    assert "账号名或密码不正确" in page.inner_text("[role=alert]")
    # What was typed is still there, but not the password.
    assert page.input_value("[name=name]") == "wang"
    assert page.input_value("[name=password]") == ""
    shown(page, "login-wrong")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    assert "王派单" in page.inner_text("h1")
    assert "派单员" in page.inner_text("main")
    shown(page, "account-desktop")
    page.click("text=退出登录")
    page.wait_for_url("**/login")
    page.goto(f"{address}/account")
    page.wait_for_url("**/login?next=%2Faccount")
    refused_alone(browser_page)


def test_on_a_phone_the_form_fits_and_a_session_that_is_over_says_so(
    phone_page: Visit, address: str, guarded: Guarded
) -> None:
    page = phone_page.open(f"{address}/login?next=/account")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".stack button").bounding_box()
    assert box["height"] >= 44
    assert box["y"] + box["height"] < 844
    # Sixteen pixels, or a phone zooms in and stays so.
    assert (
        page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('input[name=name]')).fontSize)"
        )
        >= 16
    )
    shown(page, "login-phone")
    fill(page, PASSWORD)
    page.wait_for_url("**/account")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shown(page, "account-phone")
    guarded.watch.pass_by(hours=3)
    page.reload()
    page.wait_for_url("**/login?**")
    assert "登录已过期" in page.inner_text("[role=alert]")
    shown(page, "login-expired-phone")
    fill(page, PASSWORD)
    page.wait_for_url("**/account")
    refused_alone(phone_page)


def test_scripts_do_not_see_the_session(browser_page: Visit, address: str) -> None:
    page = browser_page.open(f"{address}/login")
    fill(page, PASSWORD)
    page.wait_for_url(f"{address}/")
    assert "gridmap" not in page.evaluate("document.cookie")
    page.goto(f"{address}/login?lang=en")
    assert page.url == f"{address}/"
    browser_page.assert_clean()
