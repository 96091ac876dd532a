"""Forms of the actions that are open, made from the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.pages.order_given import ticked
from gridmap.cases.fields import Kind
from gridmap.cases.states import State
from gridmap.i18n import translate
from gridmap.workspace.openings import OpenField, Opening

__all__ = ["Choices", "FormField", "HasForms", "OrderForm", "forms_of"]

# Texts of several lines; the others are names, numbers of papers, places.
_LONG = frozenset({"why", "text", "result", "answer"})

# What usually comes next in a state is shown first. Whether it may is not said here.
_NEXT: Mapping[State, tuple[str, ...]] = {
    State.SUBMITTED: ("order.confirm", "order.self_handle"),
    State.CONFIRMED: ("order.dispatch", "order.self_handle"),
    State.OWNERSHIP_REVIEW: ("order.rule",),
    State.DISPATCHED: ("order.accept", "order.resolve"),
    State.RETURNED: ("order.dispatch",),
    # A co-department may still have to sign for its share.
    State.ACCEPTED: ("order.accept", "order.start", "order.resolve"),
    State.IN_PROGRESS: ("order.accept", "order.resolve"),
    State.BACKLOGGED: ("order.backlog.resume",),
    State.RESOLVED: ("order.inspect", "order.rework"),
    State.INSPECTED: ("order.close",),
    State.REWORK: ("order.accept", "order.start", "order.resolve"),
    State.CLOSED: ("order.rate", "order.reopen"),
    State.RATED: ("order.reopen",),
    State.REOPENED: ("order.dispatch",),
}
# These wait for an answer, whatever the state: they are open only while something does.
_WAITING = (
    "order.extend.approve", "order.extend.refuse", "order.backlog.approve",
    "order.backlog.refuse", "whistle.report_in", "whistle.call",
)  # fmt: skip


class HasForms(Protocol):
    """What forms are made of: an order as somebody sees it, and what they may do with it."""

    @property
    def order(self) -> dict[str, Any]:
        """The order, at least its state and whistles."""

    @property
    def openings(self) -> list[Opening]:
        """What may be done now."""

    @property
    def item_name(self) -> str | None:
        """What it is about."""

    @property
    def names(self) -> dict[str, str]:
        """Names of bodies by code."""

    @property
    def bodies(self) -> list[tuple[str, str]]:
        """Code and name of those to choose from."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form.

    Attributes
    ----------
    widget : str
        Macro of the template that draws it.
    options : sequence of (value, label)
    value : str
        What is filled in.
    chosen : frozenset of str
        Of a field that takes several.
    blank : str
        What it means to choose none of the options.
    """

    name: str
    label: str
    widget: str
    needed: bool
    options: Sequence[tuple[str, str]] = ()
    value: str = ""
    chosen: frozenset[str] = frozenset()
    blank: str = ""


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The form of one action.

    Attributes
    ----------
    main : bool
        True for what usually comes next.
    typed : bool
        True for the one that was just sent and refused: it holds what was typed.
    """

    action: str
    label: str
    fields: list[FormField]
    main: bool
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What forms offer besides what the table says.

    Attributes
    ----------
    items : sequence of (value, label)
        Of the catalogue.
    sent : tuple of (action, fields) or None
        A form that was refused, as it was typed.
    unsaid : str
        Key of what it is called to answer neither yes nor no.
    """

    lang: str
    items: Sequence[tuple[str, str]] = ()
    sent: tuple[str, Mapping[str, str]] | None = None
    unsaid: str = "page.order.not_told"

    def typed(self, action: str) -> Mapping[str, str] | None:
        """Return what was typed into the form of an action; None when it was not sent."""
        return self.sent[1] if self.sent is not None and self.sent[0] == action else None


def forms_of(page: HasForms, choices: Choices) -> list[OrderForm]:
    """Return a form for each action that is open, what usually comes next first."""
    first = (*_WAITING, *_NEXT.get(State(page.order["state"]), ()))
    found = [_form(page, one, choices, main=one.action in first) for one in page.openings]
    rank = {action: n for n, action in enumerate(first)}
    return sorted(found, key=lambda form: rank.get(form.action, len(rank)))


def _form(page: HasForms, one: Opening, choices: Choices, *, main: bool) -> OrderForm:
    typed = choices.typed(one.action)
    made = [_field(page, one.action, f, choices, typed) for f in one.fields]
    return OrderForm(
        one.action,
        translate(f"action.{one.action}", choices.lang),
        [shown for shown in made if shown is not None],
        main,
        typed is not None,
    )


def _field(
    page: HasForms,
    action: str,
    one: OpenField,
    choices: Choices,
    typed: Mapping[str, str] | None,
) -> FormField | None:
    """Return a field as it is drawn; None where there is nothing to choose."""
    widget, options = _WIDGETS[one.kind](page, one, choices)
    if widget == "none":
        return None
    chosen = _chosen(page, action, one) if typed is None else ticked(one.name, typed)
    value = (typed or {}).get(one.name, options[0][0] if widget == "hidden" else "")
    label = translate(f"page.order.field.{one.name}", choices.lang)
    blank = _blank(page, one, choices.lang)
    return FormField(one.name, label, widget, one.needed, options, value, chosen, blank)


def _blank(page: HasForms, one: OpenField, lang: str) -> str:
    if one.needed:
        return translate("page.order.choose", lang)
    if one.name == "lead":
        return translate("page.order.keep", lang, name=page.order["lead_name"])
    if one.name == "item":
        return translate("page.order.keep", lang, name=page.item_name)
    return translate("page.order.unchanged", lang)


_Drawn = tuple[str, Sequence[tuple[str, str]]]


def _text(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    return ("area" if one.name in _LONG else "line"), ()


def _body(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    if one.name == "lead":
        return "select", page.bodies
    if len(one.values) < 2 and not one.needed:
        return "none", ()
    options = [(code, page.names.get(code, code)) for code in one.values]
    return ("hidden" if len(options) == 1 else "select"), options


def _bodies(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    return "checks", page.bodies


def _moment(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    return "moment", ()


def _flag(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    if one.name == "engineering":
        return "tick", ()
    answers = [("yes", "page.order.yes"), ("no", "page.order.no"), ("", choices.unsaid)]
    return "radios", [(value, translate(key, choices.lang)) for value, key in answers]


def _number(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    if one.name != "whistle":
        return "number", ()
    grounds = {whistle["number"]: whistle["ground"] for whistle in page.order["whistles"]}
    options = [
        (str(n), f"{n} · " + translate(f"page.order.value.ground.{grounds[n]}", choices.lang))
        for n in one.values
    ]
    return ("hidden" if len(options) == 1 else "select"), options


def _choice(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    key = f"page.order.value.{one.name}."
    return "select", [(str(v), translate(f"{key}{v}", choices.lang)) for v in one.values]


def _item(page: HasForms, one: OpenField, choices: Choices) -> _Drawn:
    return "select", choices.items


_WIDGETS: Mapping[Kind, Callable[[HasForms, OpenField, Choices], _Drawn]] = {
    Kind.TEXT: _text,
    Kind.BODY: _body,
    Kind.BODIES: _bodies,
    Kind.MOMENT: _moment,
    Kind.FLAG: _flag,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
    Kind.ITEM: _item,
}


def _chosen(page: HasForms, action: str, one: OpenField) -> frozenset[str]:
    """Return the bodies that are ticked before anybody has: those it is with, or are wanted."""
    if one.name == "co_departments":
        return frozenset(p["department"] for p in page.order["co"] if p["state"] != "returned")
    if action == "whistle.call" and page.order["whistles"]:
        return frozenset(page.order["whistles"][-1]["wanted"])
    return frozenset()
