"""Who may see it: the one place that answers that question.

Every service call carries an :class:`Actor`; every layer and every field of it has a
:class:`Visibility`. What is not declared is for staff. Rooms above ask :func:`may_see`
and pass records through :func:`redact`; nobody else compares roles and visibilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gridmap.errors import BadValue, NotAllowed

__all__ = [
    "LAYERS",
    "MIN_PUBLIC_COUNT",
    "Actor",
    "LayerPolicy",
    "Role",
    "Visibility",
    "may_see",
    "redact",
    "require",
    "visible_fields",
    "visible_records",
    "withhold_small",
]


class Visibility(StrEnum):
    """Who a layer or field is for."""

    PUBLIC = "public"
    STAFF = "staff"
    RESTRICTED = "restricted"


class Role(StrEnum):
    """What a person is to the district. The glossary has the Chinese terms."""

    RESIDENT = "resident"
    GRID_WORKER = "grid_worker"
    GRID_LEAD = "grid_lead"
    COMMUNITY_OFFICER = "community_officer"
    SUBDISTRICT_OFFICER = "subdistrict_officer"
    DELEGATE = "delegate"
    HANDLER = "handler"
    DISPATCHER = "dispatcher"
    PLACE_EDITOR = "place_editor"
    PLANNER = "planner"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    ADMIN = "admin"


# A delegate (people's congress, consultative conference) may whistle but is not staff.
_SEES: Mapping[Role, frozenset[Visibility]] = {
    role: frozenset({Visibility.PUBLIC})
    if role in {Role.RESIDENT, Role.DELEGATE}
    else frozenset(Visibility)
    if role in {Role.ADMIN, Role.SUPERVISOR}
    else frozenset({Visibility.PUBLIC, Visibility.STAFF})
    for role in Role
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes
    ----------
    name : str
        What goes into logs and histories.
    roles : frozenset of Role
        Empty means nobody in particular: sees what is public.
    """

    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)

    @classmethod
    def resident(cls) -> Actor:
        """Return a member of the public."""
        return cls("resident", frozenset({Role.RESIDENT}))

    @classmethod
    def operator(cls, name: str = "operator") -> Actor:
        """Return the person at the command line, who holds the store's file anyway."""
        return cls(name, frozenset({Role.ADMIN}))

    @classmethod
    def with_role(cls, role: str, name: str | None = None) -> Actor:
        """Return an actor with one role, named in text."""
        try:
            known = Role(role)
        except ValueError:
            raise BadValue(
                "There is no such role.", got=role, allowed=[r.value for r in Role]
            ) from None
        return cls(name or role, frozenset({known}))

    @property
    def is_staff(self) -> bool:
        """True when the actor sees more than the public does."""
        return may_see(self, Visibility.STAFF)


@dataclass(frozen=True, slots=True)
class LayerPolicy:
    """Visibility of one layer and of its fields; an unlisted field is for staff."""

    visibility: Visibility
    fields: Mapping[str, Visibility]


def _policy(
    layer: Visibility,
    *,
    public: Iterable[str] = (),
    staff: Iterable[str] = (),
    restricted: Iterable[str] = (),
) -> LayerPolicy:
    fields = dict.fromkeys(public, Visibility.PUBLIC)
    fields |= dict.fromkeys(staff, Visibility.STAFF)
    fields |= dict.fromkeys(restricted, Visibility.RESTRICTED)
    return LayerPolicy(layer, fields)


LAYERS: Mapping[str, LayerPolicy] = {
    "areas": _policy(
        Visibility.PUBLIC,
        public=(
            "level",
            "code",
            "name",
            "name_en",
            "parent_level",
            "parent_code",
            "kind",
            "provisional",
            "edition",
            "geometry",
            "lon",
            "lat",
        ),
        staff=("id", "attributes", "reports", "households"),
    ),
    "editions": _policy(
        Visibility.PUBLIC,
        public=("name", "state", "effective_from", "effective_to", "levels"),
        staff=(
            "id",
            "created_at",
            "created_by",
            "published_at",
            "published_by",
            "accepted_faults",
            "areas",
            "content_hash",
        ),
    ),
    "locations": _policy(
        Visibility.PUBLIC,
        public=(
            "lon",
            "lat",
            "areas",
            "location_status",
            "certain_level",
            "margin_m",
            "candidates",
            "nearest",
            "nearest_m",
            "edition",
            "warning",
            "coord_sys",
            "level",
            "margins_m",
        ),
    ),
    "reports": _policy(
        Visibility.STAFF,
        restricted=("reporter_name", "reporter_phone", "reporter_address"),
    ),
    # What the sender of a report may see of it: what becomes of it, not who else is named.
    "own_report": _policy(
        Visibility.PUBLIC,
        public=(
            "id",
            "received_at",
            "observed_at",
            "item",
            "lon",
            "lat",
            "coord_sys",
            "areas",
            "location_status",
            "edition",
            "department",
            "co_departments",
            "handling_level",
            "due_at",
            "due_reason",
            "needs_person",
            "call_first",
            "explanation",
            "department_name",
            "co_department_names",
            "certain_level",
            "margin_m",
            "margins_m",
            "candidates",
            "nearest",
            "warning",
        ),
    ),
    # What can be reported and who answers for it is printed and handed out anyway.
    "catalogue": _policy(
        Visibility.PUBLIC,
        public=("name", "classes", "departments", "items"),
    ),
    "places": _policy(
        Visibility.PUBLIC,
        public=(
            "code",
            "category",
            "name",
            "name_en",
            "address",
            "address_en",
            "entrance",
            "floor",
            "hours",
            "phone",
            "hours_text",
            "wheelchair",
            "checked_on",
            "booking_phone",
            "special_services",
            "special_services_en",
            "home_service",
            "price",
            "accessible",
            "organiser",
            "source",
            "checked_at",
            "lon",
            "lat",
            "geometry",
            "subdistrict",
            "community",
            "grid",
            "microgrid",
        ),
        staff=("id", "contact_name", "remarks"),
        restricted=("contact_mobile",),
    ),
    "organisations": _policy(
        Visibility.PUBLIC,
        public=(
            "code",
            "category",
            "kind",
            "name",
            "name_en",
            "address",
            "address_en",
            "hours",
            "phone",
            "special_services",
            "special_services_en",
            "parent_code",
            "level",
            "area_code",
            "lon",
            "lat",
            "geometry",
            "subdistrict",
            "community",
            "grid",
            "microgrid",
        ),
        staff=("id", "secretary", "member_count", "remarks"),
        restricted=("members", "contact_mobile"),
    ),
    "rosters": _policy(
        Visibility.PUBLIC,
        public=("level", "area_code", "role", "kind", "work_phone", "department"),
        staff=("id", "code", "person", "name", "valid_from", "valid_to", "remarks"),
        restricted=("private_phone",),
    ),
}

# A count below this could point at one household; the public sees that there are fewer.
MIN_PUBLIC_COUNT = 5


def may_see(actor: Actor, visibility: Visibility) -> bool:
    """True when one of the actor's roles sees that visibility; everybody sees public."""
    if visibility is Visibility.PUBLIC:
        return True
    return any(visibility in _SEES[role] for role in actor.roles)


def require(actor: Actor, layer: str) -> None:
    """Raise `NotAllowed` unless the actor may see the layer; unknown layers are for staff."""
    policy = LAYERS.get(layer)
    visibility = policy.visibility if policy else Visibility.STAFF
    if not may_see(actor, visibility):
        raise NotAllowed(
            f"The layer '{layer}' is not for the public.",
            got=f"{actor.name} ({', '.join(sorted(actor.roles)) or 'no role'})",
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
