"""The page around a map: its frame, its scripts, its policy, its fixed ids.

A Content-Security-Policy in the page lists the scripts by their hash: whatever a name in
the data tries, the browser runs and loads nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from html import escape
from importlib.resources import files
from typing import Any, Literal

from branca.element import CssLink, Element, Figure, JavascriptLink
from jinja2 import Environment, StrictUndefined

from gridmap import assets
from gridmap.access import Actor, may_see
from gridmap.errors import BadValue, NotAllowed
from gridmap.i18n import LANGUAGES, texts, translate
from gridmap.maps.basemap import BaseMap
from gridmap.maps.island import script_json

__all__ = ["RUNTIME", "Layout", "MapInfo", "Mode", "Page", "Source"]

Mode = Literal["inline", "served"]
Layout = Literal["map", "list"]

# In order: a script uses only what stands above it.
RUNTIME = (
    "base.js", "core.js", "decode.js", "draw.js", "panel.js", "labels.js", "fill.js", "areas.js",
    "houses.js", "search.js", "pins.js", "chain.js", "list.js", "faults.js", "swipe.js", "state.js",
)  # fmt: skip
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ID = re.compile(r"_([0-9a-f]{32})\b")
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; object-src 'none'; "
    "style-src 'unsafe-inline'{own}; img-src data: blob:{own}{images}; script-src{own} {hashes}"
)


@dataclass(frozen=True, slots=True)
class MapInfo:
    """What a map says about itself.

    Attributes
    ----------
    title, title_en : str
        Heading; the Chinese one is also the page's title.
    lang : str
        Language at opening, ``zh`` or ``en``; the reader can switch.
    edition : str
        Name of the edition drawn.
    as_of : str
        Date of the data, in the site's zone, as text.
    generated_at : str
        When the document was made, as text; empty is left out.
    review_no : str
        Map review number (审图号); empty shows a blank slot.
    demo : bool
        Mark the data as invented.
    internal : bool
        Mark the document as holding data that is not for the public; the maps set it
        themselves when they are made for staff.
    base : BaseMap
        A site's own tiles under all else; None for none.
    """

    title: str
    title_en: str = ""
    lang: str = "zh"
    edition: str = ""
    as_of: str = ""
    generated_at: str = ""
    review_no: str = ""
    demo: bool = False
    internal: bool = False
    base: BaseMap | None = None

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise BadValue("There is no such language.", got=self.lang, allowed=LANGUAGES)

    def made_for(self, actor: Actor) -> MapInfo:
        """Return this with the mark for staff when `actor` is staff.

        Raises
        ------
        NotAllowed
            When the tiles are not for this actor.
        """
        if self.base is not None and not may_see(actor, self.base.visibility):
            raise NotAllowed(
                "The tiles under this map are not for its readers.",
                got=f"GRIDMAP_BASE_VISIBILITY={self.base.visibility.value}",
                allowed="tiles for the public, or none",
                repair="Draw it without them (--no-base).",
            )
        return replace(self, internal=self.internal or actor.is_staff)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the page takes its files from."""

    mode: Mode
    asset_base: str
    image_sources: tuple[str, ...] = field(default=())


