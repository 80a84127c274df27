"""A certificate that both systems held the same: signed with the data owner's key, bound to the data and to the mapping.

It is a JSON Web Signature (RFC 7515) whose claims name the counts, the hash of every compared value, and the hash of the mapping
file with the one below it. It holds as long as neither has changed: `find_faults` says what has.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from clmkit.mapping.loader import load_spec
from clmkit.sync.reconcile import ReconcileReport

PURPOSE = "clmkit reconciliation"
_ALGORITHMS: dict[type, str] = {
    Ed25519PrivateKey: "EdDSA",
    Ed25519PublicKey: "EdDSA",
    EllipticCurvePrivateKey: "ES256",
    EllipticCurvePublicKey: "ES256",
    RSAPrivateKey: "RS256",
    RSAPublicKey: "RS256",
}


class NotCertified(Exception):
    """No certificate can be given, or one cannot be read; the message says why."""


class Claims(msgspec.Struct, frozen=True):
    """`iat` is seconds since 1970; the hashes are SHA-256 in hex."""

    purpose: str
    iss: str
    iat: int
    mapping: str
    mapping_hash: str
    data_hash: str
    agreements: int
    rows: int
    fields: int
    parked: int


def certify(report: ReconcileReport, mapping: Path, owner: str, key_pem: bytes, at: int) -> str:
    """The certificate as text. Raises NotCertified while anything differs, or for a key that cannot sign."""
    if not report.is_clean:
        raise NotCertified(f"{report.differing} fields or rows differ; a certificate says that none does.")
    key, algorithm = _read_key(load_pem_private_key, key_pem, password=None)
    claims = Claims(
        PURPOSE, owner, at, mapping.name, _hash_of(mapping), report.data_hash, report.agreements, report.rows_compared,
        report.fields_compared, len(report.parked),
    )  # fmt: skip
    return jwt.encode(msgspec.to_builtins(claims), key, algorithm=algorithm)


def read_certificate(text: str, public_pem: bytes) -> Claims:
    """Raises NotCertified when the text is no certificate, or this key's owner did not sign it."""
    key, algorithm = _read_key(load_pem_public_key, public_pem)
    try:
        decoded = jwt.decode(
            text.strip(), key, algorithms=[algorithm], options={"verify_aud": False, "verify_iat": False}
        )
        claims = msgspec.convert(decoded, Claims)
    except (jwt.PyJWTError, msgspec.ValidationError) as error:
        raise NotCertified(f"This is no certificate of this key's owner: {error}.") from error
    if claims.purpose != PURPOSE:
        raise NotCertified(f"This was signed for another purpose: {claims.purpose}.")
    return claims


def find_faults(claims: Claims, report: ReconcileReport, mapping: Path) -> list[str]:
    """Why the certificate no longer holds; empty while it does."""
    faults = []
    if claims.mapping_hash != _hash_of(mapping):
        faults.append(f"the mapping {mapping} is not the one that was certified")
    if claims.data_hash != report.data_hash:
        faults.append(f"the data have changed: {claims.fields} fields then, {report.fields_compared} now")
    if not report.is_clean:
        faults.append(f"{report.differing} fields or rows differ now")
    return faults


def _read_key(load: Any, pem: bytes, **options: Any) -> tuple[Any, str]:
    try:
        key = load(pem, **options)
    except (ValueError, TypeError) as error:
        raise NotCertified(f"The key is not PEM without a passphrase: {error}") from error
    for kind, algorithm in _ALGORITHMS.items():
        if isinstance(key, kind):
            return key, algorithm
    raise NotCertified(f"{type(key).__name__} cannot be used; take an Ed25519, P-256 or RSA key.")


def _hash_of(path: Path) -> str:
    """Of the mapping file and, when it is an overlay, of the spec below it."""
    whole = hashlib.sha256(path.read_bytes())
    for below in load_spec(path).below:
        whole.update(Path(below).read_bytes())
    return whole.hexdigest()
