"""A secret in HashiCorp Vault, key/value engine version 2: GET /v1/MOUNT/data/PATH.

Address, token and namespace come from the variables that Vault's own command line reads: VAULT_ADDR, VAULT_TOKEN (or the token
file that `vault login` writes), VAULT_NAMESPACE, VAULT_CACERT.
Source: "KV secrets engine - version 2 (API)", "Vault commands: environment variables" (developer.hashicorp.com/vault).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import requests

from clmkit.clients.transport import require_private

TIMEOUT_SECONDS = 10
_LARGEST = 1_000_000
_TOKEN_FILE = ".vault-token"  # noqa: S105 - the name of a file


class VaultError(Exception):
    """Vault did not give the secret; the message names the path and what to do."""


class _Version(msgspec.Struct):
    data: dict[str, object] | None


class _Answer(msgspec.Struct):
    data: _Version


_REFUSALS = {
    403: "the token may not read it; its policy needs `read` on this path",
    404: "nothing is kept there, or the newest version was deleted",
    429: "Vault is a standby or has too many requests; try again",
    473: "this node only serves performance reads",
    501: "Vault is not initialised",
    503: "Vault is sealed",
}


def read_vault(path: str, member: str, environment: Mapping[str, str], home: Path) -> str:
    """The member of the newest version of MOUNT/PATH. Raises VaultError."""
    mount, _, rest = path.strip("/").partition("/")
    if not mount or not rest or ".." in rest.split("/"):
        raise VaultError(f"{path!r} is not MOUNT/PATH, such as secret/clmkit")
    url = f"{_address(environment)}/v1/{mount}/data/{rest}"
    headers = {"X-Vault-Token": _token(environment, home), "X-Vault-Request": "true"}
    if environment.get("VAULT_NAMESPACE"):
        headers["X-Vault-Namespace"] = environment["VAULT_NAMESPACE"]
    values = _get(url, headers, environment.get("VAULT_CACERT") or True)
    if not isinstance(value := values.get(member), str) or not value:
        raise VaultError(f"{url} has no text under {member!r}; its members are {', '.join(sorted(values)) or 'none'}")
    return value


def _address(environment: Mapping[str, str]) -> str:
    try:
        return require_private(environment.get("VAULT_ADDR", ""))
    except ValueError as error:
        raise VaultError(f"VAULT_ADDR: {error}") from error


def _token(environment: Mapping[str, str], home: Path) -> str:
    if token := environment.get("VAULT_TOKEN"):
        return token
    try:
        return (home / _TOKEN_FILE).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VaultError(f"neither VAULT_TOKEN nor ~/{_TOKEN_FILE} is there; run `vault login`") from error


def _get(url: str, headers: dict[str, str], verify: str | bool) -> dict[str, object]:
    try:
        with requests.get(
            url, headers=headers, verify=verify, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            body = answer.raw.read(_LARGEST + 1, decode_content=True)
    except requests.RequestException as error:
        raise VaultError(
            f"{url}: {type(error).__name__}; is Vault there, and does VAULT_CACERT name its authority?"
        ) from error
    if answer.status_code != 200:
        raise VaultError(f"{url} answered {answer.status_code}: {_REFUSALS.get(answer.status_code, 'not a secret')}")
    try:
        values = msgspec.json.decode(body, type=_Answer).data.data
    except msgspec.DecodeError as error:
        raise VaultError(
            f"{url} answered with something that is no secret of the key/value engine version 2"
        ) from error
    if values is None:
        raise VaultError(f"{url}: {_REFUSALS[404]}")
    return values
