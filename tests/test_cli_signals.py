"""A command that is stopped leaves nothing half-written and no traceback."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

pytest_plugins = ["tests.cli_fixtures"]


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_assign_that_is_stopped_leaves_only_its_input(tmp_path, published_url, name, code):
    folder = tmp_path / "work"
    folder.mkdir()
    with (folder / "in.csv").open("w", encoding="utf-8") as stream:
        stream.write("id,lon,lat,note\n")
        stream.writelines(f"{i},117.0{i % 40:02d},36.005,{'x' * 60}\n" for i in range(400_000))
    words = ["-m", "gridmap", "assign", folder / "in.csv", folder / "out.csv"]
    child = subprocess.Popen(
        [sys.executable, *words, "--store", published_url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In the background of a shell an interrupt is ignored, and so it would be by a child.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    while child.poll() is None and not any(".part" in entry for entry in os.listdir(folder)):
        time.sleep(0.01)
    child.send_signal(getattr(signal, name))
    _, errors = child.communicate(timeout=60)
    # As a shell counts: Python ends itself by SIGINT, all cleared up, when the interrupt met code
    # from text, as of a dataclass that is being made.
    ended = child.returncode if child.returncode >= 0 else 128 - child.returncode
    assert ended == code
    assert "Traceback" not in errors
    assert os.listdir(folder) == ["in.csv"]


@pytest.mark.parametrize("encoding", ["latin-1", "gbk", "utf-8"])
def test_a_terminal_that_lacks_a_character_is_no_reason_to_fail(tmp_path, encoding):
    done = subprocess.run(
        [sys.executable, "-m", "gridmap", "levels", "--store", tmp_path / "x.gpkg"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode(encoding)
    assert ("街道" in shown) == (encoding != "latin-1")
