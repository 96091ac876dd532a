"""Where the indexes of a store's editions are kept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from gridmap.locate.shelf import IndexShelf
from gridmap.settings import Settings
from gridmap.store.store import Store

__all__ = ["index_shelf"]


def index_shelf(store: Store, settings: Settings) -> IndexShelf:
    """Return the shelf of a store: a folder of its own, so that no other store sweeps it."""
    where = store.where
    if store.kind == "geopackage":
        where = str(Path(where).resolve())
    own = hashlib.sha256(where.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return IndexShelf(_root(store, settings) / own)


def _root(store: Store, settings: Settings) -> Path:
    if settings.cache is not None:
        return settings.cache.expanduser().absolute()
    if store.kind == "geopackage":
        return Path(store.where).resolve().parent / ".gridmap-cache"
    home = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says that a path which is not absolute is to be ignored.
    base = Path(home) if os.path.isabs(home) else Path("~/.cache").expanduser()
    return base / "gridmap"
