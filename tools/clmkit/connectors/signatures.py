"""Whether a webhook call is genuine. One row per kind of signature; a key is what the system's description says it is.

standard   Standard Webhooks: HMAC over id, timestamp and body, within five minutes (standardwebhooks.com)
ironclad   RSA over event id, body and nonce, with Ironclad's public key ("Webhook Verification", developer.ironcladapp.com);
           its calls carry no time of signing, so an old one cannot be told: it wakes the sync and nothing else
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from standardwebhooks import Webhook, WebhookVerificationError

from clmkit.clients.errors import UNREADABLE

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


class _Verification(msgspec.Struct, rename="camel"):
    nonce: str
    sign_algorithm: str
    signature: str
    encoding: str


def is_genuine(kind: str, keys: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the keys fits: secrets of `standard`, public keys (PEM) of `ironclad`."""
    lowered = {name.lower(): value for name, value in headers.items()}
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


_KINDS = {"standard": _is_standard, "ironclad": _is_ironclad}
