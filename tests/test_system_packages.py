"""What the tests need from Debian: installed as root, otherwise listed with a failure."""

from __future__ import annotations

import pytest

from tools import system_packages


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        system_packages, "NEEDED", {"chromium": lambda: False, "postgresql": lambda: True}
    )


@pytest.mark.usefixtures("missing")
def test_without_root_what_is_missing_is_listed_and_the_run_fails(monkeypatch, capsys):
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    assert system_packages.main() == 1
    said = capsys.readouterr().err
    assert "chromium" in said
    assert "postgresql" not in said
    assert "apt-get install" in said


@pytest.mark.usefixtures("missing")
def test_as_root_it_is_installed_and_looked_for_again(monkeypatch, capsys):
    ran = []

    class Done:
        returncode = 0

    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        system_packages.subprocess, "run", lambda command, **_: ran.append(command) or Done()
    )
    assert system_packages.main() == 1, "it is still not there"
    assert [command[1] for command in ran] == ["update", "install"]
    assert "chromium" in ran[1]
    assert "still not found: chromium" in capsys.readouterr().err


def test_nothing_is_done_when_all_is_here(monkeypatch):
    monkeypatch.setattr(system_packages, "NEEDED", {"chromium": lambda: True})
    assert system_packages.main() == 0
