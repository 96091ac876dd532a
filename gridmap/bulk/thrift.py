"""Thrift's compact protocol, as far as a Parquet footer needs it: read, change, write again.

A struct is a dictionary of field number to `Value`, in the order of the bytes. What was read and
not changed is written as the very bytes it was read from.

Source: the `Thrift compact protocol`_ and ``parquet.thrift`` of the Parquet format 2.12.

.. _Thrift compact protocol:
   https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Struct", "Value", "Values", "read_struct", "write_struct"]

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
)  # fmt: skip
_WHOLE = (_I16, _I32, _I64)
_LONG_LIST = 15


class Value(NamedTuple):
    """A field: its type in the protocol, and an int, bool, bytes, `Struct` or `Values`."""

    kind: int
    value: Any


Struct = dict[int, Value]


@dataclass(slots=True)
class Values:
    """A list or set: the type of its members, and they."""

    kind: int
    members: list[Any]


def read_struct(data: bytes) -> Struct:
    """Return the struct that `data` begins with; `ValueError` when it is not one."""
    try:
        return _Reader(data).struct()
    except IndexError as error:
        raise ValueError("the struct breaks off") from error


def write_struct(struct: Struct) -> bytes:
    """Return the bytes of a struct."""
    out = bytearray()
    _write_struct(out, struct)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> Struct:
        found: Struct = {}
        field = 0
        while head := self._byte():
            kind, step = head & 0x0F, head >> 4
            field = field + step if step else self._whole()
            flag = kind in (_TRUE, _FALSE)
            found[field] = Value(kind, kind == _TRUE if flag else self._value(kind))
        return found

    def _value(self, kind: int) -> Any:
        if kind in _WHOLE:
            return self._whole()
        if kind == _BINARY:
            return self._bytes(self._number())
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            return self._values()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind in (_BYTE, _TRUE, _FALSE):
            # In a list a truth value is a byte; in a struct it is the field's type.
            return self._byte()
        raise ValueError(f"a type that Parquet does not use: {kind}")

    def _values(self) -> Values:
        head = self._byte()
        kind, count = head & 0x0F, head >> 4
        if count == _LONG_LIST:
            count = self._number()
        return Values(kind, [self._value(kind) for _ in range(count)])

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise IndexError
        return self._data[self._at - count : self._at]

    def _number(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def _whole(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)


def _write_struct(out: bytearray, struct: Struct) -> None:
    last = 0
    for field, (kind, value) in struct.items():
        step = field - last
        truth = kind in (_TRUE, _FALSE)
        written = (_TRUE if value else _FALSE) if truth else kind
        if 0 < step < 16:
            out.append(step << 4 | written)
        else:
            out.append(written)
            _write_whole(out, field)
        last = field
        if not truth:
            _write_value(out, kind, value)
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _WHOLE:
        _write_whole(out, value)
    elif kind == _BINARY:
        _write_number(out, len(value))
        out += value
    elif kind == _STRUCT:
        _write_struct(out, value)
    elif kind in (_LIST, _SET):
        count = len(value.members)
        out.append(min(count, _LONG_LIST) << 4 | value.kind)
        if count >= _LONG_LIST:
            _write_number(out, count)
        for member in value.members:
            _write_value(out, value.kind, member)
    elif kind == _DOUBLE:
        out += value
    else:
        out.append(value)


def _write_number(out: bytearray, number: int) -> None:
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _write_whole(out: bytearray, number: int) -> None:
    _write_number(out, number << 1 if number >= 0 else (-number << 1) - 1)
