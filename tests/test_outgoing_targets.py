"""Where messages may go, and what becomes of one that is sent: real sockets on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from gridmap.errors import BadValue, NotAllowed
from gridmap.outgoing import DeliveryFailed, check_target, check_url, post
from gridmap.outgoing.targets import resolve
from tests.case_town import receiver

INSIDE = (
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fec0::1", "fc00::1", "fd12::3", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::10.0.0.1",
    "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)  # fmt: skip
OUTSIDE = ("93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1")


def named(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the host 'hook.example' mean other addresses each time it is asked for."""
    real, asked, left = socket.getaddrinfo, [], list(answers)

    def found(host: str, port: int, *more: object, **words: object) -> list[object]:
        if host != "hook.example":
            return real(host, port, *more, **words)  # type: ignore[arg-type]
        asked.append(host)
        now = left.pop(0) if len(left) > 1 else left[0]
        kind = socket.SOCK_STREAM
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in a], kind, 6, "", (a, port)) for a in now]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


@contextmanager
def speaking(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and answers as it likes, until the block ends."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            with server.accept()[0] as one:
                got.append(one.recv(65536))
                answer(one)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/hook", got
        finally:
            thread.join()


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_refused_however_it_is_written(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    named(monkeypatch, [address])
    host = f"[{address}]" if ":" in address else address
    for url in ("https://hook.example/x", f"https://{host}/x"):
        with pytest.raises(NotAllowed, match="private network"):
            resolve(check_url(url), private=False)
    assert resolve(check_url("https://hook.example/x"), private=True) == [address]


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_is_not(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    named(monkeypatch, [address])
    assert resolve(check_url("https://hook.example/x"), private=False) == [address]


def test_a_name_that_also_means_an_address_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named(monkeypatch, [OUTSIDE[0], "10.0.0.1"])
    with pytest.raises(DeliveryFailed, match=r"private network.*10\.0\.0\.1"):
        post("http://hook.example/x", b"{}", {}, timeout_s=1, private=False)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "017700000001"])
def test_other_ways_to_write_this_machine_are_seen_through(host: str) -> None:
    with pytest.raises(NotAllowed, match="private network"):
        resolve(check_url(f"http://{host}/x"), private=False)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost", "localhost.", "app.localhost", "127.1", "2130706433", "0x7f.1",
     "192.168.1.10", "[::1]", "[fd12::3]", "[::ffff:10.0.0.1]"],
)  # fmt: skip
def test_what_lies_inside_is_known_without_a_lookup(host: str) -> None:
    target = check_url(f"http://{host}/hook")
    with pytest.raises(NotAllowed, match="private network") as refused:
        check_target(target, private=False)
    assert "GRIDMAP_OUTGOING_PRIVATE" in str(refused.value.repair)
    check_target(target, private=True)


@pytest.mark.parametrize("host", ["hook.example", "93.184.215.14", "[2606:2800:21f:cb07::1]"])
def test_a_name_is_not_looked_up_and_what_lies_outside_is_taken(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    asked = named(monkeypatch, ["10.0.0.1"])
    real = socket.getaddrinfo

    def found(name: str, port: int, *more: object, **words: object) -> list[object]:
        if name == "hook.example" and words.get("flags") == socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(name, port, *more, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    check_target(check_url(f"https://{host}/hook"), private=False)
    assert asked == []


@pytest.mark.parametrize(
    "url",
    ["ftp://h/x", "file:///etc/passwd", "https:///x", "https://a:b@h/x", "https://h:99999/x",
     "https://h/a b", "https://h/\r\nX: y", "//h/x", "", "https://" + "h" * 2_000],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadValue, match="Nothing can be sent"):
        check_url(url)


def test_the_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiver() as program:
        asked = named(monkeypatch, ["127.0.0.1"], ["203.0.113.9"])
        url = program.address.replace("127.0.0.1", "hook.example")
        assert post(url, b'{"id": 1}', {}, timeout_s=5, private=True).status == 200
        ((headers, body, _),) = program.got
    assert (asked, body) == (["hook.example"], {"id": 1})
    assert headers["Host"].partition(":")[0] == "hook.example"


def test_an_address_that_no_way_leads_to_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as program:
        # Nobody listens at the second one, on the same port.
        named(monkeypatch, ["127.0.0.2", "127.0.0.1"])
        url = program.address.replace("127.0.0.1", "hook.example")
        assert post(url, b'{"id": 1}', {}, timeout_s=5, private=True).status == 200


def test_nothing_reaches_this_machine_unless_the_site_says_so() -> None:
    with receiver() as program:
        with pytest.raises(DeliveryFailed, match="GRIDMAP_OUTGOING_PRIVATE"):
            post(program.address, b'{"id": 1}', {}, timeout_s=5, private=False)
        assert program.got == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status: int) -> None:
    with receiver() as inner:

        def answer(one: socket.socket) -> None:
            to = f"Location: {inner.address}\r\nContent-Length: 0\r\n\r\n"
            one.sendall(f"HTTP/1.1 {status} Moved\r\n{to}".encode())

        with (
            speaking(answer) as (url, _),
            pytest.raises(DeliveryFailed, match=f"status {status}") as failed,
        ):
            post(url, b"{}", {}, timeout_s=5, private=True)
        assert not failed.value.silent
        assert inner.got == []


def test_a_receiver_that_answers_drop_by_drop_is_left_in_time() -> None:
    def answer(one: socket.socket) -> None:
        one.sendall(b"HTTP/1.1 200 OK\r\n")
        with suppress(OSError):
            # Until the other side has gone.
            while True:
                one.sendall(b"X: y\r\n")
                one.settimeout(0.05)
                with suppress(TimeoutError):
                    if not one.recv(1):
                        return

    # Each drop comes well within the time: only the sum of them does not.
    with (
        speaking(answer) as (url, _),
        pytest.raises(DeliveryFailed, match=r"No answer within 0\.4 s") as failed,
    ):
        post(url, b"{}", {}, timeout_s=0.4, private=True)
    assert failed.value.silent


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_answer_is_said_to_be_none(said: bytes) -> None:
    with (
        speaking(lambda one: one.sendall(said)) as (url, got),
        pytest.raises(DeliveryFailed, match="No answer") as failed,
    ):
        post(url, b"{}", {"Gridmap-Event": "x"}, timeout_s=5, private=True)
    assert failed.value.silent
    assert got[0].startswith(b"POST /hook HTTP/1.1\r\n")


def test_a_host_that_is_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DeliveryFailed, match=r"not known: hook\.example"):
        post("https://hook.example/x", b"{}", {}, timeout_s=1, private=False)
