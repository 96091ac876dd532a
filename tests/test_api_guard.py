"""Who gets in, as whom, and what no answer gives away."""

from __future__ import annotations

import logging

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.errors import HTTP_PROBLEMS, PROBLEMS, kind_of
from gridmap import errors
from gridmap.errors import BadValue, StoreBusy, StoreFull, StoreUnusable
from gridmap.settings import Settings
from gridmap.workspace import Workspace
from tests.api_client import LOCAL, serving

pytest_plugins = ["tests.api_fixtures"]


def sees_staff_fields(client: TestClient, **headers: str) -> bool:
    found = client.get("/api/editions", headers=headers).json()
    return any("created_by" in edition for edition in found["editions"])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_a_request_from_this_machine_has_the_local_role(api_app: FastAPI, address: str) -> None:
    assert sees_staff_fields(TestClient(api_app, client=(address, 1)))


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "10.0.0.1", "fe80::1", "localhost", "", "0.0.0.0"]
)
def test_a_request_from_elsewhere_is_a_residents(api_app: FastAPI, address: str) -> None:
    assert not sees_staff_fields(TestClient(api_app, client=(address, 1)))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_request_passed_on_by_a_proxy_is_a_residents(staff: TestClient, header: str) -> None:
    assert not sees_staff_fields(staff, **{header: "127.0.0.1"})


def test_the_local_role_is_a_setting(api_workspace: Workspace) -> None:
    with serving(api_workspace, loopback_role="resident") as client:
        assert not sees_staff_fields(client)


def test_a_role_that_does_not_exist_stops_the_start() -> None:
    with pytest.raises(BadValue, match="role"):
        create_app(Settings(loopback_role="mayor"))


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]", "localhost."]
)
def test_the_machines_own_names_are_answered(staff: TestClient, host: str) -> None:
    assert staff.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "192.0.2.1",
             "[::2]", "user@localhost", "localhost, evil.example"]
)  # fmt: skip
def test_any_other_host_name_is_refused(staff: TestClient, host: str) -> None:
    answer = staff.get("/healthz", headers={"host": host})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems#host-not-allowed"


def test_two_host_headers_are_refused(staff: TestClient) -> None:
    answer = staff.get("/healthz", headers=[("host", "localhost"), ("host", "evil.example")])
    assert answer.status_code == 403


def test_every_answer_carries_the_security_headers(staff: TestClient) -> None:
    for path in ("/", "/healthz", "/docs", "/static/site.css", "/nothing"):
        headers = staff.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors" in headers["content-security-policy"]
    assert "default-src 'none'" in staff.get("/healthz").headers["content-security-policy"]


def test_no_page_may_load_from_another_site(staff: TestClient) -> None:
    policy = staff.get("/").headers["content-security-policy"]
    assert "http" not in policy
    assert "*" not in policy
    assert "default-src 'self'" in policy


def test_a_body_over_the_limit_is_refused_by_its_declared_length(staff: TestClient) -> None:
    answer = staff.post(
        "/api/locate",
        content=b"{}",
        headers={"content-type": "application/json", "content-length": str(2**40)},
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_the_limit_is_refused_while_it_streams(
    api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.app.MOST_BODY_BYTES", 1000)
    with serving(api_workspace) as client:
        answer = client.post(
            "/api/locate",
            # Of no declared length.
            content=(b"x" * 600 for _ in range(3)),
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1,000" in answer.json()["detail"]


class Breaking:
    """Stands in for a workspace whose store fails."""

    def __init__(self, workspace: Workspace, error: Exception) -> None:
        self._workspace, self._error = workspace, error

    def __getattr__(self, name: str) -> object:
        if name in {"areas", "coverage_at"}:
            raise self._error
        return getattr(self._workspace, name)


def ask_breaking(workspace: Workspace, error: Exception, **headers: str):
    app = create_app(workspace=workspace)
    app.state.workspace = Breaking(workspace, error)
    return TestClient(app, client=LOCAL).get("/api/areas", headers=headers)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreBusy("Another process is writing.", repair="Try again."), 503),
        (StoreFull("The device is full."), 507),
        (StoreUnusable("Not a store."), 503),
        (errors.Immutable("Published."), 409),
        (errors.NotAllowed("Staff only."), 403),
    ],
)
def test_errors_of_the_domain_have_their_status(
    api_workspace: Workspace, error: errors.GridmapError, status: int
) -> None:
    answer = ask_breaking(api_workspace, error)
    assert answer.status_code == status
    assert answer.json()["detail"] == error.message
    assert ("retry-after" in answer.headers) == isinstance(error, StoreBusy)


def test_an_unexpected_error_is_logged_in_full_and_told_by_its_id_only(
    api_workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="gridmap.api"):
        answer = ask_breaking(api_workspace, RuntimeError("password=secret at /srv/store"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    number = answer.json()["error_id"]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)


def test_every_class_of_error_has_a_kind_and_every_kind_a_name_of_its_own() -> None:
    def classes(top: type[errors.GridmapError]) -> list[type[errors.GridmapError]]:
        return [top, *(c for sub in top.__subclasses__() for c in classes(sub))]

    own = [c for c in classes(errors.GridmapError) if c.__module__ == errors.__name__]
    assert set(own) - set(PROBLEMS) == {errors.GridmapError}
    kinds = [*PROBLEMS.values(), *HTTP_PROBLEMS.values()]
    assert len({kind.name for kind in kinds}) == len(kinds)


def test_a_class_that_is_not_listed_has_its_parents_kind() -> None:
    class Newer(errors.NotFound):
        """Not in the table."""

    assert kind_of(Newer("gone")).status == 404
    assert kind_of(errors.GridmapError("odd")).status == 500


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_method_that_is_not_taken_is_told_which_are(staff: TestClient, method: str) -> None:
    answer = staff.request(method, "/api/locate")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert answer.headers["content-type"] == "application/problem+json"


def test_head_is_get_without_the_body(staff: TestClient) -> None:
    for path in ("/healthz", "/", "/api/areas?level=grid", "/static/site.css"):
        head, get = staff.head(path), staff.get(path)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]


def test_what_is_echoed_is_short(staff: TestClient) -> None:
    answer = staff.get("/api/locate", params={"lon": "x" * 50_000, "lat": 1})
    assert answer.status_code == 422
    assert len(answer.content) < 3_000


def test_a_path_cannot_leave_the_folder_of_files(staff: TestClient) -> None:
    for path in ("/static/%2e%2e/app.py", "/static/..%2fapp.py", "/assets/%2e%2e/errors.py"):
        assert staff.get(path).status_code == 404
