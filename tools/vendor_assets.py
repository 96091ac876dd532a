"""Fetch the pinned browser packages and keep only the files that gridmap ships.

Run it from the repository after changing :data:`PACKAGES`::

    python tools/vendor_assets.py            # fetch, copy, write manifest and THIRD_PARTY.md
    python tools/vendor_assets.py --check    # compare what is there with the manifest

It needs ``npm`` and its registry; nothing else of gridmap ever does. No package script is
run. Files are copied as published except for the patches listed here, each of which must
match exactly as often as it says, so that an update cannot slip past one unnoticed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "gridmap" / "assets"
MANIFEST = ASSETS / "manifest.json"
# What only the tests use; it is not part of the package.
TEST_ASSETS = ROOT / "tests" / "vendor"
THIRD_PARTY = ROOT / "THIRD_PARTY.md"


@dataclass(frozen=True)
class Patch:
    """One change made to a published file: `old` occurs `times` times and becomes `new`."""

    why: str
    old: str
    new: str
    times: int = 1


@dataclass(frozen=True)
class Package:
    """One npm package: which of its files are kept, under which name, and its licence."""

    name: str
    version: str
    licence: str
    used_for: str
    files: dict[str, str]
    licence_files: tuple[str, ...]
    patches: dict[str, tuple[Patch, ...]] = field(default_factory=dict)


_FLAG_SVG = (
    '<a href="https://leafletjs.com" title="A JavaScript library for interactive maps">\'+'
    '(b.inlineSvg?\'<svg aria-hidden="true" xmlns="http://www.w3.org/2000/svg" width="12" '
    'height="8" viewBox="0 0 12 8" class="leaflet-attribution-flag"><path fill="#4C7BE1" '
    'd="M0 0h12v4H0z"/><path fill="#FFD500" d="M0 4h12v3H0z"/><path fill="#E0BC00" '
    'd="M0 7h12v1H0z"/></svg> \':"")+"Leaflet</a>"'
)
_FLAG_CSS = (
    ".leaflet-attribution-flag {\r\n\tdisplay: inline !important;\r\n"
    "\tvertical-align: baseline !important;\r\n\twidth: 1em;\r\n\theight: 0.6669em;\r\n\t}\r\n"
)

PACKAGES = (
    Package(
        name="leaflet",
        version="1.9.4",
        licence="BSD-2-Clause",
        used_for="the maps",
        files={
            "dist/leaflet.js": "leaflet.js",
            "dist/leaflet.css": "leaflet.css",
            "dist/images/layers.png": "images/layers.png",
            "dist/images/layers-2x.png": "images/layers-2x.png",
            "dist/images/marker-icon.png": "images/marker-icon.png",
            "dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",
            "dist/images/marker-shadow.png": "images/marker-shadow.png",
            "LICENSE": "LICENSE",
        },
        licence_files=("LICENSE",),
        patches={
            "dist/leaflet.js": (
                Patch("no national flag and no link in the attribution", f"'{_FLAG_SVG}", '""'),
                Patch("the source map is not shipped", "//# sourceMappingURL=leaflet.js.map", ""),
            ),
            "dist/leaflet.css": (Patch("no flag class", _FLAG_CSS, ""),),
        },
    ),
    Package(
        name="swagger-ui-dist",
        version="5.35.0",
        licence="Apache-2.0",
        used_for="the page /docs",
        files={
            "swagger-ui-bundle.js": "swagger-ui-bundle.js",
            "swagger-ui.css": "swagger-ui.css",
            "favicon-32x32.png": "favicon-32x32.png",
            "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
            "LICENSE": "LICENSE",
            "NOTICE": "NOTICE",
        },
        licence_files=("NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"),
        patches={
            "swagger-ui-bundle.js": (
                Patch(
                    "no validator badge from a foreign server",
                    '"https://validator.swagger.io/validator"',
                    "null",
                    times=3,
                ),
            ),
            "swagger-ui.css": (
                Patch(
                    "the source map is not shipped",
                    "/*# sourceMappingURL=swagger-ui.css.map*/",
                    "",
                ),
            ),
        },
    ),
)

TEST_PACKAGES = (
    Package(
        name="axe-core",
        version="4.14.1",
        licence="MPL-2.0",
        used_for="the tests of accessibility",
        files={"axe.min.js": "axe.min.js", "LICENSE": "LICENSE"},
        licence_files=("LICENSE",),
    ),
)


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def fetch(package: Package, folder: Path) -> dict[str, bytes]:
    """Return the wanted files of the published package, as published."""
    done = subprocess.run(
        ["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = folder / done.stdout.split()[-1]
    with tarfile.open(archive) as tar:
        out = {}
        for wanted in package.files:
            member = tar.extractfile(f"package/{wanted}")
            if member is None:
                raise SystemExit(f"{package.name} {package.version} has no file {wanted}")
            out[wanted] = member.read()
    return out


def apply_patches(data: bytes, patches: tuple[Patch, ...], where: str) -> bytes:
    """Return `data` with the patches applied; stop when one does not fit as expected."""
    for patch in patches:
        found = data.count(patch.old.encode())
        if found != patch.times:
            raise SystemExit(f"{where}: '{patch.why}' fits {found} times, not {patch.times}")
        data = data.replace(patch.old.encode(), patch.new.encode())
    return data


def vendor(package: Package, assets: Path = ASSETS) -> dict[str, Any]:
    """Fetch one package, write its files, and return its entry for the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        published = fetch(package, Path(folder))
    target = assets / package.name
    if target.exists():
        shutil.rmtree(target)
    entry: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "licence_files": list(package.licence_files),
        "used_for": package.used_for,
        "files": {},
    }
    for source, name in package.files.items():
        patches = package.patches.get(source, ())
        data = apply_patches(published[source], patches, f"{package.name}/{source}")
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        entry["files"][name] = {"bytes": len(data), "sha256": sha256(data)}
        if patches:
            entry["files"][name]["published_sha256"] = sha256(published[source])
            entry["files"][name]["changes"] = [p.why for p in patches]
    return entry


