"""Requests that gridmap makes to others: to whom, signed how, and what comes back.

====================  ==========================================================
:mod:`.targets`       which addresses may be sent to
:mod:`.signatures`    what shows a receiver that a message is ours
:mod:`.posting`       one request, to the very address that was looked at
:mod:`.channels`      notices on ways other than the inbox
====================  ==========================================================
"""

from gridmap.outgoing.channels import Channel, WebhookChannel
from gridmap.outgoing.posting import Delivery, DeliveryFailed, post
from gridmap.outgoing.signatures import endpoint_secret, sign, verify
from gridmap.outgoing.targets import Target, check_target, check_url

__all__ = [
    "Channel",
    "Delivery",
    "DeliveryFailed",
    "Target",
    "WebhookChannel",
    "check_target",
    "check_url",
    "endpoint_secret",
    "post",
    "sign",
    "verify",
]
