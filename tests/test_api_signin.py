"""Signing in: the page, sessions and their ends, forms of other sites, wrong passwords, keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.signin import local_path
from gridmap.access import Grant, Role
from gridmap.errors import NotSignedIn, TooManyAttempts
from gridmap.workspace import Workspace
from tests.api_client import LOCAL, REMOTE
from tests.guarded import PASSWORD, REPORT, Guarded, form_token, report_of, sign_in
from tests.place_pictures import picture

pytest_plugins = ["tests.guarded_fixtures"]

KEY = {"idempotency-key": "session-report"}


def test_somebody_signs_in_works_and_signs_out(guarded: Guarded) -> None:
    client = guarded.client()
    assert client.get("/api/me").json()["via"] == "nobody"
    answer = sign_in(client, "Wang", PASSWORD, next="/maps/levels?lang=en")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/maps/levels?lang=en"
    me = client.get("/api/me").json()
    assert (me["name"], me["label"], me["via"]) == ("wang", "王派单", "session")
    assert me["roles"] == [{"role": "dispatcher", "areas": [], "departments": []}]
    assert "order.dispatch" in me["actions"]
    assert client.get("/api/reports").status_code == 200
    cookie = client.cookies["gridmap_session"]
    out = client.post("/logout", data={"csrf_token": me["csrf_token"]})
    assert out.headers["location"] == "/login"
    assert client.get("/api/me").json()["via"] == "nobody"
    # The session is over on the server, not only forgotten by the browser.
    client.cookies.set("gridmap_session", cookie)
    assert client.get("/api/reports").status_code == 401


def test_cookies_are_kept_from_scripts_and_other_sites(guarded: Guarded) -> None:
    answer = sign_in(guarded.client(), "wang", PASSWORD)
    cookies = answer.headers.get_list("set-cookie")
    session = next(one for one in cookies if one.startswith("gridmap_session="))
    device = next(one for one in cookies if one.startswith("gridmap_device="))
    assert "HttpOnly" in session
    assert "HttpOnly" in device
    assert "SameSite=lax" in session
    assert "SameSite=strict" in device
    # Plain http on the test's address; over TLS they are Secure, see below.
    assert "Secure" not in session


def test_over_tls_cookies_are_secure(guarded: Guarded) -> None:
    client = TestClient(
        guarded.app, base_url="https://testserver", client=REMOTE, follow_redirects=False
    )
    answer = sign_in(client, "wang", PASSWORD)
    cookies = answer.headers.get_list("set-cookie")
    assert all("Secure" in one for one in cookies if "session=" in one or "device=" in one)


@pytest.mark.parametrize(
    ("name", "password"),
    [("wang", "wrong password"), ("nobody", PASSWORD), ("", ""), ("key-admin", PASSWORD),
     ("王" * 500, "x" * 5000), ("wang' OR 1=1", "x"), ("wang", PASSWORD + " ")],
)  # fmt: skip
def test_whatever_is_wrong_the_answer_is_the_same(
    guarded: Guarded, name: str, password: str
) -> None:
    answer = sign_in(guarded.client(), name, password)
    assert answer.status_code == 401
    assert "账号名或密码不正确" in answer.text
    assert "gridmap_session" not in answer.headers.get("set-cookie", "")


def test_a_form_that_was_not_served_to_this_browser_signs_nobody_in(guarded: Guarded) -> None:
    token = form_token(guarded.client().get("/login").text)
    victim = guarded.client()
    for given in (token, "", "x"):
        data = {"name": "wang", "password": PASSWORD, "csrf_token": given}
        answer = victim.post("/login", data=data)
        assert answer.status_code == 403
        assert "重新填写" in answer.text
        victim.cookies.clear()


def test_a_session_changes_something_only_with_its_own_token(guarded: Guarded) -> None:
    client, other = guarded.signed_in(), guarded.signed_in()
    token = client.get("/api/me").json()["csrf_token"]
    foreign = other.get("/api/me").json()["csrf_token"]
    assert token != foreign
    for headers in ({}, {"x-csrf-token": foreign}, {"x-csrf-token": ""}, {"x-csrf-token": "x"}):
        answer = client.post("/api/reports", json=REPORT, headers={**KEY, **headers})
        assert answer.status_code == 403, headers
        assert "X-CSRF-Token" in answer.json()["allowed"]
    crossed = {"x-csrf-token": token, "sec-fetch-site": "cross-site"}
    assert client.post("/api/reports", json=REPORT, headers={**KEY, **crossed}).status_code == 403
    good = client.post("/api/reports", json=REPORT, headers={**KEY, "x-csrf-token": token})
    assert good.status_code in {200, 201}
    assert client.post("/logout", data={"csrf_token": foreign}).status_code == 403
    assert client.get("/api/reports").status_code == 200


def test_a_form_with_a_file_carries_the_token_of_its_session_as_well(guarded: Guarded) -> None:
    client = guarded.signed_in()
    token = client.get("/api/me").json()["csrf_token"]
    foreign = guarded.signed_in().get("/api/me").json()["csrf_token"]
    door = f"/api/reports/{report_of(guarded, 'upload-report')}/photos"
    files = {"photo": ("a.jpg", picture(), "image/jpeg")}
    for given in ({}, {"csrf_token": foreign}, {"csrf_token": ""}):
        refused = client.post(door, data=given, files=files)
        assert refused.status_code == 403, given
        assert "token" in refused.json()["detail"]
    assert client.post(door, data={"csrf_token": token}, files=files).status_code == 201
    page = client.post("/places/P1/photos", data={"csrf_token": token}, files=files)
    # The token is good; a dispatcher keeps no places.
    assert page.status_code == 403
    assert "token" not in page.text
    assert client.get(door).json()["photos"][0]["added_by"] == "wang"


def test_a_session_ends_when_it_is_not_used_and_at_its_end(guarded: Guarded) -> None:
    watch = guarded.watch
    idle, busy = guarded.signed_in(), guarded.signed_in()
    for _ in range(7):
        watch.pass_by(minutes=100)
        assert busy.get("/api/reports").status_code == 200
    assert idle.get("/api/reports").status_code == 401
    page = busy.get("/account", headers={"accept": "text/html"})
    assert page.status_code == 200
    watch.pass_by(minutes=100)
    over = busy.get("/api/reports")
    assert over.status_code == 401
    assert over.headers["www-authenticate"] == 'Bearer realm="gridmap"'
    again = busy.get("/login")
    assert "登录已过期" in again.text


def test_a_forged_or_odd_cookie_is_nobodys(guarded: Guarded) -> None:
    client = guarded.signed_in()
    good = client.cookies["gridmap_session"]
    for cookie in ("x", good[:-1], good + "x", "." + good, good.replace(".", ""), "a.b.c"):
        client.cookies.clear()
        client.cookies.set("gridmap_session", cookie)
        assert client.get("/api/me").json()["via"] == "nobody", cookie


def test_closing_an_account_ends_its_sessions_and_keys_at_once(guarded: Guarded) -> None:
    workspace = guarded.workspace
    workspace.add_user("leaver", [Grant(Role.DISPATCHER)], password=PASSWORD)
    client = guarded.signed_in("leaver")
    key = {"authorization": f"Bearer {workspace.add_key('leaver').token}"}
    assert guarded.client().get("/api/reports", headers=key).status_code == 200
    workspace.disable_users(["leaver"])
    assert client.get("/api/reports").status_code == 401
    assert guarded.client().get("/api/reports", headers=key).status_code == 401
    assert sign_in(guarded.client(), "leaver", PASSWORD).status_code == 401


def test_a_new_password_ends_every_session(guarded: Guarded) -> None:
    workspace = guarded.workspace
    workspace.add_user("changer", [Grant(Role.DISPATCHER)], password=PASSWORD)
    one, two = guarded.signed_in("changer"), guarded.signed_in("changer")
    token = form_token(one.get("/account").text)
    form = {"csrf_token": token, "old": PASSWORD, "new": "four other short words"}
    assert one.post("/account", data={**form, "again": "x"}).status_code == 422
    weak = {**form, "new": "changer-2026", "again": "changer-2026"}
    assert one.post("/account", data=weak).status_code == 422
    wrong = {**form, "old": "not it at all", "again": form["new"]}
    assert one.post("/account", data=wrong).status_code == 403
    done = one.post("/account", data={**form, "again": form["new"]})
    assert (done.status_code, done.headers["location"]) == (303, "/login?changed")
    assert {one.get("/api/reports").status_code, two.get("/api/reports").status_code} == {401}
    assert sign_in(guarded.client(), "changer", PASSWORD).status_code == 401
    assert guarded.signed_in("changer", form["new"]).get("/api/reports").status_code == 200


def test_a_new_signing_key_leaves_sessions_as_they_are(guarded: Guarded) -> None:
    from gridmap.secrets import Purpose

    client = guarded.signed_in()
    token = client.get("/api/me").json()["csrf_token"]
    guarded.workspace.rotate_secrets([Purpose.SESSION])
    assert client.get("/api/me").json()["via"] == "session"
    sent = client.post("/api/reports", json=REPORT, headers={**KEY, "x-csrf-token": token})
    assert sent.status_code in {200, 201}


def wrong_ones(workspace: Workspace, count: int, **where: str | None) -> int:
    """Try wrong passwords until one has to wait; return how many were tried."""
    for n in range(count):
        try:
            workspace.sign_in("wang", f"wrong {n}", **{"address": "a", "device": None, **where})
        except TooManyAttempts:
            return n
        except NotSignedIn:
            continue
    return count


def test_wrong_passwords_make_the_next_one_wait_longer_and_longer(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridmap.workspace.signing_in.check_password", lambda *_: False)
    workspace, watch = guarded.workspace, guarded.watch
    assert wrong_ones(workspace, 10) == 5
    waits = []
    for _ in range(4):
        with pytest.raises(TooManyAttempts) as refused:
            workspace.sign_in("wang", PASSWORD, address="a", device=None)
        waits.append(refused.value.wait_s)
        watch.pass_by(seconds=refused.value.wait_s)
        with pytest.raises(NotSignedIn):
            workspace.sign_in("wang", "wrong", address="a", device=None)
    assert waits == [15, 30, 60, 120]


def test_a_stranger_locks_nobody_out_of_a_device_in_use(guarded: Guarded) -> None:
    workspace = guarded.workspace
    begun = workspace.sign_in("wang", PASSWORD, address="office", device=None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gridmap.workspace.signing_in.check_password", lambda *_: False)
        # From many addresses: none of them is over its limit, the account is.
        tried = sum(wrong_ones(workspace, 5, address=f"bot {i}") for i in range(10))
        assert tried == 20
    with pytest.raises(TooManyAttempts):
        workspace.sign_in("wang", PASSWORD, address="somewhere new", device=None)
    again = workspace.sign_in("wang", PASSWORD, address="bot 1", device=begun.device)
    assert again.account.name == "wang"
    # Another account's device is no pass.
    workspace.add_user(f"thief-{workspace.store.kind}", [Grant(Role.RESIDENT)], password=PASSWORD)
    thief = workspace.sign_in(
        f"thief-{workspace.store.kind}", PASSWORD, address="bot 1", device=None
    )
    with pytest.raises(TooManyAttempts):
        workspace.sign_in("wang", PASSWORD, address="bot 1", device=thief.device)
    # An administrator's new password forgets them.
    workspace.set_password("wang", PASSWORD)
    assert workspace.sign_in("wang", PASSWORD, address="new desk", device=None)


def test_a_new_password_is_good_at_once_where_wrong_ones_were_tried(guarded: Guarded) -> None:
    workspace = guarded.workspace
    begun = workspace.sign_in("wang", PASSWORD, address="desk", device=None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gridmap.workspace.signing_in.check_password", lambda *_: False)
        assert wrong_ones(workspace, 10) == 5
        assert wrong_ones(workspace, 20, device=begun.device) == 10
        with pytest.raises(NotSignedIn):
            workspace.sign_in("wang-2", "wrong", address="a", device=None)
        for n in range(4):
            with pytest.raises(NotSignedIn):
                workspace.sign_in("wang-2", f"wrong {n}", address="a", device=None)
    workspace.set_password("wang", PASSWORD)
    assert workspace.sign_in("wang", PASSWORD, address="a", device=None)
    assert workspace.sign_in("wang", PASSWORD, address="a", device=begun.device)
    # What was tried of another account stays counted.
    with pytest.raises(TooManyAttempts):
        workspace.sign_in("wang-2", PASSWORD, address="a", device=None)


def test_an_office_behind_one_address_is_not_held_up_by_its_own_sign_ins(guarded: Guarded) -> None:
    workspace = guarded.workspace
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gridmap.workspace.signing_in.check_password", lambda *_: True)
        for _ in range(40):
            workspace.sign_in("wang", PASSWORD, address="office", device=None)


def test_the_page_says_how_long_to_wait(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridmap.workspace.signing_in.check_password", lambda *_: False)
    client = guarded.client()
    for _ in range(5):
        assert sign_in(client, "wang", "wrong").status_code == 401
    answer = sign_in(client, "wang", PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "15"
    assert "15 秒" in answer.text


@pytest.mark.parametrize(
    "value", ["Bearer x", "Bearer gm_00000000_x", "Basic d2FuZzp4", "Bearer", "gm_1", "Bearer 钥匙"]
)
def test_a_key_that_is_not_good_is_refused_also_where_none_is_needed(
    guarded: Guarded, value: str
) -> None:
    answer = guarded.client().get(
        "/api/locate?lon=117.01&lat=36.605", headers={"authorization": value.encode()}
    )
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_key_is_good_until_it_ends_is_revoked_or_replaced(guarded: Guarded) -> None:
    workspace, watch = guarded.workspace, guarded.watch
    workspace.add_user("machine", [Grant(Role.DISPATCHER)])

    def status(token: str) -> int:
        headers = {"authorization": f"bearer {token}"}
        return guarded.client().get("/api/reports", headers=headers).status_code

    dated, plain = workspace.add_key("machine", days=2), workspace.add_key("machine", label="x")
    assert (status(dated.token), status(plain.token)) == (200, 200)
    assert status(plain.token[:-1]) == 401
    watch.pass_by(days=2)
    assert (status(dated.token), status(plain.token)) == (401, 200)
    new = workspace.rotate_key(plain.prefix)
    assert (status(plain.token), status(new.token)) == (401, 200)
    workspace.revoke_keys([new.prefix])
    assert status(new.token) == 401
    listed = workspace.keys("machine")
    assert [key.last_used_at is not None for key in listed] == [True, True, True]
    assert all(secret.token not in str(listed) for secret in (dated, plain, new))


def test_no_token_or_password_is_in_the_store(guarded: Guarded) -> None:
    from tests.guarded import stored_bytes

    client = guarded.signed_in()
    kept = stored_bytes(guarded.workspace)
    session = client.cookies["gridmap_session"].partition(".")[0]
    for secret in (PASSWORD, session, *guarded.tokens.values()):
        assert secret.encode() not in kept
    for token in guarded.tokens.values():
        assert token[:11].encode() in kept


def test_with_accounts_this_machine_is_nobody_in_particular(guarded: Guarded) -> None:
    local = guarded.client(remote=False)
    assert local.get("/api/me").json()["via"] == "nobody"
    assert local.get("/api/reports").status_code == 401


def test_unless_the_settings_say_otherwise(guarded: Guarded) -> None:
    from api.app import create_app

    workspace = guarded.workspace
    before = workspace.settings
    workspace.settings = before.model_copy(update={"loopback_with_accounts": True})
    try:
        app = create_app(workspace=workspace)
        assert TestClient(app, client=LOCAL).get("/api/reports").status_code == 200
        assert TestClient(app, client=REMOTE).get("/api/reports").status_code == 401
        passed_on = {"x-forwarded-for": "203.0.113.9"}
        answer = TestClient(app, client=LOCAL).get("/api/reports", headers=passed_on)
        assert answer.status_code == 401
    finally:
        workspace.settings = before


def test_a_page_for_staff_leads_to_the_sign_in_and_back(guarded: Guarded) -> None:
    from fastapi import FastAPI

    from api.app import create_app
    from api.dependencies import needs
    from gridmap.access import Action

    app: FastAPI = create_app(workspace=guarded.workspace)
    app.get("/desk", dependencies=needs(Action.ORDER_DISPATCH))(lambda: "desk")
    client = TestClient(app, client=REMOTE, follow_redirects=False)
    page = {"accept": "text/html"}
    away = client.get("/desk?tab=2", headers=page)
    assert away.status_code == 303
    assert away.headers["location"] == "/login?next=%2Fdesk%3Ftab%3D2"
    back = sign_in(client, "wang", PASSWORD, next="/desk?tab=2")
    assert back.headers["location"] == "/desk?tab=2"
    assert client.get("/desk", headers=page).status_code == 200


@pytest.mark.parametrize(
    "text",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", None,
     "/login?next=/x", "/a b", "/a\nb", "/" + "x" * 600],
)  # fmt: skip
def test_nobody_is_led_to_another_site(text: str | None) -> None:
    assert local_path(text) == "/"


def test_host_names_beyond_this_machine_are_answered_with_accounts_only(
    guarded: Guarded,
) -> None:
    from api.app import create_app

    settings = guarded.workspace.settings.model_copy(
        update={"public_url": "https://grid.example.org"}
    )
    client = TestClient(create_app(settings, workspace=guarded.workspace), client=REMOTE)
    known = {host: client.get("/healthz", headers={"host": host}).status_code
             for host in ("grid.example.org", "192.0.2.7:8000", "[2001:db8::1]", "localhost",
                          "evil.example", "grid.example.org.evil.example", "")}  # fmt: skip
    assert list(known.values()) == [200, 200, 200, 200, 403, 403, 403]


def test_the_address_is_the_one_that_a_trusted_proxy_names(guarded: Guarded) -> None:
    from types import SimpleNamespace

    from starlette.datastructures import Headers

    from api.identity import client_address

    def address(peer: str, forwarded: str, trusted: str) -> str:
        settings = guarded.workspace.settings.model_copy(update={"trusted_proxies": trusted})
        request = SimpleNamespace(
            app=SimpleNamespace(state=SimpleNamespace(settings=settings)),
            client=SimpleNamespace(host=peer),
            headers=Headers({"x-forwarded-for": forwarded} if forwarded else {}),
        )
        return client_address(request)  # type: ignore[arg-type]

    assert address("10.0.0.1", "203.0.113.9", "") == "10.0.0.1"
    assert address("10.0.0.1", "203.0.113.9", "10.0.0.1") == "203.0.113.9"
    # What the client itself claims stands further left.
    assert address("10.0.0.1", "1.1.1.1, 203.0.113.9", "10.0.0.1") == "203.0.113.9"
    assert address("10.0.0.1", "1.1.1.1, 10.0.0.2", "10.0.0.1,10.0.0.2") == "1.1.1.1"
    assert address("198.51.100.1", "203.0.113.9", "10.0.0.1") == "198.51.100.1"
    assert address("10.0.0.1", "", "10.0.0.1") == "10.0.0.1"


def test_without_accounts_the_page_says_how_to_make_one_and_needs_no_key(
    store_url: str, tmp_path: Path
) -> None:
    from api.app import create_app
    from gridmap.settings import Settings
    from gridmap.workspace import open_workspace

    settings = Settings(store=store_url, secrets=tmp_path / "none.secrets")
    with open_workspace(settings=settings) as workspace:
        client = TestClient(create_app(workspace=workspace), client=LOCAL)
        page = client.get("/account")
        assert page.status_code == 200
        assert "gridmap users add" in page.text
        assert client.post("/login", data={"name": "a", "password": "b"}).status_code == 403
        assert client.get("/api/me").json()["via"] == "loopback"
        assert client.get("/api/reports").status_code == 200
        workspace.add_user("first", [Grant(Role.ADMIN)])
        assert client.get("/api/reports").status_code == 401
