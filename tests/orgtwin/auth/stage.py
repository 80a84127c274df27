"""A twin whose clock can be turned, a key that signs assertions, and the ways through sign-in."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from orgtwin.auth.apps import CUMULUSCI, ClientApp
from orgtwin.http.app import Application
from orgtwin.http.in_process import Answer, InProcess
from orgtwin.http.start import Started, start_twin
from orgtwin.http.surfaces import ROUTES

TOKEN = "/services/oauth2/token"
REDIRECT = "http://localhost:7788/callback"
HEADER = {"alg": "RS256", "typ": "JWT"}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Signer:
    """A key and the certificate an app trusts it by."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clm")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(days=365))
            .sign(self.key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, **claims: object) -> str:
        """Claims that no honest client would send are signed too."""
        head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (HEADER, claims))
        signature = self.key.sign(head + b"." + body, padding.PKCS1v15(), hashes.SHA256())
        return b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


class Org:
    """A twin with a clock that can be turned."""

    def __init__(self, certificate: str | None = None, data: Path | None = None) -> None:
        self.clock = Clock()
        self.started: Started = start_twin(clock=self.clock, certificate=certificate, data=data)
        self.client = InProcess(Application(self.started.twin, ROUTES))

    @property
    def app(self) -> ClientApp:
        return self.started.app

    def post(self, path: str, **form: str) -> Answer:
        return self.send(path, form)

    def send(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        sent = {"content-type": "application/x-www-form-urlencoded", **headers}
        return self.client.request("POST", path, body=urlencode(form).encode(), headers=sent)

    def credentials(self) -> dict[str, str]:
        return {"client_id": self.app.client_id, "client_secret": self.started.client_secret}

    def claims(self, **changed: object) -> dict[str, Any]:
        basis = {
            "iss": self.app.client_id,
            "sub": self.started.integration_user.username,
            "aud": "https://login.salesforce.com",
            "exp": self.clock.now.timestamp(),
        }
        return {**basis, **changed}

    def authorize(self, **query: str) -> dict[str, str]:
        asked = {"response_type": "code", "client_id": CUMULUSCI, "redirect_uri": REDIRECT, **query}
        answer = self.client.get(f"/services/oauth2/authorize?{urlencode(asked)}")
        assert answer.status == 302, answer.text
        target = urlsplit(answer.headers["location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == REDIRECT
        return {name: values[0] for name, values in parse_qs(target.query).items()}

    def redeem(self, code: str, **form: str) -> Answer:
        return self.post(
            TOKEN,
            **{
                "grant_type": "authorization_code",
                "code": code,
                "client_id": CUMULUSCI,
                "redirect_uri": REDIRECT,
                **form,
            },
        )
