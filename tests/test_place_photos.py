"""Photos of places over HTTP: kept by who keeps places, seen by whom they are for; both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest
from starlette.testclient import TestClient

from api.district_models import PlaceDetailOut, PlacePhotoOut, PlacePhotosOut
from gridmap.access import Actor, Grant, Role, Scope
from gridmap.errors import Conflict, NotAllowed, NotFound
from gridmap.places.photos import MOST_PHOTOS, PhotoWords
from gridmap.store.records import lock_records, put_records
from gridmap.workspace import Workspace
from tests.api_client import serving
from tests.api_town import PLACES
from tests.order_forms import forms_in
from tests.place_pictures import SECRET, picture, pixels, send

pytest_plugins = ["tests.api_fixtures"]

WORDS = {
    "caption": "食堂正门",
    "caption_en": "The door",
    "alt": "两层小楼，门前有坡道",
    "alt_en": "A house of two floors with a ramp",
    "credit": "社区",
    "licence": "CC BY 4.0",
}
STAFF = "STAFFPHOTO7b1"


@pytest.fixture(autouse=True)
def bare(town_workspace: Workspace, hands: object) -> Iterator[None]:
    """The town's places without photos, before and after."""
    yield
    town_workspace.put_records("places", [], replace=True)
    town_workspace.put_records("places", [asdict(one) for one in PLACES])


@pytest.fixture
def editor(town_workspace: Workspace) -> Iterator[TestClient]:
    """A client on the service's own machine, where it acts as who keeps places."""
    with serving(town_workspace, loopback_role="place_editor", photo_mb=1) as client:
        yield client


def test_a_photo_is_added_to_a_place_that_is_edited_just_then(
    town_workspace: Workspace, editor: TestClient
) -> None:
    database = town_workspace.store._database
    edited = replace(next(one for one in PLACES if one.code == "P1"), floor="2")
    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            lock_records(connection, "places")
            put_records(connection, "places", [asdict(edited)])
            adding = pool.submit(send, editor, "P1", picture())
            # It comes to wait for what is written here.
            with pytest.raises(TimeoutError):
                adding.result(1)
        answer = adding.result(30)
    assert answer.status_code == 201, answer.text
    sha256 = answer.json()["sha256"]
    with ThreadPoolExecutor(1) as pool:
        with database.write() as connection:
            lock_records(connection, "places")
            put_records(connection, "places", [asdict(edited)])
            wording = pool.submit(
                town_workspace.store.word_place_photo, "P1", sha256, PhotoWords(caption="正门")
            )
            with pytest.raises(TimeoutError):
                wording.result(1)
        assert wording.result(30)["caption"] == "正门"


