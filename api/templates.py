"""Page templates: Jinja2 over the files in ``api/pages``, escaping by default."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Scope

from gridmap import __version__
from gridmap.i18n import DEFAULT_LANGUAGE, LANGUAGES, translate

__all__ = ["STATIC", "language", "page"]

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


def page(template: str, scope: Scope, **values: Any) -> str:
    """Return a page made from a template, in the language of the request."""
    lang = language(scope)

    def t(key: str, **filled: object) -> str:
        return translate(key, lang, **filled)

    def to(path: str) -> str:
        return path if lang == _site_language(scope) else f"{path}?lang={lang}"

    # Who asks, where the route has found that out; its token is for forms and scripts.
    identity = scope.get("state", {}).get("identity")
    token = identity.form_token if identity is not None else ""
    known = {
        "lang": lang,
        "t": t,
        "to": to,
        "version": __version__,
        "staff": identity is not None and identity.actor.is_staff,
        "form_token": token,
    }
    return _environment().get_template(template).render(**(known | values))
