"""An overlay: what one org has otherwise than the spec it is laid over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.words import Block, Name, Text


class AcceptBlock(Block, frozen=True, kw_only=True):
    """Consent to one weakening of who sees, owns or keeps a field."""

    at: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=255)],
        Meta(description="The key that is changed: objects.contract.fields.arr.audience."),
    ]
    reason: Annotated[Text, Meta(description="Why this org may.")]
    steward: Annotated[Name, Meta(description="Who answers for it: a name in `stewards`.")]


class OverlayDocument(Block, frozen=True, kw_only=True):
    """An overlay of a spec for one org. Blocks are merged key by key; lists and plain values replace."""

    overlay: Annotated[Literal["clmkit/v1"], Meta(description="The language and its version.")]
    base: Annotated[
        Annotated[str, Meta(min_length=1, max_length=255)],
        Meta(description="Path of the spec below, from this file's folder."),
    ]
    org: Annotated[Name, Meta(description="The org.")]
    environment: Annotated[Name, Meta(description="A name in `environments` of the spec.")] | UnsetType = UNSET
    summary: Annotated[Text, Meta(description="How this org differs.")]
    remove: Annotated[
        list[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=255)]],
        Meta(description="Keys of the spec that this org does not have: objects.contract.fields.arr."),
    ] = msgspec.field(default_factory=list)
    change: Annotated[dict[str, Any], Meta(description="What is otherwise, in the spec's own keys.")] = msgspec.field(
        default_factory=dict
    )
    accepts: Annotated[list[AcceptBlock], Meta(description="Consents; a weakening without one is an error.")] = (
        msgspec.field(default_factory=list)
    )
