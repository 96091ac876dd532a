"""Commands on accounts, keys, secrets and anonymisation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridmap.access import Role
from gridmap.secrets import Purpose
from gridmap.secrets.keyring import Key
from tests.cli_district import gridmap

only_geopackage = pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)


@pytest.fixture(autouse=True)
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "site.secrets"
    monkeypatch.setenv("GRIDMAP_SECRETS", str(path))
    return path


def test_the_first_account_makes_the_keys_and_its_password_is_printed_once(
    store_url: str, secrets_file: Path
) -> None:
    made = gridmap("users", "add", "Boss", "--role", "admin", "--generate", "--store", store_url)
    assert made.exit_code == 0, made.output
    password = re.search(r"shown this once: (\S+)", made.stdout)
    assert password
    assert "have to sign in" in made.stdout
    assert secrets_file.stat().st_mode & 0o777 == 0o600
    listed = gridmap("users", "list", "--store", store_url)
    assert "boss" in listed.stdout
    assert password[1] not in listed.stdout
    second = gridmap(
        "users", "add", "li", "--role", "handler", "--department", "CG", "--area",
        "community:990101009", "--password-stdin", "--store", store_url, text="three other words\n",
    )  # fmt: skip
    assert second.exit_code == 0, second.output
    assert "handler (community:990101009, CG)" in second.stdout
    assert "Made the site's keys" not in second.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["li", "--role", "mayor", "--generate"], 2, "no such role"),
        (["x", "--role", "admin", "--generate"], 2, "name of an account"),
        (["li", "--role", "handler", "--area", "town:1", "--generate"], 2, "level"),
        (["li", "--role", "handler", "--area", "990101009", "--generate"], 2, "name an area"),
        (["li", "--role", "admin"], 2, "nobody to ask"),
        (["li", "--role", "admin", "--password-stdin"], 2, "too weak"),
    ],
)
@only_geopackage
def test_what_is_wrong_with_an_account_is_said_and_nothing_is_made(
    store_url: str, words: list[str], code: int, said: str
) -> None:
    answer = gridmap("users", "add", *words, "--store", store_url, text="password\n")
    assert (answer.exit_code, said in answer.output) == (code, True), answer.output
    assert json.loads(gridmap("users", "list", "--json", "--store", store_url).stdout) == {
        "users": []
    }


@only_geopackage
def test_roles_keys_and_closing(store_url: str) -> None:
    at = ("--store", store_url)
    gridmap("users", "add", "li", "--role", "handler", "--no-password", *at)
    changed = gridmap("users", "role", "li", "--add", "dispatcher", "--remove", "handler", *at)
    assert changed.stdout.strip() == "li: dispatcher (everywhere)."
    assert gridmap("users", "role", "li", "--remove", "planner", *at).exit_code == 3
    made = gridmap("keys", "add", "li", "--label", "传感器", "--days", "30", *at)
    token = made.stdout.split()[-1]
    listed = gridmap("keys", "list", *at).stdout
    assert token[:11] in listed
    assert token not in listed
    rotated = gridmap("keys", "rotate", token[:11], *at)
    assert rotated.exit_code == 0
    assert gridmap("keys", "revoke", token[:11], *at).exit_code == 4
    assert gridmap("keys", "add", "nobody", *at).exit_code == 3
    assert gridmap("users", "disable", "li", *at).exit_code == 0
    assert "disabled" in gridmap("users", "list", *at).stdout
    assert gridmap("users", "disable", "li", "--enable", *at).exit_code == 0
    assert "disabled" not in gridmap("users", "list", *at).stdout
    again = gridmap("users", "add", "LI", "--role", "handler", "--no-password", *at)
    assert again.exit_code == 4


def test_secrets_are_made_shown_by_id_and_rotated(store_url: str, secrets_file: Path) -> None:
    at = ("--store", store_url)
    assert "no key for 'session'" in gridmap("secrets", "status", *at).stdout
    assert gridmap("secrets", "init", *at).exit_code == 0
    assert gridmap("secrets", "init", *at).exit_code == 4
    before = secrets_file.read_text()
    rotated = gridmap("secrets", "rotate", "personal", *at)
    assert rotated.exit_code == 0
    shown = gridmap("secrets", "status", *at).stdout
    assert shown.count("personal") == 2
    for key in re.findall(r'"key": ?"([^"]+)"', secrets_file.read_text()):
        assert key.partition(":")[2] not in shown
    assert before != secrets_file.read_text()
    resealed = gridmap("secrets", "reseal", "--drop-old", *at)
    assert "Forgot the keys" in resealed.stdout
    assert gridmap("secrets", "status", *at).stdout.count("personal") == 1
    secrets_file.chmod(0o644)
    refused = gridmap("secrets", "status", *at)
    assert refused.exit_code == 5
    assert "chmod 600" in refused.output


def test_an_old_outgoing_key_is_dropped_and_its_secret_is_good_no_more(
    store_url: str, secrets_file: Path
) -> None:
    at = ("--store", store_url)
    gridmap("secrets", "init", *at)
    assert "outgoing" in gridmap("secrets", "rotate", "--help").stdout
    for _ in range(2):
        assert gridmap("secrets", "rotate", "outgoing", *at).exit_code == 0
    three = gridmap("webhooks", "secret", "notices", *at).stdout.split()
    assert len(three) == 3
    # What seals is not what signs: an old outgoing key outlives the resealing.
    gridmap("secrets", "reseal", "--drop-old", *at)
    assert gridmap("webhooks", "secret", "notices", *at).stdout.split() == three
    dropped = gridmap("secrets", "drop-old", "outgoing", *at)
    assert dropped.exit_code == 0, dropped.output
    assert dropped.stdout.startswith("Forgot the keys ")
    assert gridmap("webhooks", "secret", "notices", *at).stdout.split() == three[:1]
    assert gridmap("secrets", "drop-old", "outgoing", *at).stdout == "There is no old key.\n"
    assert gridmap("secrets", "drop-old", "all", *at).exit_code == 2
    gridmap("secrets", "rotate", "session", *at)
    assert gridmap("secrets", "drop-old", "session", *at).exit_code == 0
    assert gridmap("secrets", "status", *at).stdout.count("session") == 1


def test_with_two_keys_from_the_environment_no_third_is_made_unless_told_to(
    store_url: str, secrets_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--store", store_url)
    keys = {one: Key(f"key{n}", bytes([n]) * 32).text for n, one in enumerate(Purpose)}
    for one in (Purpose.SESSION, Purpose.PERSONAL):
        monkeypatch.setenv(one.variable, keys[one])
    # Nothing of the rest needs it.
    added = gridmap("users", "add", "boss", "--role", "admin", "--no-password", *at)
    assert added.exit_code == 0, added.output
    for words in (("secret", "notices"), ("add", "hw", "https://hw.example/hook")):
        refused = gridmap("webhooks", *words, *at)
        assert refused.exit_code == 5
        assert "GRIDMAP_OUTGOING_KEYS" in refused.output
    assert not secrets_file.exists()
    assert "hw" not in gridmap("webhooks", "list", *at).stdout
    monkeypatch.setenv("GRIDMAP_OUTGOING_KEYS", keys[Purpose.OUTGOING])
    assert gridmap("webhooks", "add", "hw", "https://hw.example/hook", *at).exit_code == 0
    assert not secrets_file.exists()


@only_geopackage
def test_anonymise_needs_days_and_writes_only_with_commit(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ("--store", store_url)
    assert gridmap("anonymise", *at).exit_code == 2
    dry = gridmap("anonymise", "--older-than", "30", *at)
    assert "Would take" in dry.stdout
    assert "--commit" in dry.stdout
    monkeypatch.setenv("GRIDMAP_RETENTION_DAYS", "365")
    assert "Took" in gridmap("anonymise", "--commit", *at).stdout


@only_geopackage
def test_serving_others_needs_accounts_and_none_of_a_demonstration(store_url: str) -> None:
    from gridmap.workspace import open_workspace

    def serve() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gridmap", "serve", "--host", "0.0.0.0", "--port", "0",
             "--store", store_url],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    without = serve()
    assert without.returncode == 6
    assert "users add" in without.stderr
    with open_workspace(store_url) as workspace:
        made = workspace.add_demo_users()
    assert [one.account.name for one in made] == [f"demo-{role}" for role in Role]
    assert len({one.password for one in made}) == len(Role)
    with_demo = serve()
    assert with_demo.returncode == 6
    assert "users disable --demo" in with_demo.stderr
    assert gridmap("users", "disable", "--demo", "--store", store_url).exit_code == 0
    with open_workspace(store_url) as workspace:
        assert not workspace.has_demo_accounts()
        assert workspace.has_accounts()
