"""One POST request, to the very address that was looked at. Redirects are not followed."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from gridmap.errors import NotAllowed
from gridmap.outgoing.targets import check_url, resolve

__all__ = ["Delivery", "DeliveryFailed", "post"]

_MOST_READ = 2_000


class DeliveryFailed(Exception):
    """The receiver did not take the message; its text says why, for the list of failures.

    Attributes
    ----------
    silent : bool
        True when there was no answer at all: the next message would not get one either.
    """

    def __init__(self, why: str, *, silent: bool = False) -> None:
        super().__init__(why)
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that was taken: what the receiver answered."""

    status: int


class _Plain(http.client.HTTPConnection):
    """Connects to one of the addresses found before, whatever the host's name means by now."""

    def __init__(self, host: str, port: int, addresses: Sequence[str], timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._addresses = addresses

    def connect(self) -> None:
        *others, last = self._addresses
        for address in others:
            # A host may have addresses that no way leads to from here.
            with suppress(OSError):
                self.sock = socket.create_connection((address, self.port), self.timeout)
                return
        self.sock = socket.create_connection((last, self.port), self.timeout)

    def secure(self) -> None:
        """Encrypt the connection: not this one."""


class _Tls(_Plain):
    """The same, with the certificate checked for the host's name."""

    default_port = 443

    def secure(self) -> None:
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
    private: bool,
) -> Delivery:
    """Send a body, and return what was answered when it was taken (2xx).

    Parameters
    ----------
    timeout_s : float
        For the whole of it: a receiver that answers drop by drop holds nobody up.
    private : bool
        True: addresses inside private networks may be sent to.

    Raises
    ------
    DeliveryFailed
        When there was no answer, or another one. The answer's text is not repeated: it is
        somebody else's.
    """
    target = check_url(url)
    try:
        addresses = resolve(target, private=private)
    except NotAllowed as error:
        raise DeliveryFailed(str(error)) from error
    except OSError as error:
        raise DeliveryFailed(f"The host is not known: {target.host}.", silent=True) from error
    kind = _Tls if target.scheme == "https" else _Plain
    connection = kind(target.host, target.port, addresses, timeout_s)
    try:
        connection.connect()
        with _at_most(connection.sock, timeout_s):
            connection.secure()
            connection.request("POST", target.path, body, dict(headers))
            answer = connection.getresponse()
            answer.read(_MOST_READ)
    except _Late as error:
        raise DeliveryFailed(f"No answer within {timeout_s:g} s.", silent=True) from error
    except (OSError, http.client.HTTPException) as error:
        said = str(error) or type(error).__name__
        raise DeliveryFailed(f"No answer: {said[:200]}.", silent=True) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DeliveryFailed(f"Answered with status {answer.status}.")
    return Delivery(answer.status)


@contextmanager
def _at_most(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Shut a connection, and raise `_Late`, when the block lasts longer."""
    late = threading.Event()
    # A handle of our own: the other one may be wrapped, or closed, when the time is over.
    with sock.dup() as own:

        def cut() -> None:
            late.set()
            # It may have ended by itself in this very moment.
            with suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            if late.is_set():
                raise _Late from error
            raise
        finally:
            timer.cancel()
            timer.join()
        if late.is_set():
            raise _Late


class _Late(Exception):
    """The time was over."""
