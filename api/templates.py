"""Page templates: Jinja2 over the files in ``api/pages``, escaping by default."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Scope

from gridmap import __version__
from gridmap.access import Action, Actor, may
from gridmap.errors import GridmapError
from gridmap.i18n import DEFAULT_LANGUAGE, LANGUAGES, translate

__all__ = ["STATIC", "language", "localised", "page", "switch_at"]

log = logging.getLogger("gridmap.api")

# A badge shows no more than this, and a plus.
MOST_ON_BADGE = 99

PAGES = Path(__file__).parent / "pages"
STATIC = Path(__file__).parent / "static"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def language(scope: Scope) -> str:
    """Return the language of a page: ``?lang=``, else the site's.

    Not the browser's: most are set up in English by default, here too.
    """
    query: bytes = scope.get("query_string", b"")
    asked = parse_qs(query.decode("latin-1")).get("lang", [""])[0]
    return asked if asked in LANGUAGES else _site_language(scope)


def _site_language(scope: Scope) -> str:
    app = scope.get("app")
    default: str = app.state.settings.language if app is not None else DEFAULT_LANGUAGE
    return default


def localised(path: str, scope: Scope) -> str:
    """Return an address of this service that keeps the language of a request."""
    lang = language(scope)
    if lang == _site_language(scope):
        return path
    address, mark, fragment = path.partition("#")
    return f"{address}{'&' if '?' in address else '?'}lang={lang}{mark}{fragment}"


def _switch(scope: Scope, other: str) -> str:
    """Return the same address in the other language, with everything else that was asked."""
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return "?" + urlencode([*((k, v) for k, v in query if k != "lang"), ("lang", other)])


def switch_at(path: str, scope: Scope) -> str:
    """Return where a page is read in the other language, for one that answers a form of it.

    The address of a form may take nothing but the form.
    """
    return path + _switch(scope, "zh" if language(scope) == "en" else "en")


def _unread(scope: Scope, actor: Actor) -> int:
    """Return how many notices somebody has not read; 0 while that cannot be told."""
    workspace = scope["app"].state.workspace
    try:
        found: int = workspace.unread(most=MOST_ON_BADGE + 1, actor=actor)
    except GridmapError as error:
        # The page itself matters more than the figure beside a link.
        log.warning("unread notices of %s could not be counted: %s", actor.name, error)
        return 0
    return found


def page(template: str, scope: Scope, **values: Any) -> str:
    """Return a page made from a template, in the language of the request."""
    lang = language(scope)

    def t(key: str, **filled: object) -> str:
        return translate(key, lang, **filled)

    def to(path: str) -> str:
        return localised(path, scope)

    # Who asks, where the route has found that out; its token is for forms and scripts.
    identity = scope.get("state", {}).get("identity")
    token = identity.form_token if identity is not None else ""

    def can(action: str) -> bool:
        return identity is not None and may(identity.actor, Action(action))

    def unread() -> int:
        return 0 if identity is None else _unread(scope, identity.actor)

    known = {
        "lang": lang,
        "t": t,
        "to": to,
        "can": can,
        "unread": unread,
        "most_on_badge": MOST_ON_BADGE,
        "switch": _switch(scope, "zh" if lang == "en" else "en"),
        "version": __version__,
        "staff": identity is not None and identity.actor.is_staff,
        "form_token": token,
    }
    return _environment().get_template(template).render(**(known | values))
