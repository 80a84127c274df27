"""Where a secret is kept, in words that may be shown."""

from __future__ import annotations

import msgspec

SPELLINGS = (
    "{env: NAME}, {file: PATH}, {file: PATH, member: NAME}, {keyring: SERVICE, user: NAME}"
    " or {vault: MOUNT/PATH, member: KEY}"
)
SOURCES = ("env", "file", "keyring", "vault")
# the source -> what goes with it, and whether it must
_COMPANIONS: dict[str, dict[str, bool]] = {
    "env": {},
    "file": {"member": False},
    "keyring": {"user": True},
    "vault": {"member": True},
}


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of `env`, `file`, `keyring`, `vault`, with what goes with it. Raises ValueError (as msgspec's) otherwise."""

    env: str | None = None
    file: str | None = None
    keyring: str | None = None
    vault: str | None = None
    member: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        named = [source for source in SOURCES if getattr(self, source) is not None]
        if len(named) != 1:
            raise ValueError(f"a reference names one place: {SPELLINGS}")
        companions = _COMPANIONS[named[0]]
        for name in ("member", "user"):
            given = getattr(self, name) is not None
            if given and name not in companions:
                raise ValueError(f"{named[0]} takes no {name}: {SPELLINGS}")
            if not given and companions.get(name):
                raise ValueError(f"{named[0]} needs {name}: {SPELLINGS}")

    @property
    def source(self) -> str:
        return next(source for source in SOURCES if getattr(self, source) is not None)
