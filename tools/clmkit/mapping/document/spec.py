"""The whole file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.governance import (
    AudienceBlock,
    CurrencyBlock,
    DefaultsBlock,
    EnvironmentBlock,
    LatencyBlock,
    OwnSideBlock,
    RetentionBlock,
    SystemsBlock,
)
from clmkit.mapping.document.mapping import ObjectBlock, ValueMapBlock
from clmkit.mapping.document.presentation import PresentationBlock
from clmkit.mapping.document.process import ApprovalsBlock, LifecycleBlock, RenewalBlock, RequestBlock
from clmkit.mapping.document.words import Block, Label, Name, Text


class SpecDocument(Block, frozen=True, kw_only=True):
    """A mapping spec: which contract data lives where, who owns it, who sees it and how it moves."""

    spec: Annotated[Literal["clmkit/v1"], Meta(description="The language and its version.")]
    name: Annotated[Name, Meta(description="Name of the spec.")]
    version: Annotated[
        str,
        Meta(
            pattern=r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$", description="Semantic version of the spec."
        ),
    ]
    summary: Annotated[Text, Meta(description="One sentence for people.")]
    api_version: Annotated[
        str,
        Meta(pattern=r"^[0-9]{2}\.0$", description='Salesforce API version of the generated metadata, quoted: "66.0".'),
    ]
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Z][A-Za-z0-9]{1,7}$",
            description="Every component that the kit creates in the org starts with it.",
        ),
    ]
    currency: (
        Annotated[CurrencyBlock, Meta(description="The org's money law; needed when a field is a currency.")]
        | UnsetType
    ) = UNSET
    stewards: Annotated[
        dict[Name, Label],
        Meta(min_length=1, description="Roles that decide parked values and conflicts; never persons."),
    ]
    audiences: Annotated[dict[Name, AudienceBlock], Meta(min_length=1, description="Who may see fields.")]
    latency: Annotated[dict[Name, LatencyBlock], Meta(min_length=1, description="Promises that the suites assert.")]
    value_maps: Annotated[dict[Name, ValueMapBlock], Meta(description="Closed lists.")] = msgspec.field(
        default_factory=dict
    )
    lifecycle: Annotated[LifecycleBlock, Meta(description="The state machine.")] | UnsetType = UNSET
    systems: Annotated[SystemsBlock, Meta(description="What the two systems are.")] | UnsetType = UNSET
    environments: Annotated[dict[Name, EnvironmentBlock], Meta(description="The stages on the way to production.")] = (
        msgspec.field(default_factory=dict)
    )
    retention: Annotated[dict[Name, RetentionBlock], Meta(description="How long data is kept.")] = msgspec.field(
        default_factory=dict
    )
    us: Annotated[OwnSideBlock, Meta(description="Which party of an agreement is us.")] | UnsetType = UNSET
    requests: Annotated[dict[Name, RequestBlock], Meta(description="What makes Salesforce ask for an agreement.")] = (
        msgspec.field(default_factory=dict)
    )
    approvals: Annotated[ApprovalsBlock, Meta(description="Who approves what.")] | UnsetType = UNSET
    renewal: Annotated[RenewalBlock, Meta(description="Reminders and the renewal opportunity.")] | UnsetType = UNSET
    presentation: Annotated[PresentationBlock, Meta(description="What people see.")] = PresentationBlock()
    defaults: Annotated[DefaultsBlock, Meta(description="Said once.")] = DefaultsBlock()
    objects: Annotated[dict[Name, ObjectBlock], Meta(min_length=1, description="What is mapped.")]
