"""The form of an ownership review in Chromium: what it takes, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from gridmap.workspace import Workspace
from tests.browser import Visit, served, violations
from tests.review_town import report

pytest_plugins = ["tests.review_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("review_source", ["geopackage"], indirect=True, scope="session"),
]

CATALOGUES = Path(__file__).parent / "data" / "catalogues"


@pytest.fixture
def review(board: Workspace) -> Iterator[str]:
    """The page of a review of an item whose code is not four digits."""
    board.import_rules(CATALOGUES, commit=True)
    sent = report(board, 0.2, 0.2, "a", item="01-1", catalogue="duties")
    number = board.open_review(sent["id"], "归属不清")["id"]
    # Asked for by a browser on this machine: its administrator.
    with served(create_app(workspace=board)) as address:
        yield f"{address}/reviews/{number}"


def test_a_ruling_that_is_refused_is_told_in_the_language_of_the_page(
    browser_page: Visit, review: str
) -> None:
    page = browser_page.open(review)
    page.fill("[name=owner]", "NO-SUCH")
    page.fill("[name=document]", "确权纪要〔2026〕3号")
    page.click("[name=dry]")
    page.wait_for_selector("#told .warning")
    assert page.inner_text("#told .warning").startswith("没有这个单位")
    assert "收到的内容：NO-SUCH" in page.inner_text("#told")
    page.fill("[name=owner]", "SW")
    page.route("**/ruling?*", lambda route: route.abort())
    page.click("[name=dry]")
    page.wait_for_selector("#told .warning >> text=没有连上")
    assert page.is_enabled("[name=dry]")


def test_several_items_with_codes_of_a_shape_of_their_own_are_ruled_on(
    browser_page: Visit, review: str
) -> None:
    page = browser_page.open(review)
    assert page.input_value("[name=items]") == "01-1"
    page.fill("[name=items]", "01-1，01-2")
    page.fill("[name=owner]", "SW")
    page.fill("[name=document]", "确权纪要〔2026〕3号")
    page.click("[name=dry]")
    page.wait_for_selector("#told .state")
    assert violations(page) == []
    page.click(".buttons button:not([name])")
    page.wait_for_selector("dl.ruled")
    assert "duties:01-2" in page.inner_text("dl.ruled")
    browser_page.assert_clean()
