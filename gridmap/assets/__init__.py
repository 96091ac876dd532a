"""Third-party browser files, shipped so that no page ever asks another host for one.

``tools/vendor_assets.py`` writes the folders and ``manifest.json``; every name below is
relative to this folder, for example ``leaflet/leaflet.js``.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from gridmap.errors import NotFound

__all__ = ["css_with_images", "data", "data_uri", "folder", "manifest", "text"]

_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
_URL = re.compile(r"url\((images/[\w.-]+)\)")


def folder() -> Path:
    """Return the folder of the vendored files, to be served under one path."""
    return Path(str(files("gridmap.assets")))


@lru_cache(maxsize=1)
def manifest() -> dict[str, Any]:
    """Return the manifest: packages with version, licence and the SHA-256 of each file."""
    loaded: dict[str, Any] = json.loads(_path("manifest.json").read_text(encoding="utf-8"))
    return loaded


def data(name: str) -> bytes:
    """Return the content of a vendored file; `NotFound` when there is none of that name."""
    return _path(name).read_bytes()


def text(name: str) -> str:
    """Return the content of a vendored text file, with ``\\n`` line ends."""
    return data(name).decode("utf-8").replace("\r\n", "\n")


def data_uri(name: str) -> str:
    """Return a vendored image as a ``data:`` address."""
    kind = _TYPES.get(Path(name).suffix)
    if kind is None:
        raise NotFound("Only images become data addresses.", got=name, allowed=sorted(_TYPES))
    return f"data:{kind};base64,{base64.b64encode(data(name)).decode('ascii')}"


def css_with_images(name: str) -> str:
    """Return a vendored style sheet whose images stand in it as ``data:`` addresses."""
    base = name.rpartition("/")[0]
    return _URL.sub(lambda m: f"url({data_uri(f'{base}/{m.group(1)}')})", text(name))


def _path(name: str) -> Path:
    root = folder().resolve()
    path = (root / name).resolve()
    if not path.is_file() or not path.is_relative_to(root):
        raise NotFound("There is no such vendored file.", got=name)
    return path
