"""Signed assertions (JWT): checks signature and claims against the certificates an app trusts.

Source: "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" (Salesforce Help): RS256; iss is the client id, sub the
username, aud the authorization server, exp within minutes. Two clients differ, and orgs let them: CumulusCI sends exp equal to
now, the sf CLI sends exp in milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from orgtwin.auth.apps import ClientApp
from orgtwin.auth.refusal import refusal

_SKEW_SECONDS = 180
# A time in seconds has ten digits until the year 2286; more digits are milliseconds.
_LARGEST_SECONDS = 10_000_000_000
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a client claims before anything is verified."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    expires: float


def read_assertion(token: str) -> Assertion:
    """The claims, unverified, to find out whose keys apply. Raises invalid_grant."""
    import jwt  # at start it would cost every twin what only signed assertions need

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        expires = float(claims["exp"])
        issuer, subject, audience = str(claims["iss"]), str(claims["sub"]), claims["aud"]
        listed = (audience,) if isinstance(audience, str) else tuple(str(item) for item in audience)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise refusal("bad_assertion") from error
    if not math.isfinite(expires):
        raise refusal("bad_assertion")
    return Assertion(issuer, subject, listed, expires / 1_000 if expires > _LARGEST_SECONDS else expires)


def require_genuine(token: str, assertion: Assertion, app: ClientApp, now: datetime, own_urls: Iterable[str]) -> None:
    """Signed by a key the app trusts, meant for this org, not expired. Raises invalid_grant."""
    if not any(_is_signed_by(token, certificate) for certificate in app.certificates):
        raise refusal("bad_assertion")
    known = {url.rstrip("/") for url in (*_AUDIENCES, *own_urls)}
    if not any(name.rstrip("/") in known for name in assertion.audience):
        raise refusal("bad_audience")
    if assertion.expires + _SKEW_SECONDS < now.timestamp():
        raise refusal("expired_assertion")


def read_certificate(text: str) -> x509.Certificate:
    """A PEM certificate. Raises ValueError with the reason."""
    certificate = x509.load_pem_x509_certificate(text.encode())
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise ValueError("the certificate's key is not RSA, and assertions are signed with RS256")
    return certificate


def _is_signed_by(token: str, certificate: str) -> bool:
    import jwt

    key = read_certificate(certificate).public_key()
    options = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False}
    try:
        jwt.decode(token, key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
    except (jwt.PyJWTError, TypeError):
        return False
    return True
