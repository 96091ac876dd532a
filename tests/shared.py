"""What all processes of one test run share: a folder, where each thing is made by one of them.

``pytest -n 2`` starts two processes, and what both need would be made twice. The first that
asks makes it and saves it in the run's folder; another that asks meanwhile waits for that
file. The folder is a temporary one of pytest, new for every run: nothing outlives the code
that made it.
"""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_FOLDER = "GRIDMAP_TESTS_SHARED"


def share_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of the run, the same for all its processes, and remember it."""
    own = tmp_path_factory.getbasetemp()
    # A worker's folder stands in the folder of the run.
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    os.environ[_FOLDER] = str(folder)
    return folder


def made_once(name: str, make: Callable[[], Any]) -> Any:
    """Return what `make` returns, made by one process of the run and read by all others.

    Parameters
    ----------
    name : str
        Name of the file it is kept in.
    make : callable
        Called without arguments, at most once in a run unless it fails; what it returns must
        be the same after it was pickled.
    """
    if _FOLDER not in os.environ:
        return make()
    path = Path(os.environ[_FOLDER], name)
    # Held until the file stands; a process that dies lets go of it.
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return pickle.loads(path.read_bytes())
        made = make()
        unfinished = path.with_name(f"{name}.part")
        unfinished.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
        unfinished.rename(path)
        return made
