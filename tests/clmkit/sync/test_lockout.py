"""A secret that cannot be used is one alert with cause, owner and the command that ends it, however often it was met."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.clmkit.secrets.vault_shape import Vault, serving
from tests.clmkit.sync.test_door_keys import FIRST, SECOND, Store, is_let_in
from tests.clmkit.sync.world import World

from clmkit.clients.errors import LoginFailed
from clmkit.operate.alerts import Alert, find_alerts
from clmkit.secrets import Reference, Resolver, SecretUnavailable
from clmkit.secrets.freshness import kept_fresh
from clmkit.sync.config import ConfigError
from clmkit.sync.door_keys import NAME_KEY, UNKNOWN_KEY, Registration
from clmkit.sync.lockout import REFUSED_LOGIN, Door, find_fix, find_lockouts, keeper

AT = "2026-11-22T10:00:00Z"
KEPT = {"/v1/secret/data/clmkit": {"known": "x"}}
VAULT = Reference(vault="secret/clmkit", member="client_secret")

# what is wrong with the source of a secret -> the command that mends it
SOURCES: dict[str, tuple[Reference, dict[str, str], str]] = {
    "a variable is not set": (
        Reference(env="CLM_SECRET"), {}, "export CLM_SECRET=..., and start the sync again",
    ),
    "a file is gone": (Reference(file="hook"), {}, "write the secret to FOLDER/hook"),
    "Vault is down": (VAULT, {"VAULT_ADDR": "http://127.0.0.1:1"}, "vault status"),
    "Vault has no such member": (VAULT, {}, "vault kv patch secret/clmkit client_secret=-"),
    "Vault keeps nothing there": (
        Reference(vault="secret/other", member="key"), {}, "vault kv put secret/other key=-",
    ),
    "the token may not read it": (VAULT, {"VAULT_TOKEN": "bad"}, "vault token lookup"),
    "no token": (VAULT, {"VAULT_TOKEN": ""}, "vault login"),
    "Vault has no address": (VAULT, {"VAULT_ADDR": ""},
                             "export VAULT_ADDR=https://..., and start the sync again"),
}  # fmt: skip


@pytest.mark.parametrize("story", SOURCES)
def test_what_is_wrong_with_the_source_of_a_secret_names_the_command_that_mends_it(story: str, tmp_path: Path) -> None:
    reference, environment, fix = SOURCES[story]
    vault = Vault(KEPT, {})
    vault.lend("good", 60)
    with serving(vault) as served:
        known = {"VAULT_ADDR": served.url, "VAULT_TOKEN": "good", **environment}
        with pytest.raises(SecretUnavailable) as told:
            Resolver(tmp_path, {name: value for name, value in known.items() if value}, tmp_path).read(reference)
    assert told.value.fix.replace(str(tmp_path), "FOLDER") == fix
    login = LoginFailed("clm")
    login.__cause__ = ConfigError("sync.yml")
    login.__cause__.__cause__ = told.value
    assert find_fix(login) == told.value.fix


def test_a_thousand_logins_without_a_secret_are_one_alert_until_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(now=AT)
    world.agreement()
    read = world.clm.read_changes

    async def refuse(after: str, limit: int = 500) -> object:
        raise LoginFailed("sync.yml: clm.client_secret refers to Vault: it is sealed.") from SecretUnavailable(
            "sealed", "vault operator unseal"
        )

    monkeypatch.setattr(world.clm, "read_changes", refuse)
    for _ in range(1000):
        report = world.run()
    cause = "sync.yml: clm.client_secret refers to Vault: it is sealed."
    assert find_alerts([], report, (), find_lockouts(world.state)) == [
        Alert("critical", cause, "operator", 1000, AT, [], "vault operator unseal")
    ]
    monkeypatch.setattr(world.clm, "read_changes", read)
    world.run()
    assert find_lockouts(world.state) == []


def test_a_secret_that_the_system_does_not_know_is_told_with_what_to_do() -> None:
    assert find_fix(LoginFailed("The CLM refuses the client 'clmkit': invalid_client")) == REFUSED_LOGIN


def test_calls_that_no_known_key_signed_are_one_alert_until_none_come() -> None:
    world, store = World(now=AT), Store()
    door = store.door()
    registration = Registration(door, world.engine(), "http://127.0.0.1/", is_public=True, every=30.0)
    asyncio.run(registration.look())
    assert [is_let_in(door, key) for key in (SECOND, SECOND, FIRST)] == [False, False, True]
    asyncio.run(registration.look())
    (alert,) = find_alerts([], None, (), find_lockouts(world.state))
    assert (alert.severity, alert.cause, alert.count) == ("critical", UNKNOWN_KEY, 2)
    assert alert.fix == NAME_KEY.format(every=30.0)
    asyncio.run(registration.look())
    assert find_lockouts(world.state) == []


def test_a_token_of_vault_that_ends_is_an_alert_before_it_has_ended_and_none_after_it_was_replaced() -> None:
    world = World(now=AT)
    note = keeper(world.state, Door.VAULT_TOKEN, lambda: AT)
    troubles = [
        SecretUnavailable("Vault: the token ends in 60 s and cannot be renewed; run `vault login`", "vault login"),
        SecretUnavailable("Vault: the token ends in 50 s and cannot be renewed; run `vault login`", "vault login"),
    ]

    found: list[list[tuple[str, int, str]]] = []

    def note_and_see(trouble: Exception | None) -> None:
        note(trouble)
        found.append([(one.since, one.count, one.fix) for one in find_lockouts(world.state)])

    async def scene() -> None:
        ended = asyncio.Event()

        async def refresh() -> float:
            if troubles:
                raise troubles.pop(0)
            ended.set()
            return 60.0

        async with kept_fresh(refresh, (SecretUnavailable,), lambda words: None, 0.0, note_and_see):
            await ended.wait()
            await asyncio.sleep(0)

    asyncio.run(scene())
    assert found == [[(AT, 1, "vault login")], [(AT, 2, "vault login")], []]