class Page(Figure):
    """The page around one map."""

    def __init__(
        self,
        info: MapInfo,
        source: Source,
        layout: Layout,
        bounds: tuple[float, float, float, float],
    ) -> None:
        super().__init__(height="640px", title=info.title)
        self.header._children.clear()
        self._info = info
        self._source = source
        self._layout = layout
        self._base = None if info.base is None else info.base.told(bounds)

    def render(self, **kwargs: Any) -> str:
        """Return the page as text.

        Elements leave what they render in the page's parts, and some leave more each time:
        the parts are put back, so that a page can be made again and again.
        """
        parts = [(part, part._children.copy()) for part in (self.header, self.html, self.script)]
        try:
            return self._rendered(**kwargs)
        finally:
            for part, children in parts:
                part._children = children

    def _rendered(self, **kwargs: Any) -> str:
        for child in self._children.values():
            child.render(**kwargs)
        self._refuse_foreign_links()
        info, source = self._info, self._source
        page = _template().render(
            info=info,
            layout=self._layout,
            t=lambda key: translate(key, info.lang),
            heading=info.title_en if info.lang == "en" and info.title_en else info.title,
            head=_leaflet(source) + self.header.render(**kwargs),
            body=self.html.render(**kwargs),
            styles=_own("map.css"),
            runtime="\n".join(_own(name) for name in RUNTIME),
            settings=script_json(_settings(info) | {"base": self._base}),
            script=_in_script(self.script.render(**kwargs)),
        )
        return _with_policy(_with_fixed_ids(page, self), source)

    def _refuse_foreign_links(self) -> None:
        links = [
            x for x in self.header._children.values() if isinstance(x, (JavascriptLink, CssLink))
        ]
        for link in links:
            if re.match(r"(?:[a-z]+:)?//", link.url, re.IGNORECASE):
                raise BadValue(
                    "A layer on this map would load a file from another host.",
                    got=link.url,
                    repair="Use a layer that needs Leaflet only, or vendor the file.",
                )


def _template() -> Any:
    """Return the page's frame; every value printed by it is escaped unless marked as markup."""
    loader = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return loader.from_string(
        (files("gridmap.maps") / "templates" / "page.html.j2").read_text("utf-8")
    )


def _own(name: str) -> str:
    return (files("gridmap.maps") / "static" / name).read_text(encoding="utf-8")


def _settings(info: MapInfo) -> dict[str, Any]:
    return {
        "lang": info.lang,
        "title": {"zh": info.title, "en": info.title_en or info.title},
        "texts": {lang: {**texts(lang, "map."), **texts(lang, "nav.")} for lang in LANGUAGES},
    }


def _leaflet(source: Source) -> str:
    if source.mode == "served":
        base = escape(f"{source.asset_base}/leaflet")
        return (
            f'<link rel="stylesheet" href="{base}/leaflet.css">\n'
            f'<script src="{base}/leaflet.js"></script>\n'
        )
    icons = {
        key: assets.data_uri(f"leaflet/images/{name}.png")
        for key, name in (
            ("iconUrl", "marker-icon"),
            ("iconRetinaUrl", "marker-icon-2x"),
            ("shadowUrl", "marker-shadow"),
        )
    }
    return (
        f"<style>{assets.css_with_images('leaflet/leaflet.css')}</style>\n"
        f"<script>{assets.text('leaflet/leaflet.js')}\n"
        f"L.Icon.Default.mergeOptions({script_json(icons)});</script>\n"
    )


def _in_script(code: str) -> str:
    """Refuse code that would end its own script element: all data stands in islands."""
    if "</script" in code.lower() or "<!--" in code:
        raise BadValue("A layer of this map holds markup in its script.", got=code[:200])
    return code


def _with_fixed_ids(page: str, root: Element) -> str:
    """Replace folium's random element ids by running numbers, so equal input gives equal bytes."""
    known: set[str] = set()
    queue = [root]
    while queue:
        element = queue.pop()
        known.add(element._id)
        queue += element._children.values()
        queue += [
            part
            for name in ("header", "html", "script")
            if isinstance(part := getattr(element, name, None), Element)
        ]
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match.group(1) not in known:
            return match.group()
        return f"_{numbers.setdefault(match.group(1), len(numbers)):02d}"

    return _ID.sub(number, page)


def _with_policy(page: str, source: Source) -> str:
    hashes = [
        base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
        for code in _SCRIPT.findall(page)
    ]
    policy = _POLICY.format(
        own=" 'self'" if source.mode == "served" else "",
        images="".join(f" {host}" for host in source.image_sources),
        hashes=" ".join(f"'sha256-{h}'" for h in hashes),
    )
    return page.replace("__POLICY__", escape(policy, quote=True), 1)
