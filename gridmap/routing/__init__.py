"""Routing: from an item, a place and a time to a department, a deadline and the reasons."""

from gridmap.calendar import (
    CalendarDay,
    CalendarMissing,
    ChineseCalendar,
    DayKind,
    SiteDays,
    WorkCalendar,
    days_covered,
    load_site_days,
)
from gridmap.routing.book import AmbiguityPolicy, Decision, RouteBook, load_route_book
from gridmap.routing.catalogue import (
    Catalogue,
    Emergency,
    EmergencyLine,
    HandlingLevel,
    Item,
    ItemClass,
    Limit,
    LimitUnit,
    LocationRule,
)
from gridmap.routing.catalogue_csv import load_catalogue
from gridmap.routing.clock import Due, OfficeHours, Pause, PauseReason, StartRule, deadline
from gridmap.routing.columns import reason_text, routing_columns
from gridmap.routing.decision import Router, decide_by_edition
from gridmap.routing.departments import (
    Department,
    DepartmentKind,
    Departments,
    load_departments,
)
from gridmap.routing.explanation import Step, render, render_step
from gridmap.routing.overlays import OVERLAY_KINDS, Overlay, OverlayMap
from gridmap.routing.parties import Parties, Party, party_code
from gridmap.routing.site_rules import SiteRole, SiteRule, load_site_rules
from gridmap.routing.terms import Term, Terms, load_limit_tables, load_office_hours, load_terms

__all__ = [
    "OVERLAY_KINDS",
    "AmbiguityPolicy",
    "CalendarDay",
    "CalendarMissing",
    "Catalogue",
    "ChineseCalendar",
    "DayKind",
    "Decision",
    "Department",
    "DepartmentKind",
    "Departments",
    "Due",
    "Emergency",
    "EmergencyLine",
    "HandlingLevel",
    "Item",
    "ItemClass",
    "Limit",
    "LimitUnit",
    "LocationRule",
    "OfficeHours",
    "Overlay",
    "OverlayMap",
    "Parties",
    "Party",
    "Pause",
    "PauseReason",
    "RouteBook",
    "Router",
    "SiteDays",
    "SiteRole",
    "SiteRule",
    "StartRule",
    "Step",
    "Term",
    "Terms",
    "WorkCalendar",
    "days_covered",
    "deadline",
    "decide_by_edition",
    "load_catalogue",
    "load_departments",
    "load_limit_tables",
    "load_office_hours",
    "load_route_book",
    "load_site_days",
    "load_site_rules",
    "load_terms",
    "party_code",
    "reason_text",
    "render",
    "render_step",
    "routing_columns",
]
