"""Whether a webhook call is genuine. One row per kind of signature; a key is what the system's description says it is.

standard   Standard Webhooks: HMAC over id, timestamp and body, within five minutes (standardwebhooks.com)
ironclad   RSA over event id, body and nonce, with Ironclad's public key ("Webhook Verification", developer.ironcladapp.com);
           its calls carry no time of signing, so an old one cannot be told: it wakes the sync and nothing else
Hmac       what a description says of a system's own way to sign with a secret that both sides know
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from standardwebhooks import Webhook, WebhookVerificationError

from clmkit.clients.errors import UNREADABLE
from clmkit.connectors.description import Hmac

EVENT_ID = "x-ironclad-webhook-event-id"
VERIFICATION = "x-ironclad-webhook-verification"
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "rsa-sha256": hashes.SHA256,
    "sha512": hashes.SHA512,
    "rsa-sha512": hashes.SHA512,
}
_ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "hex": binascii.unhexlify,
}


TOLERANCE = 300.0
"""Seconds for which a call counts that tells when it was signed, as in Standard Webhooks."""


class _Verification(msgspec.Struct, rename="camel"):
    nonce: str
    sign_algorithm: str
    signature: str
    encoding: str


def is_genuine(
    kind: str | Hmac,
    keys: tuple[str, ...],
    headers: Mapping[str, str],
    body: bytes,
    now: Callable[[], float] = time.time,
) -> bool:
    """Whether one of the keys fits: secrets of `standard` and Hmac, public keys (PEM) of `ironclad`."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if isinstance(kind, Hmac):
        return _is_timely(kind, lowered, now()) and any(_is_signed(kind, key, lowered, body) for key in keys)
    return any(_KINDS[kind](key, lowered, body) for key in keys)


def _is_standard(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _is_ironclad(pem: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        told = msgspec.json.decode(headers.get(VERIFICATION, ""), type=_Verification)
        key = load_pem_public_key(pem.encode())
        signature = _ENCODINGS[told.encoding.lower()](told.signature)
        algorithm = _HASHES[told.sign_algorithm.lower()]()
    except (*UNREADABLE, ValueError, KeyError):
        return False
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(
            signature, headers.get(EVENT_ID, "").encode() + body + told.nonce.encode(), padding.PKCS1v15(), algorithm
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_timely(how: Hmac, headers: Mapping[str, str], now: float) -> bool:
    if not how.timestamp:
        return True
    at = headers.get(how.timestamp.lower(), "")
    return at.isascii() and at.isdigit() and len(at) < 12 and abs(now - int(at)) <= TOLERANCE


def _is_signed(how: Hmac, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    told = headers.get(how.header.lower(), "")
    before, _, after = how.signed.replace("{timestamp}", headers.get(how.timestamp.lower(), "")).partition("{body}")
    try:
        signature = _ENCODINGS[how.encoding](told.removeprefix(how.prefix))
    except ValueError:
        return False
    made = hmac.digest(secret.encode(), before.encode() + body + after.encode(), how.algorithm)
    return told.startswith(how.prefix) and hmac.compare_digest(made, signature)


_KINDS = {"standard": _is_standard, "ironclad": _is_ironclad}
