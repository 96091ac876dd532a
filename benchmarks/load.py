"""A small load generator: keep-alive connections, each asking again once it was answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, TypeVar

__all__ = ["Answer", "Load", "ask", "drive"]

_T = TypeVar("_T")

_HEAD_END = b"\r\n\r\n"


class Answer:
    """Status and body of one answer, and its type."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.status = int(head.split(b" ", 2)[1])
        self.content_type = _field(head, b"content-type").decode()
        self.body = body


@dataclass
class Load:
    """What one run did: requests, seconds by the clock, CPU seconds of the server."""

    requests: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    wrong: list[int] = field(default_factory=list)


def ask(host: str, port: int, request: bytes) -> Answer:
    """Send one request and return the answer."""

    async def once() -> Answer:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request)
        head = await reader.readuntil(_HEAD_END)
        body = await reader.readexactly(int(_field(head, b"content-length") or 0))
        writer.close()
        await writer.wait_closed()
        return Answer(head, body)

    return _run(once())


def drive(
    host: str,
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int,
    clock: Callable[[], float],
) -> Load:
    """Ask for so many seconds; answers other than 200 are listed."""
    return _run(_drive(host, port, requests, seconds, connections, clock))


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine in a thread of its own: the caller's may have a loop already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _drive(
    host: str,
    port: int,
    requests: Sequence[bytes],
    seconds: float,
    connections: int,
    clock: Callable[[], float],
) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    callers = []
    for number in range(connections):
        start = number * len(requests) // connections
        turn = cycle([*islice(requests, start, None), *islice(requests, start)])
        _, caller = await loop.create_connection(
            lambda turn=turn: _Caller(turn, load),  # type: ignore[misc]
            host,
            port,
        )
        callers.append(caller)
    began, cpu = time.perf_counter(), clock()
    for caller in callers:
        caller.next()
    await asyncio.sleep(seconds)
    load.seconds, load.cpu = time.perf_counter() - began, clock() - cpu
    done = load.requests
    for caller in callers:
        caller.transport.abort()
    # What is answered while the connections close does not count.
    load.requests = done
    return load


class _Caller(asyncio.Protocol):
    """One connection: writes a request, reads its answer by its length, and so on."""

    transport: asyncio.Transport

    def __init__(self, turn: cycle[bytes], load: Load) -> None:
        self.turn, self.load = turn, load
        self.had = bytearray()
        self.need = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def next(self) -> None:
        self.transport.write(next(self.turn))

    def data_received(self, data: bytes) -> None:
        self.had += data
        if not self.need:
            end = self.had.find(_HEAD_END)
            if end < 0:
                return
            head = bytes(self.had[:end])
            self.need = end + len(_HEAD_END) + int(_field(head, b"content-length") or 0)
            if not head.startswith(b"HTTP/1.1 200"):
                self.load.wrong.append(int(head[9:12]))
        if len(self.had) >= self.need:
            del self.had[: self.need]
            self.need = 0
            self.load.requests += 1
            self.next()


def _field(head: bytes, name: bytes) -> bytes:
    """Return the value of a header, empty when it is not there."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return b""
