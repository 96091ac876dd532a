"""Who may see it: layers, fields, records and small counts, asked of the one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gridmap.access.actor import Actor
from gridmap.access.layers import LAYERS
from gridmap.access.roles import SEES, Visibility
from gridmap.errors import NotAllowed

__all__ = [
    "MIN_PUBLIC_COUNT",
    "may_see",
    "redact",
    "require",
    "visible_fields",
    "visible_records",
    "withhold_small",
]

# A count below this could point at one household; the public sees that there are fewer.
MIN_PUBLIC_COUNT = 5


def may_see(actor: Actor, visibility: Visibility) -> bool:
    """True when one of the actor's roles sees that visibility; everybody sees public."""
    if visibility is Visibility.PUBLIC:
        return True
    return any(visibility in SEES[role] for role in actor.roles)


def require(actor: Actor, layer: str) -> None:
    """Raise `NotAllowed` unless the actor may see the layer; unknown layers are for staff."""
    policy = LAYERS.get(layer)
    visibility = policy.visibility if policy else Visibility.STAFF
    if not may_see(actor, visibility):
        raise NotAllowed(
            f"The layer '{layer}' is not for the public.",
            got=actor.described,
            allowed=f"roles that see '{visibility.value}' data",
            repair="Sign in with such a role, or ask for a public layer.",
        )


def visible_fields(actor: Actor, layer: str, names: Iterable[str]) -> list[str]:
    """Return those of `names` that the actor may see in `layer`, in their order."""
    require(actor, layer)
    policy = LAYERS.get(layer)
    fields = policy.fields if policy else {}
    return [n for n in names if may_see(actor, fields.get(n, Visibility.STAFF))]


def withhold_small(actor: Actor, counts: Mapping[str, int]) -> tuple[dict[str, int | None], int]:
    """Return counts as the actor may see them, and the least count that is shown.

    Staff see every count (least 0). For the public, counts from 1 to below
    :data:`MIN_PUBLIC_COUNT` become None; zero is shown, for it is about nobody.
    """
    if actor.is_staff:
        return dict(counts), 0
    shown = {k: n if n == 0 or n >= MIN_PUBLIC_COUNT else None for k, n in counts.items()}
    return shown, MIN_PUBLIC_COUNT


def visible_records(
    actor: Actor, layer: str, records: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the records of a layer that the actor may see, each with its visible fields.

    A record may carry a ``visibility`` of its own, stricter than its layer's; it is not
    among the fields returned.
    """
    require(actor, layer)
    return [
        redact(actor, layer, {k: v for k, v in record.items() if k != "visibility"})
        for record in records
        if may_see(actor, Visibility(record.get("visibility") or Visibility.PUBLIC))
    ]


def redact(actor: Actor, layer: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record with only the fields the actor may see."""
    return {name: record[name] for name in visible_fields(actor, layer, record)}
