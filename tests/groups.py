"""Which tests stay together when several processes share a run, and which begin first.

``pytest --dist loadgroup`` hands out one test at a time unless tests bear one `xdist_group`:
then every fixture of a module is made in every process. So each module is a group; modules
that need the same demonstration name one themselves. A module whose tests run over both
kinds of a store that is filled once a session is two groups, one a kind, or each module would
have the store filled anew. Groups are handed out in the order of collection; a long one that
began last would leave the other processes idle, so the long ones come first.
"""

from __future__ import annotations

import pytest

# Fixtures of the session with one store of each kind: pytest has all tests over one kind run
# before those over the other.
_STORES = ("api_store", "town_store", "guarded_session", "review_source")

# The groups that take longest, longest first.
LONGEST = (
    "demo-redraw",
    "demo-district",
    "api_schema-geopackage",
    "demo-exclusive",
    "api_schema-postgis",
    "wheel",
    "notebooks",
    "plan_notebook",
)

# Modules that look at a shared demo as it was made: before those that send reports into it.
UNTOUCHED = ("test_demo_orders",)


def mark(items: list[pytest.Item]) -> None:
    """Give every test that names no group the one of its module."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def order(items: list[pytest.Item]) -> None:
    """Put the tests of the longest groups first; the order is kept among the others.

    Within a group those come first that must find its demo as it was made.
    """
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(
        key=lambda item: (
            rank.get(_named(item), len(rank)),
            item.path.stem not in UNTOUCHED,
        )
    )


def _named(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    assert mark is not None, item.nodeid
    return str(mark.args[0])


def _group(item: pytest.Item) -> str:
    module = item.path.stem.removeprefix("test_")
    given = getattr(item, "callspec", None)
    kinds = [str(given.params[name]) for name in _STORES if given and name in given.params]
    return "-".join([module, *sorted(set(kinds))])
