"""The neighbourhood of `tests.services_town`, in a store and served to browsers.

A plugin, named by the modules that use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import pytest
from fastapi import FastAPI

from gridmap.secrets import hash_token
from gridmap.workspace import Workspace
from tests.browser import served
from tests.services_town import ITEMS, PLACES, POSTS

pytest_plugins = ["tests.api_fixtures"]


@pytest.fixture(scope="module")
def furnished(api_workspace: Workspace) -> Iterator[None]:
    """A neighbourhood to look for things in."""
    kinds = ("places", "posts", "service_items")
    before = {kind: api_workspace.store.records(kind) for kind in kinds}
    # What a server does before it answers; the first import of a solver takes its time.
    api_workspace.streets()
    for kind, rows in zip(kinds, (PLACES, POSTS, ITEMS), strict=True):
        api_workspace.put_records(kind, [asdict(one) for one in rows])
    # Others of the session tell that an entry is wrong, from here and of the same places.
    here = f"wrong-from:{hash_token('127.0.0.1')}"
    of = [f"wrong-of:{place.code}" for place in PLACES]
    api_workspace.store.forget_attempts([here, *of])
    yield
    for kind in kinds:
        api_workspace.put_records(kind, before[kind], replace=True)


@pytest.fixture(scope="module")
def address(api_app: FastAPI, furnished: None) -> Iterator[str]:
    """Where the application is served, on this machine only."""
    with served(api_app) as where:
        yield where
