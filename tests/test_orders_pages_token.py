"""Forms of orders are taken from our own pages alone: a token a session, no other site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from tests.api_client import LOCAL
from tests.order_forms import PageTown, action_forms, forms_in

pytest_plugins = ["tests.order_fixtures"]

PASSWORD = "three unrelated words"


@pytest.fixture
def session(town: PageTown) -> Iterator[TestClient]:
    """The dispatcher, signed in with a session."""
    town.workspace.set_password("zhang", PASSWORD)
    begun = town.workspace.sign_in("zhang", PASSWORD, address="127.0.0.1", device=None)
    cookies = {"gridmap_session": begun.session}
    with TestClient(
        create_app(workspace=town.workspace), client=LOCAL, cookies=cookies, follow_redirects=False
    ) as client:
        yield client


def test_every_form_that_changes_something_carries_the_token(
    town: PageTown, session: TestClient
) -> None:
    number, _ = town.report(item="0301", reporter_phone="13900008888")
    token = session.get("/api/me").json()["csrf_token"]
    for path in (f"/orders/{number}", "/inbox", "/queue"):
        forms = [one for one in forms_in(session.get(path).text) if one.method == "post"]
        assert forms, path
        assert {one.fields.get("csrf_token") for one in forms} == {token}, path


def test_without_it_nothing_happens_and_with_it_the_order_moves(
    town: PageTown, session: TestClient
) -> None:
    number, _ = town.report()
    form = action_forms(session.get(f"/orders/{number}").text)["order.confirm"]
    for wrong in ("", "x"):
        answer = session.post(form.address, data=form.fields | {"csrf_token": wrong})
        assert answer.status_code == 403
    crossed = {"sec-fetch-site": "cross-site"}
    assert session.post(form.address, data=form.fields, headers=crossed).status_code == 403
    for path in (f"/orders/{number}/reporter", "/inbox", "/inbox/redeliver", f"/queue/{number}"):
        assert session.post(path, data={"why": "xx", "lead": "HW"}).status_code == 403, path
    assert town.order(number)["state"] == "submitted"
    assert session.post(form.address, data=form.fields).status_code == 303
    assert town.order(number)["state"] == "confirmed"


def test_on_a_machine_of_its_own_another_sites_form_is_refused(town: PageTown) -> None:
    number, _ = town.report()
    changed = town.workspace.settings.model_copy(
        update={"loopback_with_accounts": True, "loopback_role": "dispatcher"}
    )
    sent = {"action": "order.confirm"}
    # The setting is read from the workspace, so it is asked for there.
    before, town.workspace.settings = town.workspace.settings, changed
    try:
        with TestClient(
            create_app(changed, workspace=town.workspace), client=LOCAL, follow_redirects=False
        ) as client:
            for site in ("cross-site", "same-site"):
                headers = {"sec-fetch-site": site, "origin": "http://elsewhere.example"}
                answer = client.post(f"/orders/{number}", data=sent, headers=headers)
                assert answer.status_code == 403, site
            assert town.order(number)["state"] == "submitted"
            own = {"sec-fetch-site": "same-origin"}
            answer = client.post(f"/orders/{number}", data=sent, headers=own)
            assert answer.status_code == 303
    finally:
        town.workspace.settings = before
    assert town.order(number)["state"] == "confirmed"
