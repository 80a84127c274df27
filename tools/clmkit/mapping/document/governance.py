"""Who, where and for how long: audiences, promises, systems, environments, retention, our side, defaults."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.words import Block, Label, Name, Path, Period, Text, Zone
from clmkit.mapping.model import (
    AudienceKind,
    Blank,
    DataKind,
    Disposal,
    Edition,
    EnvironmentKind,
    Feature,
    LatencyClass,
    Owner,
    Park,
)


class AudienceBlock(Block, frozen=True, kw_only=True):
    """People (or the integration user) who get one permission set."""

    label: Annotated[Label, Meta(description="What administrators see.")]
    kind: Annotated[
        AudienceKind,
        Meta(description="Exactly one audience is the integration user; it never appears in a field's audience."),
    ] = AudienceKind.PEOPLE
    description: (
        Annotated[Text, Meta(description="Who belongs to it and why; becomes the permission set's description.")]
        | UnsetType
    ) = UNSET


class LatencyBlock(Block, frozen=True, kw_only=True):
    """A promise from CLM event to committed row: either a percentile or a time of day."""

    p99: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9]+(\.[0-9]+)? (ms|s|min|h)$",
                description="99 of 100 changes arrive within this time: 2 s, 5 min.",
            ),
        ]
        | UnsetType
    ) = UNSET
    at: (
        Annotated[
            str,
            Meta(
                pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
                description='A batch starts at this time of day, quoted: "02:00".',
            ),
        ]
        | UnsetType
    ) = UNSET
    zone: Annotated[Zone, Meta(description="IANA time zone of `at`, or `org` for the org's default.")] = "org"
    class_: (
        Annotated[LatencyClass, Meta(description="How changes travel; implied by the promise when absent.")] | UnsetType
    ) = msgspec.field(name="class", default=UNSET)


class DefaultsBlock(Block, frozen=True, kw_only=True):
    """Said once, overridden where an object or field differs."""

    owner: Annotated[Owner, Meta(description="System of record.")] | UnsetType = UNSET
    latency: Annotated[Name, Meta(description="A name in `latency`.")] | UnsetType = UNSET
    audience: Annotated[list[Name], Meta(description="Names in `audiences` that may read.")] | UnsetType = UNSET
    steward: Annotated[Name, Meta(description="A name in `stewards`.")] | UnsetType = UNSET
    blank: Annotated[Blank, Meta(description="What an empty CLM value does.")] = Blank.CLEAR
    unreadable: Annotated[Park, Meta(description="What waits when a value cannot be mapped.")] = Park.VALUE
    retention: Annotated[Name, Meta(description="A name in `retention`.")] | UnsetType = UNSET


class CurrencyBlock(Block, frozen=True, kw_only=True):
    """The org's money law."""

    org: Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="The org's corporate currency.")]
    multi: Annotated[
        bool,
        Meta(description="true when the org has multiple currencies enabled; otherwise foreign amounts are refused."),
    ] = False
    active: Annotated[
        list[Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]],
        Meta(description="multi: the currencies that the org has switched on; an amount in another one is refused."),
    ] = msgspec.field(default_factory=list)


class SystemBlock(Block, frozen=True, kw_only=True):
    """One of the two systems, as far as the spec depends on it."""

    label: Annotated[Label, Meta(description="What people call it.")]
    description: Annotated[Text, Meta(description="Vendor, plan, who runs it.")] | UnsetType = UNSET
    region: (
        Annotated[
            Annotated[str, Meta(min_length=2, max_length=40)],
            Meta(description="Where its data rests: EU, US, Frankfurt."),
        ]
        | UnsetType
    ) = UNSET


class OrgBlock(SystemBlock, frozen=True, kw_only=True):
    """The Salesforce side: what the org has bought decides what lint lets through."""

    edition: Annotated[Edition, Meta(description="Edition; decides how many custom fields an object may have.")] = (
        Edition.ENTERPRISE
    )
    features: Annotated[list[Feature], Meta(description="What the org has beyond its edition.")] = msgspec.field(
        default_factory=list
    )
    zone: Annotated[Zone, Meta(description="IANA name of the org's default time zone.")] = "UTC"


class SystemsBlock(Block, frozen=True, kw_only=True):
    """The two systems."""

    clm: Annotated[SystemBlock, Meta(description="The contract lifecycle management system.")] | UnsetType = UNSET
    salesforce: Annotated[OrgBlock, Meta(description="The Salesforce org.")] | UnsetType = UNSET


class EnvironmentBlock(Block, frozen=True, kw_only=True):
    """A stage on the way to production. Addresses and secrets stand in the sync's configuration, never here."""

    kind: Annotated[
        EnvironmentKind, Meta(description="Scratch org, sandbox, staging (a copy of production) or production.")
    ]
    data: Annotated[DataKind, Meta(description="Whose data it holds; real data only where the spec says so.")]
    description: Annotated[Text, Meta(description="What it is for and who approves a release to it.")] | UnsetType = (
        UNSET
    )


class RetentionBlock(Block, frozen=True, kw_only=True):
    """How long data is kept after an agreement has ended. A legal hold stops the clock.

    It takes effect in the CLM, which holds the agreement: the CLM erases, and the sync takes the empty value to Salesforce like
    any other change. `clmkit lint` refuses a mapping in which it could not: where the copy in Salesforce would stay, come back, or
    live on in a field's history. Nothing generated erases by itself, and no permission set of the kit grants a deletion. The
    mapping book names the retention of each field.
    """

    keep: Annotated[
        Period, Meta(description="How long: 7 years, 18 months, 90 days (counted as months of 30 days, rounded up).")
    ]
    after: Annotated[
        Annotated[list[Name], Meta(min_length=1)], Meta(description="Lifecycle states that start the clock.")
    ]
    then: Annotated[Disposal, Meta(description="What happens when the time is over.")]
    hold: (
        Annotated[
            Path,
            Meta(
                description="CLM path of a legal hold's flag, from the agreement; while it is true nothing is erased."
            ),
        ]
        | UnsetType
    ) = UNSET
    law: Annotated[Text, Meta(description="Why so long: the law or the policy.")] | UnsetType = UNSET


class OwnSideBlock(Block, frozen=True, kw_only=True):
    """Which party of an agreement is us: by the role that the CLM gives it, or by our legal names. Exactly one of the two."""

    role: (
        Annotated[
            Annotated[str, Meta(min_length=1, max_length=80)],
            Meta(description="The role of a party that is us: our_side."),
        ]
        | UnsetType
    ) = UNSET
    names: (
        Annotated[
            Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(min_length=1)],
            Meta(description="Our legal names, as contracts give them; legal forms and punctuation are compared, too."),
        ]
        | UnsetType
    ) = UNSET
    parties: Annotated[Path, Meta(description="CLM path of the list of parties, from the agreement.")] = "parties"
