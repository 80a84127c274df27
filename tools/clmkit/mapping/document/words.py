"""Names, paths and texts of the language, and what a block of the file is."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ApiName: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
Path: TypeAlias = Annotated[str, Meta(pattern=r"^/?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$", max_length=255)]
Match: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$")]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1000)]
Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80)]
Tag: TypeAlias = Literal[
    "public",
    "internal",
    "confidential",
    "restricted",
    "mission_critical",
    "personal",
    "gdpr",
    "ccpa",
    "coppa",
    "hipaa",
    "pci",
]


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A block of the file: a YAML mapping with known keys only."""


FieldLabel: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
Period: TypeAlias = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3} (days|months|years)$")]
Zone: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{1,63}$")]
Color: TypeAlias = Annotated[str, Meta(pattern=r"^Custom[0-9]{1,3}: [A-Za-z][A-Za-z &-]{0,40}$")]
Shown: TypeAlias = Annotated[str, Meta(pattern=r"^(_|[A-Za-z][A-Za-z0-9_.:-]{0,119})$")]
FilterLogic: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9() ANDORT]{1,255}$")]
