"""Scripts of pages are told what is refused in the language of their page; programs in English."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from api.models import Problem
from api.problems import PAGE_LANGUAGE
from gridmap.errors import StoreBusy
from gridmap.workspace import Workspace

pytest_plugins = ["tests.api_fixtures"]

NO_AREA = "/api/areas/grid/none"


def test_a_script_is_told_in_the_language_of_its_page(resident: TestClient) -> None:
    plain = resident.get(NO_AREA)
    assert "told" not in plain.json()
    chinese = resident.get(NO_AREA, headers={PAGE_LANGUAGE: "zh"})
    assert (chinese.status_code, chinese.headers["content-type"]) == (
        404,
        "application/problem+json",
    )
    body = chinese.json()
    Problem.model_validate(body)
    # What programs read is the same as ever.
    assert {name: value for name, value in body.items() if name != "told"} == plain.json()
    assert body["told"]["message"].startswith("2026 版网格的")
    assert body["told"]["original"] is None
    english = resident.get(NO_AREA, headers={PAGE_LANGUAGE: "en"}).json()
    assert english["told"]["message"] == english["detail"]
    assert english["told"]["repair"] == english["repair"]


@pytest.mark.parametrize("sent", ["", "fr", "zh-CN", "en, zh"])
def test_a_language_that_no_page_has_changes_nothing(resident: TestClient, sent: str) -> None:
    assert "told" not in resident.get(NO_AREA, headers={PAGE_LANGUAGE: sent}).json()


def test_where_there_are_no_words_staff_are_told_the_sentence_itself(
    staff: TestClient, resident: TestClient
) -> None:
    for client, seen in ((staff, True), (resident, False)):
        found = client.get("/api/locate?lon=x", headers={PAGE_LANGUAGE: "zh"}).json()
        assert found["told"]["message"].startswith("这个请求无法办理")
        said = found["told"]["original"]
        assert (said is not None and said.startswith(found["detail"])) is seen


def test_a_store_that_is_busy_says_so_in_words(
    staff: TestClient, api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> None:
        raise StoreBusy(
            "Another program is using the store, and has not finished in time.",
            repair="Try again when it is done, or raise GRIDMAP_BUSY_TIMEOUT_S.",
        )

    monkeypatch.setattr(api_workspace, "onemap_orders", busy)
    answer = staff.get("/map/orders.json", headers={PAGE_LANGUAGE: "zh"})
    assert answer.status_code == 503
    assert answer.json()["told"]["message"] == "数据正在被别的程序写入，请稍后再试。"
