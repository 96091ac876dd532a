"""Vendored browser files are those of the manifest, licensed, and load nothing else."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gridmap import assets
from gridmap.errors import NotFound

ROOT = Path(__file__).resolve().parent.parent
# Ways a script or style sheet makes the browser fetch something from a fixed host.
LOADS = re.compile(
    r"""(?:\bsrc\s*=\s*["'`]|\.src\s*=\s*["'`]|url\(\s*["']?|@import\s+["']?|\bfetch\(\s*["'`]"""
    r"""|\bimport\(\s*["'`]|importScripts\(\s*["'`])(?:https?:)?//""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor_assets", ROOT / "tools/vendor_assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor_assets"] = module
    spec.loader.exec_module(module)
    return module


def texts() -> list[tuple[str, str]]:
    found = [p for p in assets.folder().rglob("*") if p.suffix in {".js", ".css"}]
    assert found
    return [(p.name, p.read_text(encoding="utf-8")) for p in found]


def test_every_file_has_the_sum_that_the_manifest_says(tool: ModuleType) -> None:
    assert tool.faults() == []
    assert tool.faults(tool.TEST_ASSETS) == []


def test_a_changed_a_missing_and_a_stray_file_are_found(tool: ModuleType, tmp_path: Path) -> None:
    package = tmp_path / "tiny"
    package.mkdir()
    (package / "a.js").write_text("changed")
    (package / "c.js").write_text("stray")
    facts = {"a.js": {"sha256": tool.sha256(b"a")}, "b.js": {"sha256": tool.sha256(b"b")}}
    manifest = {"packages": [{"name": "tiny", "files": facts}]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert tool.faults(tmp_path) == [
        "tiny: c.js is not in the manifest",
        "tiny: a.js was changed after it was vendored",
        "tiny: b.js is missing",
    ]


def test_a_patch_that_no_longer_fits_stops_the_update(tool: ModuleType) -> None:
    patches = (tool.Patch("why", "old", "new"),)
    assert tool.apply_patches(b"an old line", patches, "f") == b"an new line"
    with pytest.raises(SystemExit, match="fits 0 times"):
        tool.apply_patches(b"another line", patches, "f")


def test_the_pinned_versions_are_those_in_the_manifest(tool: ModuleType) -> None:
    pinned = {(p.name, p.version) for p in tool.PACKAGES}
    assert pinned == {(p["name"], p["version"]) for p in assets.manifest()["packages"]}


def test_third_party_md_is_what_the_tool_writes(tool: ModuleType) -> None:
    written = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    assert written == tool.third_party_text(assets.manifest())


def test_every_package_brings_its_licence_text() -> None:
    for package in assets.manifest()["packages"]:
        assert package["licence_files"]
        for name in package["licence_files"]:
            assert len(assets.data(f"{package['name']}/{name}")) > 40


@pytest.mark.parametrize(("name", "text"), texts(), ids=lambda x: x if len(x) < 60 else "")
def test_no_asset_loads_from_another_host(name: str, text: str) -> None:
    assert LOADS.findall(text) == []


@pytest.mark.parametrize(("name", "text"), texts(), ids=lambda x: x if len(x) < 60 else "")
def test_no_asset_shows_a_flag_or_wants_a_source_map(name: str, text: str) -> None:
    assert "leaflet-attribution-flag" not in text
    assert "sourceMappingURL" not in text


def test_images_of_a_style_sheet_stand_in_it() -> None:
    css = assets.css_with_images("leaflet/leaflet.css")
    assert "data:image/png;base64,iVBOR" in css
    assert "url(images/" not in css


@pytest.mark.parametrize("name", ["nothing.js", "../errors.py", "leaflet", ""])
def test_a_name_that_is_no_asset_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        assets.data(name)


def test_only_images_become_data_addresses() -> None:
    assert assets.data_uri("leaflet/images/layers.png").startswith("data:image/png;base64,")
    with pytest.raises(NotFound):
        assets.data_uri("leaflet/leaflet.js")
