"""Secrets by reference, never by value: a configuration says where a secret is kept, and it is read there when it is needed.

    reference   {env: NAME}, {file: PATH, member: NAME}, {keyring: SERVICE, user: NAME}, {vault: MOUNT/PATH, member: KEY}
    resolver    reads what a reference points at; says where it looked and what is wrong there, never what it found
    vault       HashiCorp Vault, key/value engine version 2, over its HTTP API; its token is renewed while a sync follows

Nothing is kept: a secret that was rotated is seen by the next login. Only a variable of a process stays what it was at its start.
"""

from clmkit.secrets.reference import Reference
from clmkit.secrets.resolver import Resolver, SecretUnavailable

__all__ = ["Reference", "Resolver", "SecretUnavailable"]
