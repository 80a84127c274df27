"""sf org login: the three ways in that need no Salesforce domain, and what the CLI then knows of the org."""

from __future__ import annotations

import sys
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from tests.orgtwin.sf.conftest import Sf

pytestmark = [pytest.mark.e2e, pytest.mark.node]

# Asks for the address it is given and follows where it is sent. The CLI answers once its command for the browser has ended.
BROWSER = """\
#!{python}
import os, ssl, sys, urllib.request
if os.fork():
    os._exit(0)
urllib.request.urlopen(sys.argv[1], context=ssl.create_default_context(cafile={ca!r})).read()
"""


def test_an_access_token_signs_in_and_the_org_tells_about_itself(sf: Sf) -> None:
    shown = sf.run("org display")
    listed = sf.run("org list")["nonScratchOrgs"]
    by_user = sf.run("org display user")

    assert {name: shown[name] for name in ("id", "username", "alias", "apiVersion", "connectedStatus")} == {
        "id": sf.ready.org_id,
        "username": "admin@orgtwin.example",
        "alias": "twin",
        "apiVersion": "68.0",
        "connectedStatus": "Connected",
    }
    assert [(org["orgEdition"], org["isScratch"], org["isDevHub"]) for org in listed] == [
        ("Developer Edition", False, False)
    ]
    assert by_user["profileName"] == "System Administrator"


def test_a_signed_assertion_signs_a_user_in(sf: Sf, tmp_path: Path) -> None:
    key, certificate = _key_pair()
    key_file = tmp_path / "key.pem"
    key_file.write_bytes(key)
    app = sf.admin("apps", {"name": "cli", "flows": ["jwt_bearer"], "certificate": certificate, "public": True})
    sf = sf.with_home_of_its_own(tmp_path / "home")

    client = f"--client-id {app['client_id']} --jwt-key-file {key_file} --instance-url {sf.ready.https_url}"
    signed_in = sf.run(f"org login jwt {client} --username {sf.ready.integration_username} --alias jwt")
    shown = sf.run("org display user --target-org jwt")

    assert (signed_in["username"], signed_in["orgId"]) == (sf.ready.integration_username, sf.ready.org_id)
    assert shown["profileName"] == "Minimum Access - API Only Integrations"


def test_a_person_signs_in_with_a_browser_and_the_session_is_renewed(sf: Sf, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable, ca=sf.ready.ca_bundle))
    browser.chmod(0o755)
    own = sf.with_home_of_its_own(tmp_path / "home")
    # A container has no browser, so the CLI would not try.
    own = replace(own, variables={**sf.variables, "BROWSER": str(browser), "SF_CONTAINER_MODE": "false"})

    signed_in = own.run(f"org login web --instance-url {sf.ready.https_url} --alias web")
    assert (signed_in["username"], signed_in["clientId"]) == ("admin@orgtwin.example", "PlatformCLI")

    token = own.run("org auth show-access-token --target-org web --no-prompt")["accessToken"]
    with urllib.request.urlopen(f"{sf.ready.http_url}/services/oauth2/revoke?token={quote(token)}") as answer:
        assert answer.status == 200
    assert own.query("SELECT Name FROM Organization", "--target-org web") == [{"Name": "orgtwin"}]


def _key_pair() -> tuple[bytes, str]:
    """A private key and the certificate of its public half, PEM both."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sf")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM).decode()
