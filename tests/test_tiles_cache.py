"""Compiled code is kept where that can be; where it cannot, the answers are the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NOTICE = "Compiling the spatial index once; later starts are immediate."
ASK = "import numpy as np; from gridmap.locate.tiles import file; "
ANSWER = "print(file._sum(np.arange(40, dtype=np.uint8)))"
NOWHERE = """
from numba.core import caching
def refuse(self): raise PermissionError(13, "Permission denied")
caching._CacheLocator.ensure_cache_path = refuse
"""
GONE = """
import os, shutil
folder = os.environ["NUMBA_CACHE_DIR"]
shutil.rmtree(folder)
open(folder, "w").close()
"""


def run(code: str, folder: Path) -> tuple[str, str]:
    """Output and errors of a process of its own that caches in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip(), done.stderr


def test_the_first_process_says_that_it_compiles_and_the_next_does_not(tmp_path: Path) -> None:
    first, second = run(ASK + ANSWER, tmp_path), run(ASK + ANSWER, tmp_path)
    assert first[0] == second[0]
    assert int(first[0])
    assert first[1].count(NOTICE) == 1
    assert second[1] == ""


def test_without_any_folder_to_write_to_each_process_compiles(tmp_path: Path) -> None:
    out, errors = run(NOWHERE + ASK + ANSWER, tmp_path)
    assert int(out)
    assert NOTICE in errors
    assert not list(tmp_path.rglob("*.nb*"))


def test_a_folder_that_goes_away_costs_no_answer(tmp_path: Path) -> None:
    out, errors = run(ASK + GONE + ANSWER, tmp_path / "cache")
    assert int(out)
    assert "Compiled code cannot be kept" in errors


def test_damaged_code_is_compiled_anew_and_kept(tmp_path: Path) -> None:
    expected, _ = run(ASK + ANSWER, tmp_path)
    for kept in tmp_path.rglob("*.nb?"):
        kept.write_bytes(b"not code")
    damaged, errors = run(ASK + ANSWER, tmp_path)
    assert damaged == expected
    assert "cannot be used" in errors
    assert run(ASK + ANSWER, tmp_path) == (expected, "")
