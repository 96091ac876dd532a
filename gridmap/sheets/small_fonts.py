"""The font of the sheets cut down to the characters that are in use, once a process.

The open Chinese fonts hold 65,000 glyphs in twenty megabytes. WeasyPrint cuts them anew for every
document, and what it keeps has a place for each glyph that is gone: from a font that holds the
characters of GB 2312 a sheet is made in two thirds of the time, in half the bytes and in half the
memory. Characters beyond those come from the whole font, which stands behind this one.
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["small_font"]

# Latin with its accents, punctuation, arrows and signs beside what GB 2312 has.
_RANGES = ((0x20, 0x17F), (0x2010, 0x2040), (0x20AC, 0x20AC), (0x2190, 0x2193), (0xFF01, 0xFF5E))
# Of fontconfig: its scale of weights, the kind of match, and "found".
_FC_WEIGHTS = {400: 80, 700: 200}
_FC_MATCH_PATTERN, _FC_RESULT_MATCH = 0, 0
# Of HarfBuzz: no hints, and outlines that each stand for themselves.
_HB_FLAGS = 0x1 | 0x4
_HB_MEMORY_READONLY = 1
# The set of tables that go, and in it the rules that would bring in every form of a character.
_HB_DROP_TABLES, _GSUB = 3, int.from_bytes(b"GSUB", "big")


@lru_cache(maxsize=4)
def small_font(families: tuple[str, ...], weight: int) -> bytes | None:
    """Return the first of some families that is installed, with the usual characters alone.

    None where none is, where it is one that varies, or where a library for it is missing: then
    the whole font does.

    Parameters
    ----------
    weight : {400, 700}
    """
    libraries = [find_library(name) for name in ("fontconfig", "harfbuzz", "harfbuzz-subset")]
    if None in libraries:
        return None
    try:
        fontconfig, harfbuzz, subset = (ctypes.CDLL(name) for name in libraries)
        found = _installed(fontconfig, families, weight)
        return None if found is None else _cut(harfbuzz, subset, *found)
    except (OSError, AttributeError):  # a library that cannot be loaded, or is too old
        return None


def _characters() -> list[int]:
    """Return the code points that are kept."""
    found = {code for first, last in _RANGES for code in range(first, last + 1)}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            found.update(map(ord, bytes([high, low]).decode("gb2312", "ignore")))
    return sorted(found)


def _installed(fontconfig: Any, families: tuple[str, ...], weight: int) -> tuple[Path, int] | None:
    """Return the file of a family that is installed, and which of the fonts in it."""
    for name in ("FcNameParse", "FcFontMatch"):
        getattr(fontconfig, name).restype = ctypes.c_void_p
    for family in families:
        asked = fontconfig.FcNameParse(f"{family}:weight={_FC_WEIGHTS[weight]}".encode())
        pattern = ctypes.c_void_p(asked)
        fontconfig.FcConfigSubstitute(None, pattern, _FC_MATCH_PATTERN)
        fontconfig.FcDefaultSubstitute(pattern)
        matched = ctypes.c_void_p(fontconfig.FcFontMatch(None, pattern, _result()))
        try:
            said = _text(fontconfig, matched, b"family")
            file, index = _text(fontconfig, matched, b"file"), ctypes.c_int()
            got = fontconfig.FcPatternGetInteger(matched, b"index", 0, ctypes.byref(index))
            # The upper half tells an instance of a font that varies.
            if said == family and file and got == _FC_RESULT_MATCH and not index.value >> 16:
                return Path(file), index.value
        finally:
            fontconfig.FcPatternDestroy(matched)
            fontconfig.FcPatternDestroy(pattern)
    return None


def _result() -> Any:
    return ctypes.byref(ctypes.c_int())


def _text(fontconfig: Any, pattern: ctypes.c_void_p, name: bytes) -> str:
    value = ctypes.c_char_p()
    if fontconfig.FcPatternGetString(pattern, name, 0, ctypes.byref(value)) != _FC_RESULT_MATCH:
        return ""
    return (value.value or b"").decode()


def _cut(harfbuzz: Any, subset: Any, file: Path, index: int) -> bytes | None:
    """Return a font of a file with the usual characters alone."""
    for name in ("hb_blob_create", "hb_face_create", "hb_face_reference_blob", "hb_blob_get_data"):
        getattr(harfbuzz, name).restype = ctypes.c_void_p
    for name in ("hb_subset_input_create_or_fail", "hb_subset_input_unicode_set",
                 "hb_subset_input_set", "hb_subset_or_fail"):  # fmt: skip
        getattr(subset, name).restype = ctypes.c_void_p
    content = file.read_bytes()
    blob = ctypes.c_void_p(
        harfbuzz.hb_blob_create(content, len(content), _HB_MEMORY_READONLY, None, None)
    )
    face = ctypes.c_void_p(harfbuzz.hb_face_create(blob, index))
    wanted = ctypes.c_void_p(subset.hb_subset_input_create_or_fail())
    kept = ctypes.c_void_p(subset.hb_subset_input_unicode_set(wanted))
    for code in _characters():
        harfbuzz.hb_set_add(kept, code)
    gone = ctypes.c_void_p(subset.hb_subset_input_set(wanted, _HB_DROP_TABLES))
    harfbuzz.hb_set_add(gone, _GSUB)
    subset.hb_subset_input_set_flags(wanted, _HB_FLAGS)
    small = ctypes.c_void_p(subset.hb_subset_or_fail(face, wanted))
    out = None
    if small.value:
        made = ctypes.c_void_p(harfbuzz.hb_face_reference_blob(small))
        length = ctypes.c_uint()
        data = harfbuzz.hb_blob_get_data(made, ctypes.byref(length))
        out = ctypes.string_at(data, length.value) if data else None
        harfbuzz.hb_blob_destroy(made)
        harfbuzz.hb_face_destroy(small)
    subset.hb_subset_input_destroy(wanted)
    harfbuzz.hb_face_destroy(face)
    harfbuzz.hb_blob_destroy(blob)
    return out
