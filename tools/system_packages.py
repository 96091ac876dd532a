"""Make sure the Debian packages that the tests need are here.

As root, missing ones are installed; otherwise they are listed and the run fails: a test that
needs a database or a browser is never skipped for want of one.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def _has_postgis() -> bool:
    return any(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))


def _has_cjk_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False
    )
    return "CJK" in listed.stdout


def _has_library(name: str) -> Callable[[], bool]:
    return lambda: any(Path("/usr/lib").glob(f"*/{name}")) or any(Path("/usr/lib").glob(name))


# Debian package -> how to tell that what it brings is here.
NEEDED: dict[str, Callable[[], bool]] = {
    "python3-venv": lambda: importlib.util.find_spec("ensurepip") is not None,
    "postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "postgresql-postgis": _has_postgis,
    "chromium": lambda: shutil.which("chromium") is not None,
    "fontconfig": lambda: shutil.which("fc-list") is not None,
    "fonts-noto-cjk": _has_cjk_font,
    # What sheets are made into PDF with.
    "libpango-1.0-0": _has_library("libpango-1.0.so.0"),
    "libpangoft2-1.0-0": _has_library("libpangoft2-1.0.so.0"),
    "libharfbuzz-subset0": _has_library("libharfbuzz-subset.so.0"),
    "gdal-bin": lambda: shutil.which("ogrinfo") is not None,
}


def main() -> int:
    """Return 0 when everything is here, 1 when something is missing and cannot be installed."""
    missing = [package for package, here in NEEDED.items() if not here()]
    if not missing:
        return 0
    names = " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(
            f"The tests need software that is not here: {names}\n"
            f"Install it, for example on Debian: sudo apt-get install {names}\n"
            "or run `make test` as root, which installs it.",
            file=sys.stderr,
        )
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"Installing: {names}", flush=True)
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"`{' '.join(command)}` failed.", file=sys.stderr)
            return 1
    still = [package for package in missing if not NEEDED[package]()]
    if still:
        print(f"Installed, but still not found: {' '.join(still)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
