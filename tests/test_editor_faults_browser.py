"""Long lists in the editor, faults that stop a publication, and the way back from one."""

from __future__ import annotations

import json
import shlex
import time
from typing import Any

import pytest

from gridmap.coverage.auditing.faults import Fault
from gridmap.i18n import Saying
from tests.cli_district import gridmap
from tests.editor_desk import Desk, at_version, choose, click

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> int:
    """The audit finds more faults than a list shows at once; how many."""
    said = Saying("fault.overlap", {"owners": "C0001, C0002", "size": "7 m²"})
    found = [
        Fault("overlap", "error", "grid", ("C0001", "C0002"), 7.0, 114.0015, 34.0035, said)
        for _ in range(130)
    ]
    monkeypatch.setattr("gridmap.workspace.publishing.audit", lambda _: list(found))
    return len(found)


def look(page: Any, edition: str, day: str, **more: str) -> None:
    """Fill the form of a publication, and look what it would come to."""
    if not page.is_visible("#publish-form"):
        page.click("#publish > summary")
    page.evaluate("document.querySelector('#publish-form details').open = true")
    for name, text in {
        "edition": edition,
        "effective_from": f"{day}T00:00",
        "accept_replaced": "测试",
        **more,
    }.items():
        page.fill(f"#publish-form [name={name}]", text)
    page.click("#publish-form [value=dry]")


def changed(page: Any, address: str, **more: Any) -> None:
    """Answers from an address hold something else."""

    def answer(route: Any) -> None:
        found = route.fetch()
        body = found.json()
        for name, value in more.items():
            body[name] = value(body) if callable(value) else value
        route.fulfill(response=found, body=json.dumps(body))

    page.route(address, answer)


def test_the_rest_of_a_long_list_of_faults_is_shown_when_asked(desk: Desk, faulty: int) -> None:
    page = desk.open()
    page.click("#check > summary")
    page.click("#check-now")
    page.wait_for_selector("#checked .rows")
    assert page.locator("#checked li").count() == 100
    page.click("#checked >> text=再显示 30 条")
    assert page.locator("#checked li").count() == faulty
    assert page.inner_text("#checked li:last-child").startswith("130. ")
    assert page.locator("#checked .more").count() == 0
    desk.assert_clean()


def test_faults_that_stop_a_publication_are_listed_with_their_places(
    desk: Desk, faulty: int
) -> None:
    for lang, text in {"zh": "相互重叠", "en": "overlap"}.items():
        page = desk.open(lang=lang)
        look(page, f"faulty {lang}", "2027-03-01")
        page.wait_for_selector("#published [role=alert]")
        said = page.inner_text("#published [role=alert]")
        assert text in said
        assert (f"found {faulty} errors" in said) == (lang == "en")
        assert page.locator("#published .rows li").count() == 100
        page.click("#published .rows li:first-child button")
        assert page.locator(".fault-pin").count() == 1
        assert page.is_disabled("#publish-form [value=real]")
        # With a reason the same are told, and it can be published.
        look(page, f"faulty {lang}", "2027-03-01", accept_faults="批准")
        page.wait_for_selector("#publish-form [value=real]:not(:disabled)")
        assert page.locator("#published .rows li.error").count() == 100
    desk.assert_clean("409")


def test_what_a_publication_comes_to_is_counted_in_full(desk: Desk) -> None:
    page = desk.open()
    move = {"item": "0101", "changed": {"grid": ["C0001", "C0002"]}, "department": "CG"}
    changed(
        page,
        "**/publish?*dry_run**",
        faults=[],
        retired=[{"level": "grid", "code": f"G{k}"} for k in range(75)],
        moves=[{"number": k, **move} for k in range(1_000)],
        open_reports={"open": 1_300, "area changes": 1_234, "move": 0},
        followed_by="2028",
        effective_to="2028-01-01T00:00:00+08:00",
    )
    look(page, "counted", "2027-03-02")
    page.wait_for_selector("#published dl")
    found = page.inner_text("#published")
    assert all(text in found for text in ("停用编码\n75", "停用编码 75 个", "1,234 条上报"))
    assert "有效至\n2028-01-01 00:00（由“2028”接替）" in found
    page.click("#published summary >> text=停用编码")
    page.click("#published >> text=再显示 15 条")
    page.click("#published summary >> text=1,234")
    assert "只列出前 1,000 条" in page.inner_text("#published")
    page.click("#published >> text=再显示 970 条")
    assert page.locator("#published li").count() == 1_075
    desk.assert_clean()


def test_the_rest_of_what_a_suggestion_cannot_meet_is_shown_when_asked(desk: Desk) -> None:
    page = desk.open()

    def many(body: dict[str, Any]) -> list[dict[str, Any]]:
        one = {"kind": "too_small", "container": "C0", "text": "Small.", "relax": ""}
        found = [{**one, "grids": [], "atoms": [], "measure": None} for _ in range(20)]
        return [{**plan, "findings": found} for plan in body["plans"]]

    changed(page, "**/suggest?dry_run**", plans=many)
    page.click("#suggest > summary")
    page.fill("#suggest-form [name=floor]", "100")
    page.fill("#suggest-form [name=ceiling]", "900")
    page.click("#suggest-form button")
    plan = "#suggested .plan[data-style=best_balance] "
    page.click(plan + "summary")
    assert page.locator(plan + "li").count() == 12
    page.click(plan + ".more")
    assert page.locator(plan + "li").count() == 20
    desk.assert_clean()


def test_the_command_that_is_named_puts_the_former_edition_in_force_again(desk: Desk) -> None:
    lon, lat = 114.0015, 34.0035

    def there(at: str) -> tuple[str, str]:
        found = desk.client.get("/api/locate", params={"lon": lon, "lat": lat, "at": at}).json()
        return found["edition"], found["areas"]["grid"]

    # Editions of other tests may be in force by then.
    _, former = there("2027-04-12")
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    at_version(page, 1)
    look(page, "taken back", "2027-04-05")
    page.wait_for_selector("#publish-form [value=real]:not(:disabled)")
    page.click("#publish-form [value=real]")
    page.wait_for_selector("#published pre")
    command = page.inner_text("#published pre")
    assert "--from 恢复日期" in command
    program, *words = shlex.split(command.replace("恢复日期", "2027-04-12"))
    assert program == "gridmap"
    done = gridmap(*words, "--store", desk.workspace.settings.store)
    assert done.exit_code == 0, done.output + done.stderr
    # A server takes up within a second what another process has put in force.
    deadline = time.monotonic() + 30
    while there("2027-04-12")[0] == "taken back" and time.monotonic() < deadline:
        time.sleep(0.1)
    edition, grid = there("2027-04-12")
    assert (edition != "taken back", grid) == (True, former)
    assert [there(f"2027-04-{day}") for day in ("05", "11")] == [("taken back", "C0002")] * 2
    desk.assert_clean()
