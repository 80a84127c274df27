"""A secret in HashiCorp Vault, key/value engine version 2: GET /v1/MOUNT/data/PATH. And the token that reads it, kept alive.

Address, token and namespace come from the variables that Vault's own command line reads: VAULT_ADDR, VAULT_TOKEN (or the token
file that `vault login` or an agent writes), VAULT_NAMESPACE, VAULT_CACERT.
Source: "KV secrets engine - version 2 (API)", "Token auth method (API)": lookup-self and renew-self, "Vault commands: environment
variables" (developer.hashicorp.com/vault).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from clmkit.clients.transport import require_private

TIMEOUT_SECONDS = 10
RENEWED_AT = 0.5
"""The part of a token's time after which it is renewed."""
SHORTEST_SECONDS = 0.5
NEVER_ENDS_SECONDS = 600.0
"""Another token may be in the file by then."""
_LARGEST = 1_000_000
_TOKEN_FILE = ".vault-token"  # noqa: S105 - the name of a file


class VaultError(Exception):
    """Vault did not give the secret; the message names the path and what is wrong, `fix` is the command that mends it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class _Version(msgspec.Struct):
    data: dict[str, object] | None


class _Secret(msgspec.Struct):
    data: _Version


class _Life(msgspec.Struct):
    """The seconds that a token has left, 0 for one that never ends."""

    ttl: int = 0
    renewable: bool = False


class _Token(msgspec.Struct):
    data: _Life


class _Lease(msgspec.Struct):
    lease_duration: int = 0


class _Renewal(msgspec.Struct):
    auth: _Lease


T = TypeVar("T")


@dataclass(frozen=True)
class _Question(Generic[T]):
    """What is asked, the shape of the answer, and what a refusal and another answer mean."""

    method: str
    shape: type[T]
    refusals: Mapping[int, tuple[str, str]]
    strange: str


_LOG_IN, _STATUS = "vault login", "vault status"
# status -> why, and the command that mends it
_REFUSALS = {
    404: ("nothing is kept there, or the newest version was deleted", "vault kv put {path} {member}=-"),
    429: ("Vault is a standby or has too many requests; try again", _STATUS),
    473: ("this node only serves performance reads", _STATUS),
    501: ("Vault is not initialised", "vault operator init"),
    503: ("Vault is sealed", "vault operator unseal"),
}
_MAY_NOT_READ = {403: ("the token may not read it; its policy needs `read` on this path", "vault token lookup")}
_HAS_ENDED = {403: ("the token has ended, was revoked, or may not renew itself; run `vault login`", _LOG_IN)}
_NO_NAMES = {"path": "MOUNT/PATH", "member": "KEY"}
_READ = _Question("GET", _Secret, _REFUSALS | _MAY_NOT_READ, "no secret of the key/value engine version 2")
_LOOK_UP = _Question("GET", _Token, _REFUSALS | _HAS_ENDED, "no token")
_RENEW = _Question("POST", _Renewal, _REFUSALS | _HAS_ENDED, "no renewal")


def read_vault(path: str, member: str, environment: Mapping[str, str], home: Path) -> str:
    """The member of the newest version of MOUNT/PATH. Raises VaultError."""
    mount, _, rest = path.strip("/").partition("/")
    if not mount or not rest or ".." in rest.split("/"):
        raise VaultError(f"{path!r} is not MOUNT/PATH, such as secret/clmkit", "clmkit sync run --help")
    url, names = f"{_address(environment)}/v1/{mount}/data/{rest}", {"path": f"{mount}/{rest}", "member": member}
    values = _ask(_READ, url, environment, home, names).data.data
    if values is None:
        why, fix = _REFUSALS[404]
        raise VaultError(f"{url}: {why}", fix.format(**names))
    if not isinstance(value := values.get(member), str) or not value:
        raise VaultError(
            f"{url} has no text under {member!r}; its members are {', '.join(sorted(values)) or 'none'}",
            f"vault kv patch {mount}/{rest} {member}=-",
        )
    return value


def renew_token(environment: Mapping[str, str], home: Path) -> float:
    """Prolong the token, if it is one that ends. Returns after how many seconds to do so again. Raises VaultError."""
    url = f"{_address(environment)}/v1/auth/token"
    token = _ask(_LOOK_UP, f"{url}/lookup-self", environment, home).data
    if token.ttl <= 0:
        return NEVER_ENDS_SECONDS
    if not token.renewable:
        raise VaultError(f"the token ends in {token.ttl} s and cannot be renewed; run `vault login`", _LOG_IN)
    lease = _ask(_RENEW, f"{url}/renew-self", environment, home).auth.lease_duration
    return max(lease * RENEWED_AT, SHORTEST_SECONDS)


def _address(environment: Mapping[str, str]) -> str:
    try:
        return require_private(environment.get("VAULT_ADDR", ""))
    except ValueError as error:
        fix = "export VAULT_ADDR=https://..., and start the sync again"
        raise VaultError(f"VAULT_ADDR: {error}", fix) from error


def _token(environment: Mapping[str, str], home: Path) -> str:
    if token := environment.get("VAULT_TOKEN"):
        return token
    try:
        return (home / _TOKEN_FILE).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VaultError(f"neither VAULT_TOKEN nor ~/{_TOKEN_FILE} is there; run `vault login`", _LOG_IN) from error


def _ask(
    question: _Question[T], url: str, environment: Mapping[str, str], home: Path, names: Mapping[str, str] = _NO_NAMES
) -> T:
    import requests  # every start of the sync would wait for it, and few keep secrets in Vault

    headers = {"X-Vault-Token": _token(environment, home), "X-Vault-Request": "true"}
    if environment.get("VAULT_NAMESPACE"):
        headers["X-Vault-Namespace"] = environment["VAULT_NAMESPACE"]
    verify = environment.get("VAULT_CACERT") or True
    method, timeout = question.method, TIMEOUT_SECONDS
    try:
        with requests.request(
            method, url, headers=headers, verify=verify, timeout=timeout, allow_redirects=False, stream=True
        ) as answer:
            body = answer.raw.read(_LARGEST + 1, decode_content=True)
    except requests.RequestException as error:
        raise VaultError(
            f"{url}: {type(error).__name__}; is Vault there, and does VAULT_CACERT name its authority?", _STATUS
        ) from error
    if answer.status_code != 200:
        why, fix = question.refusals.get(answer.status_code, (f"that is {question.strange}", _STATUS))
        raise VaultError(f"{url} answered {answer.status_code}: {why}", fix.format(**names))
    try:
        return msgspec.json.decode(body, type=question.shape)
    except msgspec.DecodeError as error:
        raise VaultError(f"{url} answered with something that is {question.strange}", _STATUS) from error
