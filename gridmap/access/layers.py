"""Which layer and which field is for whom: the one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gridmap.access.roles import Visibility

__all__ = ["LAYERS", "LayerPolicy"]


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
        public=(
            "name",
            "family",
            "state",
            "effective_from",
            "effective_to",
            "restores",
            "levels",
        ),
        staff=(
            "id",
            "created_at",
            "created_by",
            "based_on",
            "published_at",
            "published_by",
            "published_why",
            "backdated_why",
            "accepted_faults",
            "route_check",
            "retired_at",
            "retired_by",
            "retired_why",
            "areas",
            "content_hash",
        ),
    ),
    # What became of an area: where its land went, not how many people live on it.
    "lineage": _policy(
        Visibility.PUBLIC,
        public=("code", "name", "relation", "share", "share_of_other", "area_m2"),
        staff=("households", "buildings", "reports"),
    ),
    # A family of grids that is for staff is left out of what others are told.
    "families": _policy(
        Visibility.PUBLIC,
        public=("name", "label", "label_en", "levels", "in_force", "visibility"),
    ),
    "locations": _policy(
        Visibility.PUBLIC,
        public=(
            "families",
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
    # What nobody is known to own, and what the board decided about it.
    "reviews": _policy(Visibility.STAFF),
    "reports": _policy(
        Visibility.STAFF,
        # Masked. In the clear they are in no record: see `gridmap.workspace.personal`.
        staff=("reporter",),
        restricted=("reporter_name", "reporter_phone", "reporter_address"),
    ),
    "orders": _policy(Visibility.STAFF),
    # What the sender may see of the order: where it stands and what was answered.
    "own_order": _policy(
        Visibility.PUBLIC,
        public=(
            "number",
            "version",
            "state",
            "open",
            "lead_name",
            "due_at",
            "dispatched_at",
            "resolved_at",
            "closed_at",
            "answer",
            "answered_at",
            "rating",
            "reopen_asked_at",
            "whistles",
        ),
    ),
    # What the sender of a report may see of it: what becomes of it, not who else is named.
    "own_report": _policy(
        Visibility.PUBLIC,
        public=(
            "id",
            "received_at",
            "observed_at",
            "closed_at",
            "item",
            "catalogue",
            # What they wrote themselves.
            "text",
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
            "confidence",
            "review_on",
            "receipt",
        ),
    ),
    # What can be reported and who answers for it is printed and handed out anyway.
    "catalogue": _policy(
        Visibility.PUBLIC,
        public=("name", "label", "label_en", "catalogues", "classes", "departments", "items"),
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
            "stale",
            "free",
            "minutes",
            "method",
            "open",
            "booking_phone",
            "special_services",
            "special_services_en",
            "home_service",
            "price",
            "accessibility",
            "languages",
            "photo",
            "photos",
            "closures",
            "organiser",
            "source",
            "lon",
            "lat",
            "geometry",
            "subdistrict",
            "community",
            "grid",
            "microgrid",
        ),
        staff=("id", "contact_name", "remarks", "version"),
        restricted=("contact_mobile",),
    ),
    # Each is for the public or for staff by itself, and never seen where its place is not.
    "place_photos": _policy(
        Visibility.PUBLIC,
        public=(
            "place",
            "rank",
            "sha256",
            "caption",
            "caption_en",
            "alt",
            "alt_en",
            "credit",
            "licence",
            "width",
            "height",
            "size",
        ),
        staff=("shown_to", "added_at", "added_by"),
    ),
    # Streets are public, and so is how far one comes on them.
    "reach": _policy(Visibility.PUBLIC, public=("geometry", "method", "minutes")),
    # Shares of households, where neither those within nor those without are too few to tell.
    "service_coverage": _policy(
        Visibility.PUBLIC,
        public=(
            "level",
            "code",
            "name",
            "name_en",
            "category",
            "places",
            "share_5",
            "share_10",
            "share_15",
        ),
        staff=("households", "within_5", "within_10", "within_15", "straight"),
    ),
    # Small areas whose homes have no such place near by.
    "service_gaps": _policy(Visibility.STAFF),
    # What is printed on the contact card.
    "service_items": _policy(
        Visibility.PUBLIC,
        public=(
            "code",
            "kind",
            "kind_en",
            "name",
            "name_en",
            "needs",
            "channel",
            "channel_en",
            "steps",
            "steps_en",
            "phone",
            "price",
            "level",
            "area_code",
            "source",
            "checked_on",
        ),
        staff=("id", "remarks"),
    ),
    # A house is there for all to see; how many homes it has is not.
    "buildings": _policy(
        Visibility.PUBLIC,
        public=("code", "name", "name_en", "geometry"),
        staff=("households",),
    ),
    # What stands on the gate of an estate; who is in charge of it is in the rosters.
    "estates": _policy(
        Visibility.PUBLIC,
        public=("code", "name", "name_en", "managed", "firm", "firm_en", "geometry"),
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
            "closures",
            "phone",
            "special_services",
            "special_services_en",
            "wheelchair",
            "checked_on",
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
        public=(
            "level",
            "area_code",
            "role",
            "kind",
            "work_phone",
            "department",
            "estate_code",
            "estate",
            "estate_en",
            "mode",
        ),
        staff=(
            "id",
            "code",
            "person",
            "name",
            "valid_from",
            "valid_to",
            "rests",
            "switched",
            "remarks",
        ),
        restricted=("private_phone",),
    ),
}
