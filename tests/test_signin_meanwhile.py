"""Signing in takes a while: what is changed of the account meanwhile holds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gridmap.access import Grant, Role
from gridmap.errors import NotSignedIn
from gridmap.secrets import check_password, hash_password
from gridmap.store import accounts
from gridmap.workspace import Workspace
from tests.guarded import PASSWORD, Guarded

pytest_plugins = ["tests.guarded_fixtures"]

NEW = "four other short words"
ROOM = "gridmap.workspace.signing_in"


def added(workspace: Workspace, name: str) -> str:
    workspace.add_user(name, [Grant(Role.DISPATCHER)], password=PASSWORD)
    return name


def sign_in(workspace: Workspace, name: str, password: str = PASSWORD) -> str:
    """The cookie of a session that has begun."""
    return workspace.sign_in(name, password, address="a", device=None).session


def when_verified(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let something happen once, after the next password was looked at."""

    def checked(password: str, hashed: str | None) -> bool:
        monkeypatch.setattr(f"{ROOM}.check_password", check_password)
        good = check_password(password, hashed)
        change()
        return good

    monkeypatch.setattr(f"{ROOM}.check_password", checked)


def hash_of(workspace: Workspace, name: str) -> str:
    found = workspace.store.credentials(name)
    assert found is not None
    assert found[1] is not None
    return found[1]


def sessions(workspace: Workspace, name: str) -> int:
    with workspace.store._database.read() as connection:
        query = "SELECT count(*) FROM sessions WHERE user_id = "
        number = workspace.store.user(name).id
        return int(connection.exec_driver_sql(f"{query}{number}").scalar() or 0)


def test_a_new_password_ends_a_sign_in_that_had_begun_with_the_old_one(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = guarded.workspace
    name = added(workspace, "meanwhile-reset")
    when_verified(monkeypatch, lambda: workspace.set_password(name, NEW))
    with pytest.raises(NotSignedIn, match="The name or the password is wrong"):
        sign_in(workspace, name)
    assert sessions(workspace, name) == 0
    assert workspace.session_holder(sign_in(workspace, name, NEW)) is not None


def test_closing_an_account_ends_a_sign_in_that_had_begun(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = guarded.workspace
    name = added(workspace, "meanwhile-closed")
    when_verified(monkeypatch, lambda: workspace.disable_users([name]))
    with pytest.raises(NotSignedIn):
        sign_in(workspace, name)
    # Nor is there one when it is opened again.
    workspace.disable_users([name], enable=True)
    assert sessions(workspace, name) == 0


def test_who_knows_the_old_password_cannot_change_the_one_that_is_set_meanwhile(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = guarded.workspace
    name = added(workspace, "meanwhile-changed")
    when_verified(monkeypatch, lambda: workspace.set_password(name, NEW))
    with pytest.raises(NotSignedIn):
        workspace.change_password(name, PASSWORD, "a stolen word or three", address="a")
    assert sign_in(workspace, name, NEW)


def test_a_hash_made_anew_never_brings_an_old_password_back(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = guarded.workspace
    name = added(workspace, "meanwhile-rehashed")
    monkeypatch.setattr(f"{ROOM}.needs_rehash", lambda _: True)
    when_verified(monkeypatch, lambda: workspace.set_password(name, NEW))
    with pytest.raises(NotSignedIn):
        sign_in(workspace, name)
    with pytest.raises(NotSignedIn):
        sign_in(workspace, name)
    assert sign_in(workspace, name, NEW)


def test_a_hash_of_another_cost_is_made_anew_and_ends_no_session(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = guarded.workspace
    name = added(workspace, "rehashed")
    before, first = hash_of(workspace, name), sign_in(workspace, name)
    assert hash_of(workspace, name) == before
    monkeypatch.setattr(f"{ROOM}.needs_rehash", lambda _: True)
    second = sign_in(workspace, name)
    assert hash_of(workspace, name) != before
    monkeypatch.setattr(f"{ROOM}.needs_rehash", lambda _: False)
    third = sign_in(workspace, name)
    assert all(workspace.session_holder(one) for one in (first, second, third))


def test_a_session_waits_for_a_new_password_that_is_being_written(guarded: Guarded) -> None:
    workspace, now = guarded.workspace, guarded.watch.now
    name = added(workspace, "meanwhile-writing")
    store, verified = workspace.store, hash_of(workspace, name)
    number = store.user(name).id

    def begin() -> bool:
        return store.add_session(
            number, "token of a session", verified=verified, rehashed=None, now=now,
            expires_at=now + timedelta(hours=1), forget=[], attempt=[],
            attempts_before=now - timedelta(hours=1),
        )  # fmt: skip

    with ThreadPoolExecutor(1) as pool:
        with store._database.write() as connection:
            accounts.set_password(connection, number, hash_password(NEW), now)
            begun = pool.submit(begin)
            with pytest.raises(TimeoutError):
                begun.result(0.5)
        assert begun.result(60) is False
    assert sessions(workspace, name) == 0