def test_a_photo_is_kept_as_bare_pixels_and_shown_under_the_address_of_its_content(
    editor: TestClient, citizen: TestClient
) -> None:
    answer = send(editor, "P1", picture(size=(2000, 1000)), **WORDS)
    assert answer.status_code == 201, answer.text
    made = PlacePhotoOut.model_validate_json(answer.content)
    assert (made.width, made.height, made.shown_to) == (1280, 640, "public")
    again = send(editor, "P1", picture(size=(2000, 1000)), caption="另一句")
    assert (again.status_code, again.json()["caption"]) == (200, "食堂正门")

    place = citizen.get("/api/places/P1").json()
    PlaceDetailOut.model_validate(place)
    (told,) = place["photos"]
    assert {name: told[name] for name in WORDS} == WORDS
    assert not {"shown_to", "added_by", "added_at"} & set(told)
    assert told["sha256"] in told["href"]
    listed = citizen.get("/api/places/P1/photos")
    PlacePhotosOut.model_validate_json(listed.content)
    assert listed.json() == {"photos": [told]}

    full, small = citizen.get(told["href"]), citizen.get(told["href"] + "?size=thumb")
    assert pixels(full.content) == ((1280, 640), "JPEG")
    assert pixels(small.content) == ((320, 160), "JPEG")
    assert SECRET not in full.content + small.content
    assert full.headers["etag"] != small.headers["etag"]
    assert "immutable" in full.headers["cache-control"]
    assert full.headers["cache-control"].startswith("public")
    kept = citizen.get(told["href"], headers={"if-none-match": full.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")


def test_a_photo_for_staff_is_not_there_for_others(
    editor: TestClient, citizen: TestClient, clerk: TestClient
) -> None:
    hidden = send(editor, "P1", picture(), caption=STAFF, shown_to="staff").json()
    shown = send(editor, "P1", picture("red")).json()
    for address in ("/api/places/P1", "/api/places", "/api/places/P1/photos", "/services/P1",
                    "/services"):  # fmt: skip
        text = citizen.get(address).text
        assert STAFF not in text, address
        assert hidden["sha256"] not in text, address
        assert shown["sha256"] in text, address
    for size in ("", "?size=thumb"):
        assert citizen.get(hidden["href"] + size).status_code == 404
        answer = clerk.get(hidden["href"] + size)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
    assert [one["caption"] for one in clerk.get("/api/places/P1").json()["photos"]] == [STAFF, ""]
    # It may be shown later, and hidden again.
    for who, status in (("public", 200), ("staff", 404)):
        changed = editor.patch(hidden["href"], json={"shown_to": who})
        assert changed.json()["shown_to"] == who
        assert citizen.get(hidden["href"]).status_code == status


def test_photos_of_a_place_that_is_for_staff_are_for_staff(
    town_workspace: Workspace, citizen: TestClient, clerk: TestClient
) -> None:
    editor = Actor.with_role("place_editor", "editor")
    strange = replace(PLACES[0], code="P9", category="unlisted")
    town_workspace.put_records("places", [asdict(strange)])
    made, _ = town_workspace.add_place_photo("P9", picture(), actor=editor)
    href = f"/api/places/P9/photos/{made['sha256']}"
    assert citizen.get(href).status_code == 404
    assert citizen.get("/api/places/P9/photos").status_code == 404
    assert clerk.get(href).headers["cache-control"] == "private, no-store"


def test_only_who_keeps_places_there_keeps_their_photos(
    town_workspace: Workspace, editor: TestClient, citizen: TestClient, clerk: TestClient
) -> None:
    href = send(editor, "P1", picture()).json()["href"]
    for client in (citizen, clerk):
        assert send(client, "P1", picture("red")).status_code == 403
        assert client.patch(href, json={"caption": "x"}).status_code == 403
        assert client.delete(href).status_code == 403
    elsewhere = Actor.granted("far", [Grant(Role.PLACE_EDITOR, Scope.of(areas=["community:none"]))])
    for act in (
        lambda: town_workspace.add_place_photo("P1", picture("red"), actor=elsewhere),
        lambda: town_workspace.drop_place_photo("P1", href[-64:], actor=elsewhere),
        lambda: town_workspace.word_place_photo("P1", href[-64:], {}, actor=elsewhere),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert len(citizen.get("/api/places/P1/photos").json()["photos"]) == 1


def test_photos_are_put_in_order_worded_and_removed(
    editor: TestClient, citizen: TestClient
) -> None:
    colours = ("red", "green", "blue")
    hrefs = [send(editor, "P1", picture(one), caption=one).json()["href"] for one in colours]

    def captions() -> list[str]:
        return [one["caption"] for one in citizen.get("/api/places/P1/photos").json()["photos"]]

    assert captions() == ["red", "green", "blue"]
    assert editor.patch(hrefs[2], json={"first": True}).json()["caption"] == "blue"
    assert captions() == ["blue", "red", "green"]
    editor.patch(hrefs[2], json={"first": True, "caption": "蓝"})
    assert captions() == ["蓝", "red", "green"]
    left = editor.delete(hrefs[0])
    assert [one["caption"] for one in left.json()["photos"]] == ["蓝", "green"]
    assert citizen.get(hrefs[0]).status_code == 404
    assert editor.delete(hrefs[0]).status_code == 404
    assert editor.patch(hrefs[0], json={"caption": "x"}).status_code == 404


def test_what_cannot_be_taken_is_refused_with_what_is_allowed(editor: TestClient) -> None:
    assert "JPEG, PNG, WEBP" in send(editor, "P1", b"MZ\x90 no picture").text
    for raw, words, status in (
        (b"", {}, 422),
        (b"x" * 1_000_001, {}, 422),
        (picture(), {"caption": "字" * 201}, 422),
        (picture(), {"alt": "11010519491231002X"}, 422),
        (picture(), {"shown_to": "neighbours"}, 422),
        (picture(), {"colour": "red"}, 422),
    ):
        assert send(editor, "P1", raw, **words).status_code == status, words
    assert send(editor, "none", picture()).status_code == 404
    assert editor.post("/api/places/P1/photos", json={}).status_code == 415
    assert editor.get("/api/places/P1/photos/1").status_code == 422
    assert editor.get("/api/places/P1/photos").json() == {"photos": []}


def test_a_place_has_so_many_photos_and_no_more(town_workspace: Workspace) -> None:
    editor = Actor.with_role("place_editor", "editor")
    for n in range(MOST_PHOTOS):
        town_workspace.add_place_photo("P2", picture(size=(20 + n, 10)), actor=editor)
    with pytest.raises(Conflict, match="as many photos"):
        town_workspace.add_place_photo("P2", picture(size=(90, 10)), actor=editor)


def test_photos_stay_when_a_place_is_written_anew_and_go_when_it_goes(
    town_workspace: Workspace,
) -> None:
    editor = Actor.with_role("place_editor", "editor")
    for code in ("P1", "P2"):
        town_workspace.add_place_photo(code, picture(), actor=editor)
    town_workspace.edit_place("P1", {"price": "9元"}, actor=editor)
    town_workspace.put_records("places", [asdict(PLACES[0])])
    assert len(town_workspace.place("P1", actor=editor)["photos"]) == 1
    town_workspace.put_records("places", [asdict(PLACES[1])], replace=True)
    assert [one["place"] for one in town_workspace.store.place_photos()] == ["P2"]
    with pytest.raises(NotFound):
        town_workspace.place("P1")


def test_the_page_to_edit_keeps_photos_and_says_what_it_cannot_take(
    editor: TestClient, citizen: TestClient
) -> None:
    page = editor.get("/places/P1/edit").text
    assert "还没有照片" in page
    assert 'enctype="multipart/form-data"' in page
    door = "/places/P1/photos"
    broken = {"photo": ("a.jpg", b"no picture at all", "image/jpeg")}
    refused = editor.post(door, data={"caption": "门口"}, files=broken)
    assert refused.status_code == 422
    assert "不是能读取的照片" in refused.text
    assert 'value="门口"' in refused.text
    assert "没有选择照片" in editor.post(door, data={"caption": "门口"}).text
    files = {"photo": ("a.jpg", picture(), "image/jpeg")}
    saved = editor.post(door, data=WORDS, files=files)
    assert "照片已添加" in saved.text
    (told,) = citizen.get("/api/places/P1/photos").json()["photos"]
    assert told["alt_en"] == WORDS["alt_en"]
    one = f"{door}/{told['sha256']}"
    said = editor.post(one, data={"do": "save", "caption": "侧门", "shown_to": "staff"})
    assert "照片说明已保存" in said.text
    assert 'value="侧门"' in said.text
    assert citizen.get("/api/places/P1/photos").json() == {"photos": []}
    assert editor.post(one, data={"do": "save", "caption": "字" * 201}).status_code == 422
    assert "照片已删除" in editor.post(one, data={"do": "drop"}).text
    assert editor.post(one, data={"do": "drop"}).status_code == 404
    assert citizen.post(door, data=WORDS, files=files).status_code == 403


def test_a_page_after_a_refused_photo_leads_on_as_the_page_to_edit_does(
    editor: TestClient,
) -> None:
    href = send(editor, "P1", picture()).json()["href"]
    one = f"/places/P1/photos/{href[-64:]}"
    for door, typed in (("/places/P1/photos", {}), (one, {"do": "save", "alt": "字" * 301})):
        page = editor.post(f"{door}?lang=en", data=typed)
        assert page.status_code == 422
        assert 'href="/places/P1/edit?lang=zh"' in page.text
        forms = [form for form in forms_in(page.text) if form.method == "post"]
        assert [form.address for form in forms] == [
            f"{way}?lang=en" for way in ("/places/P1/edit", one, "/places/P1/photos")
        ]
    saved = editor.post(forms[0].address, data=forms[0].fields | {"price": "12元"})
    assert "Saved" in saved.text
    assert editor.get("/api/places/P1").json()["price"] == "12元"


def test_refusals_of_photos_are_told_in_the_language_of_the_page(editor: TestClient) -> None:
    href = send(editor, "P1", picture()).json()["href"]
    one = f"/places/P1/photos/{href[-64:]}"
    page = editor.post(one, data={"do": "save", "alt": "11010519491231002X"}).text
    assert "有身份证号，系统一律不保存" in page
    assert "never stored" not in page
    assert "identity number" not in page
    asks = {"accept": "text/html"}
    gone = editor.post(f"/places/P1/photos/{'0' * 64}", data={"do": "drop"}, headers=asks).text
    assert "此处没有这张照片" in gone
    assert "no such photo" not in gone
    large = editor.post(
        "/places/P1/photos",
        files={"photo": ("a.jpg", b"0" * 33_600_000, "image/jpeg")},
        headers=asks,
    )
    assert large.status_code == 413
    assert "一次最多发送 33,554,432 字节" in large.text
    many = [("photo", (f"{n}.jpg", b"x", "image/jpeg")) for n in range(61)]
    answer = editor.post("/places/P1/photos", files=many, headers=asks)
    assert answer.status_code == 422
    assert "表单无法读取" in answer.text


def test_the_place_and_the_list_show_photos_in_the_language_of_the_page(
    editor: TestClient, citizen: TestClient
) -> None:
    href = send(editor, "P1", picture(), **WORDS).json()["href"]
    place = citizen.get("/services/P1").text
    assert f'src="{href}"' in place
    assert f"{href}?size=thumb 320w" in place
    assert re.search(r"<figcaption>食堂正门 <small>照片来源：社区 · CC BY 4.0", place)
    assert 'alt="两层小楼，门前有坡道"' in place
    assert "The door" in citizen.get("/services/P1?lang=en").text
    listed = citizen.get("/services").text
    assert listed.count('class="thumb"') == 1
    assert f'src="{href}?size=thumb" alt=""' in listed
    assert "<figure>" not in citizen.get("/services/P2").text
