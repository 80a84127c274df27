"""Field types with their measures."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.conditions import ConditionBlock
from clmkit.mapping.document.words import ApiName, Block, Name, Path


class NumberMeasure(Block, frozen=True, kw_only=True):
    """Digits of a Number or Percent field."""

    precision: Annotated[int, Meta(ge=1, le=18, description="Digits in all.")]
    scale: Annotated[int, Meta(ge=0, le=17, description="Digits after the decimal point.")]
    rounding: Annotated[
        Literal["exact", "half_up", "half_even"], Meta(description="exact refuses a value with more decimals.")
    ] = "exact"


class CurrencyMeasure(NumberMeasure, frozen=True, kw_only=True):
    """Digits of a Currency field and where its currency stands."""

    code: Annotated[Path, Meta(description="CLM path of the ISO currency code beside the amount.")] | UnsetType = UNSET


class EncryptedTextMeasure(Block, frozen=True, kw_only=True):
    """Classic encrypted text: people without the permission View Encrypted Data see the mask."""

    length: Annotated[Annotated[int, Meta(ge=1, le=175)], Meta(description="Characters.")]
    mask: Annotated[
        Literal["all", "creditCard", "ssn", "lastFour", "sin", "nino"], Meta(description="What the mask hides.")
    ] = "all"
    character: Annotated[Literal["asterisk", "X"], Meta(description="The mask's character.")] = "asterisk"


class FormulaMeasure(Block, frozen=True, kw_only=True):
    """A value that Salesforce computes from other fields of the record."""

    returns: Annotated[
        Literal["text", "number", "currency", "percent", "checkbox", "date", "datetime", "time"],
        Meta(description="Type of the result."),
    ]
    formula: Annotated[
        Annotated[str, Meta(min_length=1, max_length=5000)], Meta(description="The formula, in Salesforce's language.")
    ]
    precision: Annotated[
        Annotated[int, Meta(ge=1, le=18)], Meta(description="number, currency, percent: digits in all.")
    ] = 18
    scale: Annotated[
        Annotated[int, Meta(ge=0, le=17)],
        Meta(description="number, currency, percent: digits after the decimal point."),
    ] = 2
    blanks: Annotated[Literal["zero", "blank"], Meta(description="What an empty number counts as.")] = "blank"


class RollUpMeasure(Block, frozen=True, kw_only=True):
    """A value that Salesforce computes from the detail records of a master."""

    of: Annotated[
        Name,
        Meta(
            description="The object of the spec whose records are counted; its parent is this object, as a master-detail."
        ),
    ]
    operation: Annotated[Literal["count", "sum", "min", "max"], Meta(description="What is computed.")]
    field: (
        Annotated[Name, Meta(description="The field of `of` that is summed or compared; absent for count.")] | UnsetType
    ) = UNSET
    where: Annotated[list[ConditionBlock], Meta(description="Only records for which all of these hold.")] = (
        msgspec.field(default_factory=list)
    )


class AutoNumberMeasure(Block, frozen=True, kw_only=True):
    """A number that Salesforce gives to each new record."""

    format: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{0,20}\{0{1,10}\}$")],
        Meta(description='Display format: "A-{000000}".'),
    ]
    start: Annotated[Annotated[int, Meta(ge=0, le=1000000000)], Meta(description="The first number.")] = 1


class GeolocationMeasure(Block, frozen=True, kw_only=True):
    """A place: latitude and longitude. People fill it; the sync does not."""

    scale: Annotated[Annotated[int, Meta(ge=0, le=15)], Meta(description="Digits after the decimal point.")] = 6
    shows: Annotated[Literal["decimal", "degrees"], Meta(description="How it is displayed.")] = "decimal"


class ExternalLookupMeasure(Block, frozen=True, kw_only=True):
    """A row of an external object (Salesforce Connect), named by its External ID. The org has the object already."""

    to: Annotated[ApiName, Meta(description="The external object: Erp_Order__x.")]
    length: Annotated[Annotated[int, Meta(ge=1, le=255)], Meta(description="Characters of the External ID.")] = 255


class TypeBlock(Block, frozen=True, kw_only=True):
    """A field type with its measure; exactly one key."""

    text: Annotated[int, Meta(ge=1, le=255, description="Text of at most so many characters.")] | UnsetType = UNSET
    long_text: (
        Annotated[int, Meta(ge=256, le=131072, description="Long text of at most so many characters.")] | UnsetType
    ) = UNSET
    html: (
        Annotated[int, Meta(ge=256, le=131072, description="Rich text of at most so many characters.")] | UnsetType
    ) = UNSET
    number: Annotated[NumberMeasure, Meta(description="A number.")] | UnsetType = UNSET
    currency: Annotated[CurrencyMeasure, Meta(description="An amount of money.")] | UnsetType = UNSET
    percent: Annotated[NumberMeasure, Meta(description="A percentage: 5 means 5 %.")] | UnsetType = UNSET
    picklist: Annotated[Name, Meta(description="One value of this value map.")] | UnsetType = UNSET
    multipicklist: Annotated[Name, Meta(description="Several values of this value map.")] | UnsetType = UNSET
    lookup: (
        Annotated[ApiName, Meta(description="A reference to a record of this object; needs `match`.")] | UnsetType
    ) = UNSET
    formula: Annotated[FormulaMeasure, Meta(description="Computed from other fields of the record.")] | UnsetType = (
        UNSET
    )
    roll_up: Annotated[RollUpMeasure, Meta(description="Computed from detail records.")] | UnsetType = UNSET
    auto_number: Annotated[AutoNumberMeasure, Meta(description="Numbered by Salesforce.")] | UnsetType = UNSET
    encrypted_text: (
        Annotated[EncryptedTextMeasure, Meta(description="Text that is masked for most people.")] | UnsetType
    ) = UNSET
    geolocation: Annotated[GeolocationMeasure, Meta(description="Latitude and longitude.")] | UnsetType = UNSET
    hierarchy: (
        Annotated[ApiName, Meta(description="User above user; on User only, and people fill it.")] | UnsetType
    ) = UNSET
    external_lookup: (
        Annotated[ExternalLookupMeasure, Meta(description="A reference to a row of another system.")] | UnsetType
    ) = UNSET
    metadata_relationship: (
        Annotated[ApiName, Meta(description="Salesforce takes it on custom metadata types only: refused.")] | UnsetType
    ) = UNSET
    indirect_lookup: (
        Annotated[ApiName, Meta(description="Salesforce takes it on external objects only: refused.")] | UnsetType
    ) = UNSET


PlainType: TypeAlias = Literal[
    "text", "text_area", "long_text", "checkbox", "date", "datetime", "time", "url", "email", "phone"
]
