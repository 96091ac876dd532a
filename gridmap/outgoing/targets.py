"""Which addresses may be sent to: nothing inside our own walls unless the site says so.

An address is looked up once, and the connection made to what was found then: a name that
means another machine a moment later gets nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gridmap.errors import BadValue, NotAllowed

__all__ = ["Target", "check_target", "check_url", "resolve"]

_SCHEMES = {"http": 80, "https": 443}
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes.

    Attributes
    ----------
    scheme, host : str
    port : int
    path : str
        With its query.
    """

    scheme: str
    host: str
    port: int
    path: str


def check_url(url: str) -> Target:
    """Return where an address leads, without asking the network.

    Raises
    ------
    BadValue
        When it is no http(s) address, or bears a name and password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST
    if not plain or parts.scheme not in _SCHEMES or not parts.hostname or parts.username:
        raise BadValue(
            "Nothing can be sent to this address.",
            got=url.rpartition("@")[2][:200],
            allowed="https://HOST/PATH or http://HOST/PATH, without name and password",
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or _SCHEMES[parts.scheme], path)


def check_target(target: Target, *, private: bool) -> None:
    """Refuse what no lookup is needed to know of: an address inside, written out, or this machine.

    What a name means is known when it is sent to: see :func:`resolve`.

    Raises
    ------
    NotAllowed
        As :func:`resolve`.
    """
    name = target.host.rstrip(".")
    host = "127.0.0.1" if name == "localhost" or name.endswith(".localhost") else target.host
    try:
        found = socket.getaddrinfo(
            host, target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except OSError:
        return
    _allowed(target, found, private=private)


def resolve(target: Target, *, private: bool) -> list[str]:
    """Return the addresses of the target's host, all of which may be connected to.

    Raises
    ------
    NotAllowed
        When the host is, also, inside a private network or this machine, unless `private`.
    OSError
        When the host is not known.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    return _allowed(target, found, private=private)


def _allowed(target: Target, found: Sequence[tuple[Any, ...]], *, private: bool) -> list[str]:
    """Return the addresses of what a lookup gave, or raise `NotAllowed`."""
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    inside = [one for one in addresses if not _is_public(one)]
    if inside and not private:
        raise NotAllowed(
            "The address lies inside a private network.",
            got=f"{target.host} is {', '.join(sorted(set(inside)))}",
            repair="Set GRIDMAP_OUTGOING_PRIVATE=true where that is meant.",
        )
    return list(dict.fromkeys(addresses))


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        # An IPv4 address in the clothes of IPv6, in any of their cuts.
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            found = inner
        elif found in _NAT64:
            return _is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        elif found.is_site_local or found.is_reserved:
            # Networks given up long ago, which a site may still use inside; `is_global` says
            # that they are public.
            return False
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
