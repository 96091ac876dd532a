"""Families of grids: the base grids, and the coverages of professions beside them.

Police, sanitation, urban management draw grids of their own over the same ground. Each such
family has levels and editions of its own; reports are routed by the base family alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gridmap.access import Visibility
from gridmap.areas import Levels
from gridmap.errors import BadValue

__all__ = ["BASE", "Family"]

BASE = "base"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
# Restricted data are no boundaries: what is drawn is for the public or for staff.
_VISIBILITIES = (Visibility.PUBLIC, Visibility.STAFF)


@dataclass(frozen=True, slots=True)
class Family:
    """One family of grids.

    Attributes
    ----------
    name : str
        Identifier (``[a-z][a-z0-9_]*``), unique in the store; ``base`` is always there.
    label, label_en : str
        What pages show, in Chinese and in English; the name where they are empty.
    levels : Levels
        Coarse to fine. A level belongs to one family only.
    visibility : Visibility
        ``public``, or ``staff`` for coverages that only staff may see.
    """

    name: str
    label: str
    label_en: str
    levels: Levels
    visibility: Visibility = Visibility.PUBLIC

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise BadValue(
                "A family's name must be usable as a key.",
                got=self.name,
                allowed="lower-case letters, digits and underscores, starting with a letter",
                repair="Name it for example 'police' and give its title with --label.",
            )
        if self.visibility not in _VISIBILITIES:
            raise BadValue(
                "Grids are for the public or for staff.",
                got=self.visibility.value,
                allowed=[one.value for one in _VISIBILITIES],
            )
        object.__setattr__(self, "label", self.label.strip() or self.name)
        object.__setattr__(self, "label_en", self.label_en.strip() or self.label)
