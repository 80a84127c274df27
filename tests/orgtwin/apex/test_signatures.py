"""Crypto.sign and verify, against keys and signatures of another library."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
TEXT = b"It is signed."


def in_apex(data: bytes) -> str:
    return f"EncodingUtil.base64Decode('{base64.b64encode(data).decode()}')"


def private_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return in_apex(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def public_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return in_apex(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def shown(expression: str) -> str:
    engine = Engine(SmallOrg())
    assert (
        engine.run_anonymous(
            f"try {{ System.debug({expression}); }}"
            " catch (InvalidParameterValueException e) { System.debug(e.getMessage()); }"
        )
        == []
    )
    return engine.debug_log[0]


@pytest.mark.parametrize(("name", "digest"), [("RSA-SHA256", hashes.SHA256()), ("RSA-SHA512", hashes.SHA512())])
def test_an_rsa_signature_of_apex_is_one_for_others(name: str, digest: hashes.HashAlgorithm) -> None:
    made = shown(f"EncodingUtil.base64Encode(Crypto.sign('{name}', {in_apex(TEXT)}, {private_key(RSA)}))")
    RSA.public_key().verify(base64.b64decode(made), TEXT, padding.PKCS1v15(), digest)
    assert len(base64.b64decode(made)) == 256


def test_an_ecdsa_signature_of_apex_is_one_for_others() -> None:
    made = shown(f"EncodingUtil.base64Encode(Crypto.sign('ECDSA-SHA256', {in_apex(TEXT)}, {private_key(EC)}))")
    signature = base64.b64decode(made)
    EC.public_key().verify(signature, TEXT, ec.ECDSA(hashes.SHA256()))
    assert signature[0] == 0x30  # DER


@pytest.mark.parametrize(("text", "verdict"), [(TEXT, "true"), (b"It is forged.", "false")])
def test_apex_verifies_what_others_signed(text: bytes, verdict: str) -> None:
    rsa_signature = RSA.sign(TEXT, padding.PKCS1v15(), hashes.SHA256())
    ec_signature = EC.sign(TEXT, ec.ECDSA(hashes.SHA256()))
    asked: dict[str, tuple[bytes, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]] = {
        "RSA-SHA256": (rsa_signature, RSA),
        "ECDSA-SHA256": (ec_signature, EC),
    }
    assert [
        shown(f"Crypto.verify('{name}', {in_apex(text)}, {in_apex(signature)}, {public_key(key)})")
        for name, (signature, key) in asked.items()
    ] == [verdict, verdict]


REFUSED = {
    "Crypto.sign('RSA-MD5', Blob.valueOf('a'), Blob.valueOf('k'))": "Invalid algorithm: RSA-MD5",
    "Crypto.verify('RSA-MD5', Blob.valueOf('a'), Blob.valueOf('s'), Blob.valueOf('k'))": "Invalid algorithm: RSA-MD5",
}


@pytest.mark.parametrize("call", REFUSED)
def test_an_algorithm_that_there_is_not_is_refused(call: str) -> None:
    assert shown(call) == REFUSED[call]


@pytest.mark.parametrize(("call", "kind"), [("sign", "private"), ("verify", "public")])
def test_a_key_that_is_none_is_refused(call: str, kind: str) -> None:
    signature = "Blob.valueOf('s'), " if call == "verify" else ""
    text = shown(f"Crypto.{call}('RSA-SHA256', Blob.valueOf('a'), {signature}Blob.valueOf('k'))")
    assert text.startswith(f"Invalid {kind} key: ")
