"""One POST request, to the very address that was looked at. Redirects are not followed."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from gridmap.errors import NotAllowed
from gridmap.outgoing.targets import check_url, resolve

__all__ = ["Delivery", "DeliveryFailed", "post"]

_MOST_READ = 2_000


class DeliveryFailed(Exception):
    """The receiver did not take the message; its text says why, for the list of failures."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that was taken: what the receiver answered."""

    status: int


class _Plain(http.client.HTTPConnection):
    """Connects to an address found before, whatever the host's name means by now."""

    def __init__(self, host: str, port: int, address: str, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _Tls(_Plain):
    """The same, with the certificate checked for the host's name."""

    default_port = 443

    def connect(self) -> None:
        super().connect()
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

    Raises
    ------
    DeliveryFailed
        When there was no answer, or another one. The answer's text is not repeated: it is
        somebody else's.
    """
    target = check_url(url)
    try:
        address = resolve(target, private=private)
    except NotAllowed as error:
        raise DeliveryFailed(str(error)) from error
    except OSError as error:
        raise DeliveryFailed(f"The host is not known: {target.host}.") from error
    kind = _Tls if target.scheme == "https" else _Plain
    connection = kind(target.host, target.port, address, timeout_s)
    try:
        connection.request("POST", target.path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(_MOST_READ)
    except (OSError, http.client.HTTPException) as error:
        said = str(error) or type(error).__name__
        raise DeliveryFailed(f"No answer: {said[:200]}.") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DeliveryFailed(f"Answered with status {answer.status}.")
    return Delivery(answer.status)
