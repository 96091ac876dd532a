"""Pages read and forms sent as a browser without a script does both."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tests.case_town import Town

_VOID = frozenset({"input", "meta", "link", "br", "path", "circle"})


@dataclass
class Form:
    """A form of a page: where it goes, and what it sends as it stands."""

    address: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        form, name = self._form, given.get("name", "")
        if form is None:
            return
        if "required" in given and name:
            form.required.add(name)
        if tag == "input" and name:
            box = given.get("type") in {"checkbox", "radio"}
            form.options.setdefault(name, []).append(given.get("value", ""))
            if not box or "checked" in given:
                form.fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif tag == "select":
            self._select = name
            form.fields[name] = ""
        elif tag == "option":
            form.options.setdefault(self._select, []).append(given["value"])
            if "selected" in given:
                form.fields[self._select] = given["value"]

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""


def forms_in(html: str) -> list[Form]:
    """The forms of a page, in order."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def action_forms(html: str) -> dict[str, Form]:
    """The forms of an order's page by the action that they send."""
    return {f.fields["action"]: f for f in forms_in(html) if "action" in f.fields}


class PageTown(Town):
    """People at the pages of the service."""

    def see(self, who: str, path: str, status: int = 200) -> str:
        """Somebody opens a page; returns its text."""
        answer = self.ask(
            who,
            "GET",
            path,
        )
        assert answer.status_code == status, (who, path, answer.status_code, answer.text[:500])
        return str(answer.text)

    def send_form(self, who: str, form: Form, status: int = 303, /, **typed: str) -> Any:
        """Somebody fills in a form and sends it; returns the answer."""
        data = form.fields | typed
        answer = self.ask(who, "POST", form.address, data=data)
        assert answer.status_code == status, (who, form, answer.status_code, answer.text[:2000])
        return answer

    def play(self, who: str, number: int, action: str, status: int = 303, /, **typed: str) -> str:
        """Somebody opens an order, fills in the form of an action and sends it.

        Returns the page that they see then.
        """
        forms = action_forms(self.see(who, f"/orders/{number}"))
        assert action in forms, (who, action, sorted(forms))
        missing = forms[action].required - {
            n for n, v in (forms[action].fields | typed).items() if v
        }
        assert missing == set(), (action, missing)
        answer = self.send_form(who, forms[action], status, **typed)
        if answer.status_code != 303:
            return str(answer.text)
        return self.see(who, answer.headers["location"])

    def offered(self, who: str, number: int) -> set[str]:
        """The actions that somebody is offered on an order's page."""
        return set(action_forms(self.see(who, f"/orders/{number}")))
