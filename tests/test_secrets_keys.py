"""The site's keys: where they are, who may read them, how they change; what they seal and sign."""

from __future__ import annotations

import base64
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import BadValue, Conflict, SecretsUnusable
from gridmap.secrets import (
    Keyring,
    Purpose,
    Sealer,
    Signer,
    check_password,
    hash_password,
    new_password,
    require_strong,
    secrets_path,
)
from gridmap.secrets.keyring import Key, describe, new_key

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 4, 1, tzinfo=UTC)
ONE, TWO = (Key(name, bytes([i]) * 32) for i, name in enumerate(("aaaa", "bbbb")))


def ring(tmp_path: Path) -> Keyring:
    return Keyring.load(tmp_path / "s.secrets").made(NOW)


def test_new_keys_are_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = ring(tmp_path)
    assert made.path.stat().st_mode & 0o777 == 0o600
    again = Keyring.load(made.path)
    assert again.keys == made.keys
    assert all(len(made.of(purpose)[0].secret) == 32 for purpose in Purpose)
    assert list(tmp_path.iterdir()) == [made.path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused_with_the_repair(tmp_path: Path, mode: int) -> None:
    made = ring(tmp_path)
    made.path.chmod(mode)
    with pytest.raises(SecretsUnusable, match="open to others") as refused:
        Keyring.load(made.path)
    assert "chmod 600" in str(refused.value.repair)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"session": [{}]}', b'{"odd": []}', b"\xff"]
)
def test_a_broken_file_is_refused_and_never_repeated(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.secrets"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(SecretsUnusable):
        Keyring.load(path)


def test_the_environment_wins_over_the_file_and_is_not_written_to_it(tmp_path: Path) -> None:
    made = ring(tmp_path)
    both = Keyring.load(made.path, {Purpose.SESSION: f"{TWO.text},{ONE.text}"})
    assert [key.id for key in both.of(Purpose.SESSION)] == ["bbbb", "aaaa"]
    assert both.of(Purpose.PERSONAL) == made.of(Purpose.PERSONAL)
    with pytest.raises(Conflict, match="environment"):
        both.rotated([Purpose.SESSION], LATER)
    both.rotated([Purpose.PERSONAL], LATER)
    assert TWO.text.encode() not in made.path.read_bytes()


@pytest.mark.parametrize(
    "text", ["x", "abcd:", "abcd:AAAA", f"AB CD:{'A' * 44}", "abcd:" + "!" * 44]
)
def test_a_key_that_cannot_be_used_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(SecretsUnusable) as refused:
        Keyring.load(tmp_path / "none", {Purpose.SESSION: text})
    assert text not in str(refused.value) or text == "x"


def test_rotation_puts_a_new_key_in_front_and_keeps_the_old(tmp_path: Path) -> None:
    before = ring(tmp_path)
    after = before.rotated([Purpose.PERSONAL], LATER)
    new, old = after.of(Purpose.PERSONAL)
    assert (old,) == before.of(Purpose.PERSONAL)
    assert new != old
    assert after.of(Purpose.SESSION) == before.of(Purpose.SESSION)
    assert after.without(Purpose.PERSONAL, [old.id]).of(Purpose.PERSONAL) == (new,)
    with pytest.raises(Conflict, match="newest"):
        after.without(Purpose.PERSONAL, [new.id])


def test_nothing_that_shows_a_key_shows_its_secret(tmp_path: Path) -> None:
    made = ring(tmp_path)
    secret = base64.urlsafe_b64encode(made.of(Purpose.SESSION)[0].secret).decode()
    assert secret not in f"{made!r} {made.of(Purpose.SESSION)!r} {describe(made)}"


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnusable, match="no key") as missing:
        Keyring.load(tmp_path / "none").of(Purpose.PERSONAL)
    assert "secrets init" in str(missing.value.repair)


