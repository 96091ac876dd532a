"""What shows a receiver that a message is ours, whole, and of now.

``Gridmap-Signature: t=SECONDS,v1=HEX[,v1=HEX]`` where HEX is the HMAC-SHA256 of
``SECONDS.BODY`` under the receiver's secret. There is one ``v1`` a key while keys change;
one that fits is enough. A receiver refuses what is older than five minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

__all__ = ["HEADER", "TOLERANCE_S", "endpoint_secret", "sign", "verify"]

HEADER = "Gridmap-Signature"
TOLERANCE_S = 300


def endpoint_secret(key: bytes, salt: str) -> str:
    """Return the secret of one receiver, derived from the site's key: it is stored nowhere."""
    made = hmac.new(key, f"webhook:{salt}".encode(), hashlib.sha256).digest()
    return "ghs_" + base64.urlsafe_b64encode(made).decode().rstrip("=")


def sign(body: bytes, secrets: Sequence[str], moment: datetime) -> str:
    """Return the header's value for a body, under each of the secrets."""
    at = int(moment.timestamp())
    return ",".join([f"t={at}", *(f"v1={_mac(body, one, at)}" for one in secrets)])


def verify(header: str, body: bytes, secret: str, moment: datetime) -> bool:
    """True when the header shows that the body is ours and of now: for receivers and tests."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    times = [value for name, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isdigit():
        return False
    at = int(times[0])
    if abs(moment.timestamp() - at) > TOLERANCE_S:
        return False
    right = _mac(body, secret, at)
    return any(name == "v1" and hmac.compare_digest(value, right) for name, value in parts)


def _mac(body: bytes, secret: str, at: int) -> str:
    signed = f"{at}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
