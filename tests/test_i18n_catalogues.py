"""Both catalogues hold the same keys, every key used exists, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gridmap import i18n
from gridmap.errors import BadValue, NotFound

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# A key in quotes; one that ends in a full stop is the beginning of keys put together later.
QUOTED = re.compile(r"""["'`]([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+\.?|[a-z][a-z0-9_]*\.)(?=["'`{])""")
FILES = (".j2", ".html", ".css", ".js", ".py", ".md")


def sources() -> list[Path]:
    places = [ROOT / "gridmap", ROOT / "api"]
    kinds = {".py", ".js", ".j2", ".html"}
    vendored = ROOT / "gridmap" / "assets"
    return [
        p
        for place in places
        for p in place.rglob("*")
        if p.suffix in kinds and vendored not in p.parents
    ]


def quoted() -> tuple[set[str], tuple[str, ...]]:
    """Keys in quotes anywhere in the sources, and beginnings of keys."""
    roots = {key.partition(".")[0] for key in i18n.catalogue("zh")}
    words = {
        word
        for path in sources()
        for word in QUOTED.findall(path.read_text(encoding="utf-8"))
        if word.partition(".")[0] in roots and not word.endswith(FILES)
    }
    return {w for w in words if not w.endswith(".")}, tuple(w for w in words if w.endswith("."))


def test_the_languages_hold_the_same_keys() -> None:
    chinese, english = i18n.catalogue("zh"), i18n.catalogue("en")
    assert set(chinese) ^ set(english) == set()
    assert len(chinese) > 40


def test_no_text_is_empty_and_placeholders_agree() -> None:
    for key, text in i18n.catalogue("zh").items():
        other = i18n.catalogue("en")[key]
        assert text.strip()
        assert other.strip()
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(other)), key


def test_every_key_used_by_code_scripts_and_templates_exists() -> None:
    used, _ = quoted()
    assert len(used) > 40
    assert used - set(i18n.catalogue("zh")) == set()


def test_no_key_is_left_over() -> None:
    used, begun = quoted()
    unused = {k for k in i18n.catalogue("zh") if k not in used and not k.startswith(begun)}
    assert unused == set()


def test_a_catalogue_names_no_key_twice() -> None:
    for lang in i18n.LANGUAGES:
        path = ROOT / "gridmap" / "locales" / lang / "LC_MESSAGES" / "gridmap.po"
        keys = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(keys) == len(set(keys)) == len(i18n.catalogue(lang))


def test_no_english_text_of_a_page_is_wrong_for_one_or_makes_a_plural_of_a_name() -> None:
    # What is counted from two on.
    several = {"around.photos", "map.one.here"}
    wrong = re.compile(r"\{\w+\}s\b|\{n\} (?!is\b)(?:[a-z]+s|people)\b")
    pages = ("around.", "map.", "page.", "sheet.")
    found = {k for k, text in i18n.texts("en", *pages).items() if wrong.search(text)}
    assert found == several
    assert i18n.translate("map.card.child_count", "en", level="Community", n=12) == "Community: 12"
    assert i18n.translate("around.count", "en", n=1) == "Places: 1"


def test_placeholders_are_filled() -> None:
    assert i18n.translate("map.list.more", "zh", n=3) == "再显示 3 处"
    assert i18n.translate("map.list.more", "en", n=3) == "Show 3 more"


def test_texts_for_a_script_are_those_of_its_prefixes() -> None:
    some = i18n.texts("zh", "map.place.")
    assert some["map.place.phone"] == "电话"
    assert all(key.startswith("map.place.") for key in some)
    assert i18n.texts("en") == dict(i18n.catalogue("en"))


def test_an_unknown_key_or_language_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="no such text"):
        i18n.translate("map.no_such_thing")
    with pytest.raises(BadValue, match="no such language"):
        i18n.catalogue("fr")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en;q=0.3, zh;q=0.2", "en"),
        ("fr, *;q=0.1", "zh"),
        ("en;q=0", "zh"),
        ("en;q=...", "zh"),
        (";;;,,, en ;q=0.5", "en"),
        ("en" * 5000, "zh"),
    ],
)
def test_the_best_language_a_browser_asks_for(header: str | None, language: str) -> None:
    assert i18n.preferred_language(header) == language
