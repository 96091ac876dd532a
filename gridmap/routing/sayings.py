"""The steps that owners are explained by, each made once and shared by all who say it.

A district has few of them: a red line is said of its firm, a department of its item, whoever
asks. What is shared is also rendered once.
"""

from __future__ import annotations

from collections.abc import Mapping

from gridmap.routing.catalogue import Item
from gridmap.routing.explanation import Step
from gridmap.routing.overlays import BY_RECORD, OVERLAY_KINDS, ROAD_CLASSES, SITES, Overlay
from gridmap.routing.parties import Parties

__all__ = ["Sayings"]


class Sayings:
    """Makes steps of a rule, what it is said of, and the bodies that it names.

    Safe to share between threads: two that make one step at a time keep the same one.

    Parameters
    ----------
    parties : Parties
        For the names.
    """

    def __init__(self, parties: Parties) -> None:
        self._parties = parties
        self._made: dict[tuple[str, int, tuple[str, ...]], tuple[object, Step]] = {}

    def forget(self) -> None:
        """Forget the steps that were made."""
        self._made.clear()

    def step(
        self, rule: str, of: Overlay | Item | None = None, bodies: tuple[str, ...] = ()
    ) -> Step:
        """Return the step of a rule about an overlay or an item, naming some bodies."""
        key = rule, id(of), bodies
        known = self._made.get(key)
        if known is None:
            params = self._parties.named(bodies) if bodies else {}
            # What it is said of is kept with it, so that its id stays its own.
            known = self._made.setdefault(key, (of, Step(rule, {**_subject(of), **params})))
        return known[1]


def _subject(of: Overlay | Item | None) -> Mapping[str, str]:
    if of is None:
        return {}
    if isinstance(of, Item):
        return {"item": of.name, "item_en": of.name_en}
    return _site(of)


def _site(overlay: Overlay) -> dict[str, str]:
    """Return what an explanation says of an overlay; its person in charge stays out of it."""
    name = overlay.name or overlay.code
    kind, kind_en = OVERLAY_KINDS[overlay.kind]
    if overlay.road_class:
        kind, kind_en = ROAD_CLASSES[overlay.road_class]
    found = {"site": name, "site_en": overlay.name_en or name}
    if overlay.kind in SITES:
        return found | _where(overlay)
    if overlay.kind in BY_RECORD:
        found |= {"source": overlay.source, "day": str(overlay.valid_from)}
    return {"kind": kind, "kind_en": kind_en, **found, **_where(overlay)}


def _where(overlay: Overlay) -> dict[str, str]:
    # Staff are shown the person in charge, who is looked up by the code.
    return {"overlay": overlay.code} if overlay.contact else {}
