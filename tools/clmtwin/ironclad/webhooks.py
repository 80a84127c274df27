"""Ironclad's webhook calls: which event a change is, and the signature that its receivers verify.

The signed text is event id, body and nonce, one after the other; the signature is RSA with SHA-256, in base64.
"""

from __future__ import annotations

import base64
import secrets

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from clmtwin.lifecycle import Stage
from clmtwin.model import Change
from clmtwin.store import Store

EVENTS = (
    "*",
    "workflow_launched",
    "workflow_updated",
    "workflow_cancelled",
    "workflow_completed",
    "record_contract_status_changed",
)
COMPANY_ID = "5928719b30182d3700364a74"
_KEY = "ironclad_webhook_key"
_BY_STAGE = {
    Stage.CANCELLED: "workflow_cancelled",
    Stage.EXECUTED: "workflow_completed",
    Stage.ACTIVE: "record_contract_status_changed",
    Stage.EXPIRED: "record_contract_status_changed",
    Stage.TERMINATED: "record_contract_status_changed",
}


class _Stage(msgspec.Struct):
    stage: Stage


def event_of(change: Change) -> str:
    if change.type == "agreement.created":
        return "workflow_launched"
    return _BY_STAGE.get(msgspec.json.decode(change.agreement, type=_Stage).stage, "workflow_updated")


def body_of(change: Change, webhook_id: str) -> bytes:
    event = event_of(change)
    name = "recordID" if event.startswith("record_") else "workflowID"
    payload = {"event": event, name: change.agreement_id}
    return msgspec.json.encode(
        {"companyID": COMPANY_ID, "payload": payload, "timestamp": change.occurred_at, "webhookID": webhook_id}
    )


def signed_headers(store: Store, change: Change, body: bytes, nonce: str | None = None) -> dict[str, str]:
    nonce = nonce or secrets.token_hex(8)
    event_id = f"webhookEvent{change.event_id}"
    signature = _private_key(store).sign(event_id.encode() + body + nonce.encode(), padding.PKCS1v15(), hashes.SHA256())
    verification = {
        "nonce": nonce,
        "signAlgorithm": "sha256",
        "signature": base64.b64encode(signature).decode(),
        "encoding": "base64",
    }
    return {
        "content-type": "application/json",
        "x-ironclad-webhook-event-id": event_id,
        "x-ironclad-webhook-verification": msgspec.json.encode(verification).decode(),
    }


def public_key_pem(store: Store) -> bytes:
    return _private_key(store).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _private_key(store: Store) -> rsa.RSAPrivateKey:
    """Made when it is first needed, kept in the store: a restart does not change what receivers verify with."""
    known = store.find_setting(_KEY)
    if known is None:
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        known = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        store.put_setting(_KEY, known)
    key = load_pem_private_key(known.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the store holds a key of another kind")
    return key
