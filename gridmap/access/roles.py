"""The thirteen roles, and what kind of data each sees."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["SEES", "Role", "Visibility"]


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
SEES: Mapping[Role, frozenset[Visibility]] = {
    role: frozenset({Visibility.PUBLIC})
    if role in {Role.RESIDENT, Role.DELEGATE}
    else frozenset(Visibility)
    if role in {Role.ADMIN, Role.SUPERVISOR}
    else frozenset({Visibility.PUBLIC, Visibility.STAFF})
    for role in Role
}
