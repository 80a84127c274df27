"""A certificate authority that lives as long as one run of the twin.

Keys are made anew at every start and never leave the process, except for the moment in which the ssl module reads the server's key
from a private temporary file. The bundle that clients get holds the system's authorities and ours, so that a client pointed at it
still reaches the rest of the world.
"""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=397)
_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """PEM texts of one authority and of the server certificate it signed for this machine's own names."""

    ca_certificate: bytes
    server_certificate: bytes
    server_key: bytes


def create_authority(now: datetime, extra_host: str | None = None) -> Authority:
    """A new authority and a server certificate for localhost, 127.0.0.1, ::1 and `extra_host`."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "orgtwin local authority")])
    ca_builder = _builder(ca_name, ca_name, ca_key.public_key(), now).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    ca_usage = _key_usage(sign_certificates=True)
    ca_key_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = ca_builder.add_extension(ca_usage, critical=True).add_extension(ca_key_id, critical=False)
    ca_certificate = ca.sign(ca_key, hashes.SHA256())

    server_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    server = (
        _builder(name, ca_name, server_key.public_key(), now)
        .add_extension(x509.SubjectAlternativeName(_names(extra_host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_key_id), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return Authority(
        ca_certificate.public_bytes(serialization.Encoding.PEM),
        server.public_bytes(serialization.Encoding.PEM),
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
    )


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _names(extra_host: str | None) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    hosts = ["127.0.0.1", "::1"]
    if extra_host and extra_host not in ("localhost", *hosts, "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        hosts.append(extra_host)
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def server_context(authority: Authority) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the authority's server certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.NamedTemporaryFile(prefix="orgtwin-", suffix=".pem") as file:
        file.write(authority.server_key + authority.server_certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def ca_bundle(authority: Authority, environment: Mapping[str, str]) -> bytes:
    """The authorities this machine trusts already and ours, as one PEM file."""
    return _system_bundle(environment).read_bytes().rstrip(b"\n") + b"\n\n# orgtwin\n" + authority.ca_certificate


def _system_bundle(environment: Mapping[str, str]) -> Path:
    candidates = [
        environment.get("REQUESTS_CA_BUNDLE"),
        environment.get("CURL_CA_BUNDLE"),
        environment.get("SSL_CERT_FILE"),
    ]
    found = next((Path(name) for name in candidates if name and Path(name).is_file()), None)
    return found or Path(certifi.where())
