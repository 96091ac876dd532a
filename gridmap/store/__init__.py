"""The store: the only room that knows SQL."""

from gridmap.store.store import Store

__all__ = ["Store"]
