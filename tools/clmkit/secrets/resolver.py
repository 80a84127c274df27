"""Read what a reference points at. One row per place; what is wrong is told by place and name, never by value."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keyring
from keyring.errors import KeyringError

from clmkit.secrets.reference import Reference
from clmkit.secrets.vault import VaultError, read_vault, renew_token


class SecretUnavailable(Exception):
    """There is no secret where the reference points; the message says where it looked, `fix` is the command that mends it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Resolver:
    """`folder` is what file references are relative to."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    home: Path = field(default_factory=Path.home)

    def read(self, reference: Reference) -> str:
        """The text that is kept there now. Raises SecretUnavailable."""
        return _READERS[reference.source](self, reference)

    def renew(self) -> float:
        """Keep the token that opens Vault alive; returns after how many seconds to do so again. Raises SecretUnavailable."""
        try:
            return renew_token(self.environment, self.home)
        except VaultError as error:
            raise SecretUnavailable(f"Vault: {error}", error.fix) from error

    def _read_environment(self, reference: Reference) -> str:
        value = self.environment.get(str(reference.env), "")
        if not value:
            fix = f"export {reference.env}=..., and start the sync again"
            raise SecretUnavailable(f"refers to the environment variable {reference.env}, which is not set", fix)
        return value

    def _read_file(self, reference: Reference) -> str:
        file = self.folder / str(reference.file)
        fix = f"write the secret to {file}"
        try:
            text = file.read_text(encoding="utf-8")
            value = text.strip() if reference.member is None else json.loads(text)[reference.member]
        except OSError as error:
            raise SecretUnavailable(f"refers to {file}: {error.strerror}", fix) from error
        except (ValueError, KeyError, TypeError) as error:
            what = f"member {reference.member!r} of {file}" if reference.member is not None else f"the text of {file}"
            raise SecretUnavailable(f"refers to {what}, which is not there", fix) from error
        if not isinstance(value, str) or not value:
            raise SecretUnavailable(f"refers to {file}, which holds no text there", fix)
        return value

    def _read_keyring(self, reference: Reference) -> str:
        service, user = str(reference.keyring), str(reference.user)
        fix = f"keyring set {service} {user}"
        try:
            value = keyring.get_password(service, user)
        except KeyringError as error:
            raise SecretUnavailable(f"refers to the keyring, which cannot be read: {error}", fix) from error
        if not value:
            raise SecretUnavailable(
                f"refers to {user!r} of {service!r} in the keyring, which is not there; `{fix}` keeps it", fix
            )
        return value

    def _read_vault(self, reference: Reference) -> str:
        try:
            return read_vault(str(reference.vault), str(reference.member), self.environment, self.home)
        except VaultError as error:
            raise SecretUnavailable(f"refers to Vault: {error}", error.fix) from error


_READERS: dict[str, Callable[[Resolver, Reference], str]] = {
    "env": Resolver._read_environment,
    "file": Resolver._read_file,
    "keyring": Resolver._read_keyring,
    "vault": Resolver._read_vault,
}
