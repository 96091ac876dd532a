"""Exit codes, messages, and what the command line costs before it does anything."""

import os
import subprocess
import sys

import pytest

import gridmap.workspace
from gridmap import __version__, errors
from gridmap.cli.errors import EXIT_CODES, exit_code, explain
from tests.cli_district import gridmap


def every_class(base=errors.GridmapError):
    """All classes of the tree, those that rooms define for themselves included."""
    found = [sub for child in base.__subclasses__() for sub in (child, *every_class(child))]
    return sorted(found, key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", every_class(), ids=lambda cls: cls.__name__)
def test_every_error_has_an_exit_code_of_its_kind(cls):
    # Some classes take more than a message; their kind alone decides.
    code = exit_code(cls.__new__(cls))
    assert code == next(EXIT_CODES[base] for base in cls.__mro__ if base in EXIT_CODES)
    # 0 is success, 1 faults found, 70 a bug, 130 an interrupt.
    assert code in {2, 3, 4, 5, 6, 7}


def test_the_message_tells_what_was_got_allowed_and_how_to_mend_it():
    error = errors.BadValue("Wrong.", got=3, allowed=["a", "b"], repair="Take a.")
    assert explain(error).splitlines() == [
        "Error: Wrong.",
        "  got:     3",
        "  allowed: a, b",
        "  repair:  Take a.",
    ]
    assert explain(errors.BadValue("Wrong.")) == "Error: Wrong."


def test_a_long_list_is_cut():
    text = explain(errors.BadValue("Wrong.", allowed=[f"c{i}" for i in range(500)]))
    assert text.endswith("c29 ... and 470 more")


def run(*words, **env):
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def test_the_module_and_the_command_are_one():
    done = run("-m", "gridmap", "--version")
    assert (done.returncode, done.stdout) == (0, f"gridmap {__version__}\n")


def test_help_loads_no_heavy_library():
    code = (
        "import sys; from gridmap.cli import main; sys.argv = ['gridmap', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'pandas', 'sqlalchemy', 'pyarrow', 'fastapi', 'pydantic'}"
        " & set(sys.modules)))"
    )
    done = run("-c", code)
    assert "assign" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_command_shows_the_help():
    done = gridmap()
    assert "Commands:" in done.output
    for name in (
        "demo", "levels", "import", "check", "publish", "editions", "locate", "assign", "map",
        "serve", "migrate",
    ):  # fmt: skip
        assert f"\n  {name} " in done.output


def test_a_setting_that_cannot_be_used_is_named(tmp_path):
    done = gridmap("editions", "--store", tmp_path / "x.gpkg", env={"GRIDMAP_BUSY_TIMEOUT_S": "no"})
    assert done.exit_code == 2
    assert "GRIDMAP_BUSY_TIMEOUT_S" in done.stderr
    done = gridmap("levels", "--store", tmp_path / "x.gpkg", env={"GRIDMAP_ZONE": "Mars/Base"})
    assert done.exit_code == 2
    assert "IANA zone" in done.stderr


def test_the_store_after_the_command_wins_over_the_one_before_and_the_environment(tmp_path):
    env = {"GRIDMAP_STORE": str(tmp_path / "env.gpkg")}
    names = {"after.gpkg": ["levels"], "before.gpkg": ["levels"], "env.gpkg": ["levels"]}
    for name, words in names.items():
        before = [] if name == "env.gpkg" else ["--store", tmp_path / "before.gpkg"]
        after = ["--store", tmp_path / "after.gpkg"] if name == "after.gpkg" else []
        done = gridmap(*before, *words, "--set", "grid", *after, env=env)
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).exists()
        (tmp_path / name).unlink()


def test_a_bug_is_called_one_and_shows_its_traceback():
    code = (
        "import sys, gridmap.cli.context as context; from gridmap.cli import main\n"
        "import gridmap.cli.editions as editions\n"
        "def broken(*a, **k): raise ZeroDivisionError('inside')\n"
        "editions.opened = broken\n"
        "sys.argv = ['gridmap', 'editions']\n"
        "main()"
    )
    done = run("-c", code)
    assert done.returncode == 70
    assert "ZeroDivisionError: inside" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("This is a bug in gridmap")


def test_a_reader_that_goes_away_is_no_bug(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m gridmap levels --store {tmp_path}/x.gpkg | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "bug" not in done.stderr
