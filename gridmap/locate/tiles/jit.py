"""Compiling with numba: one place for its options, its cache, and two machine instructions.

Nothing is compiled at import. A function is compiled at its first call and kept in numba's
cache: ``NUMBA_CACHE_DIR`` if that is set, else beside the module, else (a read-only
installation) the user's own cache folder. Where none can be written, or what is kept cannot be
read, every process compiles for itself. The first time that a process has to compile, it says
so in its log; ``python -m gridmap.locate.tiles`` compiles everything beforehand.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = [
    "array_at",
    "compiled",
    "double_bits",
    "double_pointer",
    "inlined",
    "inner",
    "int_pointer",
    "long_pointer",
    "lowest_bit",
    "making",
    "octet_pointer",
    "prefetch",
]

_log = logging.getLogger("gridmap.locate")
_announced: list[bool] = []

# What reading damaged or missing files of compiled code raises.
_UNUSABLE = (
    OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, LookupError,
    AttributeError, ImportError, RuntimeError,
)  # fmt: skip

# What numba makes of a function takes and returns numba's types, which mypy knows nothing of.
Compiled = Callable[..., Any]

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}
_WITHIN: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# Counting who holds an array costs more than reading from it; a caller holds what it lends.
_LENT: dict[str, Any] = {"_nrt": False}
_OWNED: dict[str, Any] = {"_nrt": True}


def compiled(function: Callable[..., Any]) -> Compiled:
    """Compile at the first call, outside Python's lock, and keep the machine code."""
    try:
        made = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        # numba's word for "no folder to cache in can be written".
        made = numba.njit(**_OPTIONS)(function)
    else:
        _stamp(made, Path(function.__code__.co_filename))
    _watch(made)
    return cast(Compiled, made)


def inner(function: Callable[..., Any]) -> Compiled:
    """Compile for compiled callers alone: without the way in from Python, which takes long.

    It counts no references, so it makes and returns no array; :func:`making` is for those.
    """
    return cast(Compiled, numba.njit(**_WITHIN, **_LENT, **_OPTIONS)(function))


def making(function: Callable[..., Any]) -> Compiled:
    """Compile as :func:`inner` what makes arrays."""
    return cast(Compiled, numba.njit(**_WITHIN, **_OWNED, **_OPTIONS)(function))


def inlined(function: Callable[..., Any]) -> Compiled:
    """Compile into every compiled caller; like :func:`inner` it makes no array."""
    return cast(Compiled, numba.njit(forceinline=True, **_WITHIN, **_LENT, **_OPTIONS)(function))


def _stamp(made: Any, source: Path) -> None:
    """Tie cached code to all modules of its room, not only to the function's own.

    numba compares the time of one source file, but code of other modules is compiled in.
    """
    kept = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if kept is not None and hasattr(kept, "_source_stamp"):
        files = sorted({*source.parent.glob("*.py"), *Path(__file__).parent.glob("*.py")})
        kept._source_stamp = tuple((f.name, f.stat().st_mtime, f.stat().st_size) for f in files)


def _watch(made: Any) -> None:
    """Say when code has to be compiled, and do without a cache that fails."""
    cache = getattr(made, "_cache", None)
    if cache is None:
        return
    load, save = cache.load_overload, cache.save_overload

    def loaded(signature: Any, context: Any) -> Any:
        found = None
        try:
            found = load(signature, context)
        except _UNUSABLE as error:
            _log.warning("Compiled code in %s cannot be used: %r", cache.cache_path, error)
            with contextlib.suppress(OSError):  # Then it cannot be kept either, which is said.
                cache.flush()
        if found is None:
            _announce()
        return found

    def saved(signature: Any, result: Any) -> None:
        try:
            save(signature, result)
        except OSError as error:
            _log.warning("Compiled code cannot be kept: %s", error)

    cache.load_overload, cache.save_overload = loaded, saved


def _announce() -> None:
    """Say once a process that it compiles."""
    if not _announced:
        _announced.append(True)
        _log.warning("Compiling the spatial index once; later starts are immediate.")


def _instruction(function: Callable[..., Any]) -> Compiled:
    return cast(Compiled, intrinsic(function))


@_instruction
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of ``array[index]`` before it is needed."""
    signature = types.void(array, types.int64)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        made = context.make_array(sig.args[0])(context, builder, arguments[0])
        place = builder.gep(made.data, [arguments[1]])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = builder.module.declare_intrinsic("llvm.prefetch.p0", fnty=kind)
        # For reading, to stay in all caches, data.
        constants = [ir.Constant(word, value) for value in (0, 3, 1)]
        builder.call(function, [builder.bitcast(place, byte), *constants])
        return context.get_dummy_value()

    return signature, generate


@_instruction
def lowest_bit(typing: Any, value: Any) -> Any:
    """Number of the lowest bit set in an int64 that is not 0."""
    signature = types.int64(types.int64)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return signature, generate


@_instruction
def double_bits(typing: Any, value: Any) -> Any:
    """Return the 64 bits of a double as an int64."""
    signature = types.int64(types.float64)

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return signature, generate


def _pointer(kind: Any) -> Compiled:
    """Make an intrinsic that takes an address (int64) for a pointer to values of a kind."""

    def pointer(typing: Any, address: Any) -> Any:
        signature = cast(Any, types).CPointer(kind)(types.int64)

        def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(sig.return_type))

        return signature, generate

    return _instruction(pointer)


array_at: Compiled = cast(Any, numba).carray

# Handing an array over to compiled code takes as long as looking up a point does; a table of
# addresses is one array for all. Whoever fills it keeps the arrays alive.
double_pointer = _pointer(types.float64)
octet_pointer = _pointer(types.uint8)
int_pointer = _pointer(types.int32)
long_pointer = _pointer(types.int64)