def test_a_key_missing_beside_those_of_the_environment_is_named_by_its_variable(
    tmp_path: Path,
) -> None:
    given = {Purpose.SESSION: ONE.text, Purpose.PERSONAL: TWO.text}
    with pytest.raises(SecretsUnusable, match="outgoing") as missing:
        Keyring.load(tmp_path / "none", given).of(Purpose.OUTGOING)
    assert "GRIDMAP_OUTGOING_KEYS" in str(missing.value.repair)


def test_the_file_lies_beside_a_geopackage_and_never_in_a_databases_address() -> None:
    assert secrets_path("/srv/a/grid.gpkg", None) == Path("/srv/a/grid.gpkg.secrets")
    found = secrets_path("postgresql+psycopg2://me:pw@host/grid?x=1", None)
    assert found.name == "grid.secrets"
    assert "pw" not in str(found)
    assert secrets_path("x", Path("/etc/keys")) == Path("/etc/keys")


@given(text=st.text(max_size=50), place=st.text(max_size=20), other=st.text(max_size=20))
def test_what_is_sealed_opens_in_its_place_only(text: str, place: str, other: str) -> None:
    sealer = Sealer([ONE])
    sealed = sealer.seal(text, place=place)
    assert sealer.open(sealed, place=place) == text
    if other != place:
        with pytest.raises(SecretsUnusable):
            sealer.open(sealed, place=other)


def test_the_same_text_is_sealed_differently_each_time_and_old_keys_open() -> None:
    old = Sealer([ONE])
    sealed = old.seal("13800000000", place="p")
    assert sealed != old.seal("13800000000", place="p")
    rotated = Sealer([TWO, ONE])
    assert rotated.open(sealed, place="p") == "13800000000"
    assert rotated.seal("x", place="p").startswith("bbbb$")
    with pytest.raises(SecretsUnusable, match="not among") as lost:
        Sealer([TWO]).open(sealed, place="p")
    assert "aaaa" in str(lost.value.got)


def test_a_changed_field_does_not_open() -> None:
    sealed = Sealer([ONE]).seal("13800000000", place="p")
    for broken in (
        sealed[:-6],
        sealed[:-3] + "AAA",
        sealed.replace("$", "$AAAA"),
        "aaaa$",
        "aaaa$*",
    ):
        with pytest.raises(SecretsUnusable):
            Sealer([ONE]).open(broken, place="p")


def test_a_signature_is_for_one_use_and_an_old_key_is_known() -> None:
    signed = Signer([ONE]).sign("token", use="session")
    assert Signer([TWO, ONE]).read(signed, use="session") == "token"
    assert Signer([ONE]).read(signed, use="form") is None
    assert Signer([TWO]).read(signed, use="session") is None
    for forged in ("", "token", "token.", signed + "x", "x" + signed, signed.replace("token", "t")):
        assert Signer([ONE]).read(forged, use="session") is None


def test_passwords_are_hashed_with_argon2id_and_checked() -> None:
    hashed = hash_password("three unrelated words")
    assert hashed.startswith("$argon2id$")
    assert check_password("three unrelated words", hashed)
    assert not check_password("three unrelated word", hashed)
    assert not check_password("anything", None)
    assert not check_password("anything", "not a hash")


@pytest.mark.parametrize(
    "weak",
    ["short", "aaaaaaaaaaaa", "password123", "1234567890", "qwertyuiop1", "zhangsan-2026",
     "abcdefghijkl", "Passw0rd1234", "gridmapgridmap", "x" * 300],
)  # fmt: skip
def test_a_weak_password_is_refused_without_being_repeated(weak: str) -> None:
    with pytest.raises(BadValue, match="weak") as refused:
        require_strong(weak, name="zhangsan")
    assert weak not in str(refused.value)


def test_a_made_password_is_strong_and_another_each_time() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        assert require_strong(one, name="zhangsan") == one
        assert re.fullmatch(r"(?:[A-Za-z2-9]{4}-){3}[A-Za-z2-9]{4}", one)


def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    made = ring(tmp_path)
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(made.path, 12345, -1)
    with pytest.raises(SecretsUnusable, match="open to others"):
        Keyring.load(made.path)


def test_keys_are_random() -> None:
    assert new_key(NOW).secret != new_key(NOW).secret
