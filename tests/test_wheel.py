"""The wheel carries all it needs and runs without the development extras."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.xdist_group("wheel")

ROOT = Path(__file__).parents[1]
# The check sum of a saved index: no demo does without, and it is soon compiled.
LEFT_TO_COMPILE = "file._sum"


def runtime_distributions() -> list[Distribution]:
    """gridmap's dependencies and theirs, without extras."""
    found: dict[str, Distribution] = {}
    queue = [(Requirement("gridmap"), "")]
    while queue:
        wanted, extra = queue.pop()
        name = wanted.name.lower().replace("_", "-")
        key = f"{name}[{extra}]"
        if key in found:
            continue
        found[key] = dist = distribution(wanted.name)
        for line in dist.requires or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                queue.append((needed, ""))
                queue.extend((needed, wish) for wish in needed.extras)
    return [dist for key, dist in found.items() if not key.startswith("gridmap[")]


def owners() -> dict[str, list[Distribution]]:
    """The distributions here that have files in each folder, or file, of the environment."""
    found: dict[str, dict[str, Distribution]] = {}
    for dist in distributions():
        name = dist.name  # read from a file each time
        for top in {file.parts[0] for file in dist.files or []} - {"..", "__pycache__"}:
            found.setdefault(top, {})[name] = dist
    return {name: list(dists.values()) for name, dists in found.items()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--wheel-dir", str(out), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(out.glob("gridmap-*.whl"))


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and its runtime dependencies, linked from this one."""
    home = tmp_path_factory.mktemp("clean") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    site = next(home.glob("lib/python3.*/site-packages"))
    wanted = {dist.name for dist in runtime_distributions()}
    for name, dists in owners().items():
        needed = [dist for dist in dists if dist.name in wanted]
        if needed == dists:
            # Whole, so that its compiled modules come along.
            os.symlink(dists[0].locate_file(name), site / name)
            continue
        for file in (file for dist in needed for file in dist.files or []):
            target = site / file
            if file.parts[0] == name and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.symlink(file.locate(), target)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
         "--no-deps", "--no-index", str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    lend_machine_code(site)
    return python


def lend_machine_code(site: Path) -> None:
    """Give the installed package what numba has made here, all but one function.

    Compiling everything takes half a minute, and that it can be done there is shown by the one
    that is left. numba takes code of files with the same names, times and sizes: were the
    installed ones others than these, it would compile.
    """
    for source in sorted((ROOT / "gridmap").rglob("*.py")):
        installed = site / source.relative_to(ROOT)
        assert installed.read_bytes() == source.read_bytes(), installed
        about = source.stat()
        os.utime(installed, ns=(about.st_atime_ns, about.st_mtime_ns))
    for kept in sorted((ROOT / "gridmap").rglob("__pycache__/*.nb[ic]")):
        if not kept.name.startswith(LEFT_TO_COMPILE):
            target = site / kept.relative_to(ROOT)
            target.parent.mkdir(exist_ok=True)
            shutil.copy2(kept, target)


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(python), "-W", "error::DeprecationWarning:gridmap", "-m", "gridmap", *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_the_wheel_holds_migrations_assets_templates_tables_and_texts(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "gridmap/store/migrations/versions/r0001_spine.py",
        "gridmap/assets/manifest.json",
        "gridmap/routing/data/catalogue.csv",
        "gridmap/locales/zh/LC_MESSAGES/gridmap.po",
        "api/app.py",
        "api/pages/index.html",
    ):
        assert needed in names
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/", "notebooks/"))]


def test_the_development_extras_are_not_there(clean_python, tmp_path):
    found = subprocess.run(
        [str(clean_python), "-c", "import pytest"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "ModuleNotFoundError" in found.stderr


@pytest.fixture(scope="module")
def demo(clean_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    done = run(clean_python, folder, "demo", "--scale", "exclusive", "--no-serve")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "gridmap-demo"


def test_installed_from_the_wheel_a_district_goes_from_layers_to_assigned_reports(
    clean_python, demo
):
    assert (demo / "assigned.csv").stat().st_size > 100_000
    site = next(clean_python.parents[1].glob("lib/python3.*/site-packages"))
    assert list(site.glob(f"gridmap/locate/tiles/__pycache__/{LEFT_TO_COMPILE}*.nbc"))
    shown = run(clean_python, demo.parent, "--store", str(demo / "gridmap.gpkg"), "editions")
    assert shown.returncode == 0, shown.stderr


def test_installed_from_the_wheel_the_service_answers(clean_python, demo):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(clean_python), "-m", "gridmap", "--store", str(demo / "gridmap.gpkg"),
               "serve", "--port", str(port)]  # fmt: skip
    with subprocess.Popen(
        command, cwd=demo.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as server:
        try:
            for path in ("/healthz", "/maps/levels", "/docs"):
                assert fetch(f"http://127.0.0.1:{port}{path}", server) == 200
        finally:
            server.terminate()
            server.communicate(timeout=30)


def fetch(url: str, server: subprocess.Popen[bytes]) -> int:
    """Status of `url`, once the server listens; fails when it has ended."""
    for _ in range(300):
        assert server.poll() is None, server.stdout and server.stdout.read().decode()
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.2)
    raise AssertionError(f"no answer from {url}")
