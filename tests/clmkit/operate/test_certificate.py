"""The certificate of a reconciliation: who signed it, what it is bound to, and what ends it."""

from __future__ import annotations

from pathlib import Path

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.clmkit.sync.world import SHIPPED, World

from clmkit.mapping.loader import load_spec
from clmkit.operate.certificate import NotCertified, certify, find_faults, read_certificate
from clmkit.sync.reconcile import ReconcileReport

KEYS = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "RSA": rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
OTHER = ed25519.Ed25519PrivateKey.generate()


def pems(key: object) -> tuple[bytes, bytes]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return private, public


PRIVATE, PUBLIC = pems(KEYS["Ed25519"])


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "contract.yml"
    path.write_text("spec: clmkit/v1\n")
    return path


def synced(*agreements: str) -> World:
    world = World()
    for agreement_id in agreements:
        world.agreement(agreement_id)
    world.run()
    return world


def report(*agreements: str) -> ReconcileReport:
    return synced(*agreements).reconcile()


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_what_its_owner_signed_is_read_back(mapping: Path, key: object) -> None:
    private, public = pems(key)
    found = report("AGR-000001")
    text = certify(found, mapping, "Revenue accounting", private, 1_800_000_000)
    claims = read_certificate(text, public)
    assert (claims.iss, claims.mapping, claims.rows, claims.data_hash) == (
        "Revenue accounting", "contract.yml", found.rows_compared, found.data_hash,
    )  # fmt: skip
    assert find_faults(claims, found, mapping) == []


def test_it_ends_when_the_mapping_or_the_data_change(mapping: Path) -> None:
    world = synced("AGR-000001")
    claims = read_certificate(certify(world.reconcile(), mapping, "x", PRIVATE, 0), PUBLIC)
    world.agreement("AGR-000001", title="Other")
    world.run()
    mapping.write_text("spec: clmkit/v2\n")
    found = world.reconcile()
    assert find_faults(claims, found, mapping) == [
        f"the mapping {mapping} is not the one that was certified",
        f"the data have changed: {claims.fields} fields then, {found.fields_compared} now",
    ]


def test_it_ends_when_the_mapping_below_an_overlay_changes(tmp_path: Path) -> None:
    below, overlay = tmp_path / "contract.yml", tmp_path / "emea.yml"
    below.write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    overlay.write_text("overlay: clmkit/v1\nbase: contract.yml\norg: emea\nsummary: Another org.\n", encoding="utf-8")
    assert load_spec(overlay).below == (below.as_posix(),)
    found = report("AGR-000001")
    claims = read_certificate(certify(found, overlay, "x", PRIVATE, 0), PUBLIC)
    assert find_faults(claims, found, overlay) == []
    below.write_text(below.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert find_faults(claims, found, overlay) == [f"the mapping {overlay} is not the one that was certified"]


def test_the_hash_of_the_data_does_not_depend_on_the_order_of_reading() -> None:
    assert report("AGR-000001", "AGR-000002").data_hash == report("AGR-000002", "AGR-000001").data_hash
    assert report("AGR-000001").data_hash != report("AGR-000002").data_hash


def test_what_differs_is_not_certified(mapping: Path) -> None:
    world = synced("AGR-000001")
    world.org.edit("Contract", "AGR-000001", CLM_Title__c="tampered")
    with pytest.raises(NotCertified, match=r"1 fields or rows differ; a certificate says that none does\."):
        certify(world.reconcile(), mapping, "x", PRIVATE, 0)


def test_a_certificate_of_somebody_else_or_for_something_else_is_refused(mapping: Path) -> None:
    text = certify(report("AGR-000001"), mapping, "x", PRIVATE, 0)
    with pytest.raises(NotCertified, match="This is no certificate of this key's owner"):
        read_certificate(text, pems(OTHER)[1])
    with pytest.raises(NotCertified, match="This is no certificate of this key's owner"):
        read_certificate(text[:-6] + "AAAAAA", PUBLIC)
    claims = msgspec.to_builtins(read_certificate(text, PUBLIC)) | {"purpose": "a loan"}
    with pytest.raises(NotCertified, match="This was signed for another purpose: a loan"):
        read_certificate(jwt.encode(claims, KEYS["Ed25519"], algorithm="EdDSA"), PUBLIC)  # type: ignore[arg-type]


def test_a_key_that_cannot_sign_is_named(mapping: Path) -> None:
    found = report("AGR-000001")
    with pytest.raises(NotCertified, match="The key is not PEM without a passphrase"):
        certify(found, mapping, "x", b"no key", 0)
    with pytest.raises(NotCertified, match="X25519PrivateKey cannot be used; take an Ed25519, P-256 or RSA key"):
        certify(found, mapping, "x", pems(x25519.X25519PrivateKey.generate())[0], 0)
