"""Secrets by reference: every place, what it says when the secret is not there, and that no message shows a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import keyring
import keyring.backend
import keyring.errors
import msgspec
import pytest
from tests.clmkit.secrets.vault_shape import Lease, Vault, serving

from clmkit.secrets import Reference, Resolver, SecretUnavailable

CANARY = "canary-7f3a"


def read(folder: Path, where: dict[str, str], **environment: str) -> str:
    return Resolver(folder, environment, home=folder).read(msgspec.convert(where, Reference))


def refusal(folder: Path, where: dict[str, str], **environment: str) -> str:
    with pytest.raises(SecretUnavailable) as refused:
        read(folder, where, **environment)
    assert CANARY not in str(refused.value)
    return str(refused.value).replace(str(folder), "DIR")


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 1  # type: ignore[assignment]
    kept: ClassVar[dict[tuple[str, str], str]] = {("clmkit", "bot"): CANARY}

    def get_password(self, service: str, username: str) -> str | None:
        if service == "locked":
            raise keyring.errors.KeyringLocked("the collection is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def _memory_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)  # type: ignore[no-untyped-call]


def test_the_environment_and_files_are_read_now_and_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("one\n")
    resolver, reference = Resolver(tmp_path, {}), Reference(file="secret.txt")
    assert resolver.read(reference) == "one"
    file.write_text("two\n")
    assert resolver.read(reference) == "two"
    (tmp_path / "org.json").write_text(json.dumps({"secret": "three"}))
    assert read(tmp_path, {"file": "org.json", "member": "secret"}) == "three"
    assert read(tmp_path, {"env": "NAME"}, NAME="four") == "four"


@pytest.mark.usefixtures("_memory_keyring")
def test_the_keyring_is_asked_for_a_user_of_a_service(tmp_path: Path) -> None:
    assert read(tmp_path, {"keyring": "clmkit", "user": "bot"}) == CANARY
    assert refusal(tmp_path, {"keyring": "clmkit", "user": "ann"}) == (
        "refers to 'ann' of 'clmkit' in the keyring, which is not there; `keyring set clmkit ann` keeps it"
    )
    assert refusal(tmp_path, {"keyring": "locked", "user": "bot"}) == (
        "refers to the keyring, which cannot be read: the collection is locked"
    )


MISSING = {
    "no variable": ({"env": "NAME"}, "refers to the environment variable NAME, which is not set"),
    "no file": ({"file": "none.txt"}, "refers to DIR/none.txt: No such file or directory"),
    "no member": (
        {"file": "org.json", "member": "x"},
        "refers to member 'x' of DIR/org.json, which is not there",
    ),
    "no text": ({"file": "org.json", "member": "n"}, "refers to DIR/org.json, which holds no text there"),
    "not JSON": (
        {"file": "plain.txt", "member": "n"},
        "refers to member 'n' of DIR/plain.txt, which is not there",
    ),
}


@pytest.mark.parametrize(("where", "says"), MISSING.values(), ids=list(MISSING))
def test_what_is_not_there_is_told_by_its_place(tmp_path: Path, where: dict[str, str], says: str) -> None:
    (tmp_path / "org.json").write_text(json.dumps({"n": 1, "secret": CANARY}))
    (tmp_path / "plain.txt").write_text(CANARY)
    assert refusal(tmp_path, where) == says


WRONG = {
    "nothing": ({}, "a reference names one place"),
    "two places": ({"env": "A", "file": "b"}, "a reference names one place"),
    "a user of a file": ({"file": "b", "user": "u"}, "file takes no user"),
    "no user": ({"keyring": "s"}, "keyring needs user"),
    "no member": ({"vault": "secret/x"}, "vault needs member"),
    "a member of a variable": ({"env": "A", "member": "m"}, "env takes no member"),
}


@pytest.mark.parametrize(("where", "says"), WRONG.values(), ids=list(WRONG))
def test_a_reference_names_one_place_and_what_goes_with_it(where: dict[str, str], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(where, Reference)


KEPT = {"/v1/secret/data/team/clmkit": {"client_secret": CANARY, "port": 1}, "/v1/secret/data/deleted": None}


@pytest.fixture(scope="module")
def vault() -> Iterator[str]:
    with serving(Vault(KEPT, {"good": Lease()}, "eu")) as one:
        yield one.url


def test_vault_gives_the_member_of_the_newest_version(tmp_path: Path, vault: str) -> None:
    where = {"vault": "secret/team/clmkit", "member": "client_secret"}
    assert read(tmp_path, where, VAULT_ADDR=vault, VAULT_TOKEN="good", VAULT_NAMESPACE="eu") == CANARY
    (tmp_path / ".vault-token").write_text("good\n")
    assert read(tmp_path, where, VAULT_ADDR=vault, VAULT_NAMESPACE="eu") == CANARY


VAULT_REFUSALS = {
    "no right": (
        {"vault": "secret/team/clmkit", "member": "client_secret"}, "bad",
        "URL/v1/secret/data/team/clmkit answered 403: the token may not read it; its policy needs `read` on this path",
    ),
    "no secret": (
        {"vault": "secret/none", "member": "x"}, "good",
        "URL/v1/secret/data/none answered 404: nothing is kept there, or the newest version was deleted",
    ),
    "no member": (
        {"vault": "secret/team/clmkit", "member": "x"}, "good",
        "URL/v1/secret/data/team/clmkit has no text under 'x'; its members are client_secret, port",
    ),
    "no text": (
        {"vault": "secret/team/clmkit", "member": "port"}, "good",
        "URL/v1/secret/data/team/clmkit has no text under 'port'; its members are client_secret, port",
    ),
    "another engine": (
        {"vault": "secret/html", "member": "x"}, "good",
        "URL/v1/secret/data/html answered with something that is no secret of the key/value engine version 2",
    ),
    "a way out": (
        {"vault": "secret/../sys/seal", "member": "x"}, "good", "'secret/../sys/seal' is not MOUNT/PATH, such as secret/clmkit",
    ),
    "no path": ({"vault": "secret", "member": "x"}, "good", "'secret' is not MOUNT/PATH, such as secret/clmkit"),
}  # fmt: skip


@pytest.mark.parametrize(("where", "token", "says"), VAULT_REFUSALS.values(), ids=list(VAULT_REFUSALS))
def test_vaults_refusals_say_what_to_do(
    tmp_path: Path, vault: str, where: dict[str, str], token: str, says: str
) -> None:
    told = refusal(tmp_path, where, VAULT_ADDR=vault, VAULT_TOKEN=token, VAULT_NAMESPACE="eu")
    assert told.replace(vault, "URL") == f"refers to Vault: {says}"


ADDRESSES = {
    "": "VAULT_ADDR: '' is not an http or https address",
    "http://vault.example.com": (
        "VAULT_ADDR: http://vault.example.com is plain http; only addresses of this machine may be used without TLS"
    ),
}


@pytest.mark.parametrize(("address", "says"), ADDRESSES.items())
def test_vault_is_asked_over_tls(tmp_path: Path, address: str, says: str) -> None:
    told = refusal(tmp_path, {"vault": "secret/x", "member": "y"}, VAULT_ADDR=address, VAULT_TOKEN="good")
    assert told == f"refers to Vault: {says}"


def test_without_a_token_vault_is_not_asked(tmp_path: Path) -> None:
    told = refusal(tmp_path, {"vault": "secret/x", "member": "y"}, VAULT_ADDR="http://127.0.0.1:1")
    assert told == "refers to Vault: neither VAULT_TOKEN nor ~/.vault-token is there; run `vault login`"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_that_is_renewed_in_time_opens_vault_long_after_its_first_end(tmp_path: Path) -> None:
    clock = Clock()
    with serving(Vault(KEPT, {}, clock=clock)) as vault:
        vault.lend("good", 60)
        resolver = Resolver(tmp_path, {"VAULT_ADDR": vault.url, "VAULT_TOKEN": "good"}, tmp_path)
        for _ in range(5):
            wait = resolver.renew()
            assert wait == 30.0
            clock.now += wait
        reference = Reference(vault="secret/team/clmkit", member="client_secret")
        assert (resolver.read(reference), vault.renewals) == (CANARY, 5)


def test_a_token_that_never_ends_is_looked_at_now_and_then(tmp_path: Path, vault: str) -> None:
    environment = {"VAULT_ADDR": vault, "VAULT_TOKEN": "good", "VAULT_NAMESPACE": "eu"}
    assert Resolver(tmp_path, environment, tmp_path).renew() == 600.0


NO_RENEWALS = [
    ("short", "Vault: the token ends in 60 s and cannot be renewed; run `vault login`"),
    (
        CANARY,
        "Vault: URL/v1/auth/token/lookup-self answered 403: the token has ended, was revoked, or may not renew itself; "
        "run `vault login`",
    ),
]


@pytest.mark.parametrize(("token", "says"), NO_RENEWALS)
def test_a_token_that_cannot_be_kept_alive_is_told_before_it_is_needed(tmp_path: Path, token: str, says: str) -> None:
    with serving(Vault(KEPT, {}, clock=Clock())) as vault:
        vault.lend("short", 60, renewable=False)
        resolver = Resolver(tmp_path, {"VAULT_ADDR": vault.url, "VAULT_TOKEN": token}, tmp_path)
        with pytest.raises(SecretUnavailable) as refused:
            resolver.renew()
    assert str(refused.value).replace(vault.url, "URL") == says