def third_party_text(manifest: dict[str, Any], assets: Path = ASSETS) -> str:
    """Return THIRD_PARTY.md for this manifest: one section and licence text a package."""
    lines = [
        "# Third-party files shipped with gridmap",
        "",
        "Written by `tools/vendor_assets.py`; the files stand in `gridmap/assets/`, their",
        "SHA-256 sums in `gridmap/assets/manifest.json`. Python dependencies are not shipped:",
        "each is installed under its own licence. No font is shipped.",
        "",
        "| package | version | licence | used for |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        "| {name} | {version} | {licence} | {used_for} |".format(**package)
        for package in manifest["packages"]
    ]
    for package in manifest["packages"]:
        lines += ["", f"## {package['name']} {package['version']} ({package['licence']})", ""]
        for name, facts in package["files"].items():
            changes = facts.get("changes")
            note = f" - changed: {'; '.join(changes)}" if changes else ""
            lines.append(f"- `{name}`{note}")
        for name in package["licence_files"]:
            text = (assets / package["name"] / name).read_text(encoding="utf-8").strip("\n")
            fence = "```text"
            lines += ["", f"`{name}`:", "", fence, *(x.rstrip() for x in text.split("\n")), "```"]
    return "\n".join(lines) + "\n"


def faults(assets: Path = ASSETS) -> list[str]:
    """Return what differs between the manifest and the files beside it; empty when sound."""
    manifest = json.loads((assets / "manifest.json").read_text(encoding="utf-8"))
    out = []
    for package in manifest["packages"]:
        folder = assets / package["name"]
        there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        strays = sorted(there - set(package["files"]))
        out += [f"{package['name']}: {x} is not in the manifest" for x in strays]
        for name, facts in package["files"].items():
            if name not in there:
                out.append(f"{package['name']}: {name} is missing")
            elif sha256((folder / name).read_bytes()) != facts["sha256"]:
                out.append(f"{package['name']}: {name} was changed after it was vendored")
    return out


def write(packages: tuple[Package, ...], assets: Path) -> dict[str, Any]:
    """Fetch packages into a folder, write its manifest, and return that."""
    assets.mkdir(parents=True, exist_ok=True)
    manifest = {"packages": [vendor(p, assets) for p in packages]}
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (assets / MANIFEST.name).write_text(text + "\n", encoding="utf-8")
    return manifest


def main(argv: list[str] | None = None) -> int:
    """Fetch and write, or with ``--check`` compare only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the manifest only")
    parser.add_argument("--tests", action="store_true", help="fetch only what the tests use")
    said = parser.parse_args(argv)
    if not said.check:
        write(TEST_PACKAGES, TEST_ASSETS)
    if not said.check and not said.tests:
        manifest = write(PACKAGES, ASSETS)
        THIRD_PARTY.write_text(third_party_text(manifest), encoding="utf-8")
    found = [*faults(), *faults(TEST_ASSETS)]
    for line in found:
        print(line, file=sys.stderr)
    print(f"{len(PACKAGES) + len(TEST_PACKAGES)} packages, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
