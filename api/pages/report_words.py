"""What the page of a new report shows: items by class, and where a report would go, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.pages.order_words import due_words, line_words, listed
from gridmap.i18n import texts, translate
from gridmap.places.model import POST_ROLES
from gridmap.routing.catalogue import Emergency
from gridmap.workspace import Workspace
from gridmap.workspace.previewing import Preview

__all__ = ["item_groups", "preview_words", "script_texts"]


def item_groups(
    workspace: Workspace, lang: str, chosen: str, *, every: bool
) -> list[dict[str, Any]]:
    """Return what can be reported, by catalogue and class.

    Parameters
    ----------
    chosen : str
        The item that is chosen: its class is shown open.
    every : bool
        Items of all catalogues; else those of the site's own.

    Returns
    -------
    list of dict
        One a catalogue: ``label``, empty for the first, and ``classes`` with ``name``,
        ``open`` and ``items``, each with ``value``, ``code``, ``name`` and ``call``.
    """
    english = lang == "en"
    groups: list[dict[str, Any]] = []
    for book in workspace.books.by_name.values():
        if not (book.of_site or every):
            continue
        catalogue = book.catalogue
        shape, classes = catalogue.shape, []
        for one in catalogue.classes.values():
            held = [
                {
                    "value": book.named(item),
                    "code": item.code,
                    "name": item.name_en if english and item.name_en else item.name,
                    # Both are looked through: people search in either language.
                    "also": item.name if english else item.name_en,
                    "call": _call(item.emergency, lang),
                }
                for item in catalogue.in_class(one.code)
            ]
            if held:
                name = one.name_en if english and one.name_en else one.name
                is_open = any(item["value"] == chosen for item in held)
                classes.append({"name": name, "open": is_open, "items": held})
        label = (shape.label_en if english else "") or shape.label or catalogue.name
        groups.append({"label": label if groups else "", "classes": classes})
    return groups


def _call(emergency: Emergency | None, lang: str) -> str:
    """Return whom to call before anything else; empty for nobody."""
    if emergency is None:
        return ""
    line = emergency.line
    number = line.number or (line.name_en if lang == "en" and line.name_en else line.name)
    key = "page.report.call.always" if emergency.always else "page.report.call.danger"
    return translate(key, lang, number=number)


def preview_words(seen: Preview, now: datetime, lang: str) -> dict[str, Any]:
    """Return where a report would go, for the page.

    Returns
    -------
    dict
        ``item``, ``facts`` (pairs of label and text), ``person`` (True when a person has to
        decide) and ``steps``, the reasons in order.
    """
    report = seen.report
    due_at = report["due_at"]
    due = due_words(
        {
            "due_at": None if due_at is None else due_at.isoformat(),
            "managed_by": report["leader"] or "",
            "open": True,
            "resolved_at": None,
        },
        now,
        lang,
    )
    level = report["handling_level"]
    facts = [
        (_label("place"), translate(f"page.status.{report['location_status']}", lang)),
        *((area["label"], area["name"]) for area in seen.areas),
        (_label("responder"), _responder(seen.responder, lang) if seen.areas else ""),
        ("page.order.field.lead", report["department_name"] or report["department"]),
        ("page.order.field.co_departments", _all(report["co_department_names"], lang)),
        ("page.order.field.level", level and translate(f"page.order.value.level.{level}", lang)),
        ("page.order.field.due_at", " ".join(filter(None, (due["at"], due["left"])))),
        ("page.order.call_first", line_words(report, lang)["text"]),
    ]
    return {
        "item": seen.item_name,
        "facts": [(_said(label, lang), text) for label, text in facts if text],
        "person": bool(report["needs_person"]),
        "steps": report["explanation"],
    }


def _label(name: str) -> str:
    return f"page.report.preview.{name}"


def _said(label: str, lang: str) -> str:
    """Return the text of a key; what levels are called stands as it is."""
    return translate(label, lang) if label.startswith("page.") else label


def _all(names: list[str], lang: str) -> str:
    return listed(names, lang, {})


def _responder(post: Mapping[str, Any] | None, lang: str) -> str:
    if post is None:
        return translate("page.report.preview.nobody", lang)
    role = POST_ROLES[post["role"]][1 if lang == "en" else 0]
    parts = (role, post.get("name"), post.get("work_phone"))
    return " ".join(str(part) for part in parts if part)


def script_texts(lang: str) -> dict[str, str]:
    """Return the texts of the page's script."""
    return {k.removeprefix("page.report.js."): v for k, v in texts(lang, "page.report.js.").items()}
