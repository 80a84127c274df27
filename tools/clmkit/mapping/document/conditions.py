"""Conditions on Salesforce fields: in requests, roll-ups, sharing, list views and reports."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.words import Block

FieldPath: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$", max_length=80)]
"""A name of the spec or an API name: `status`, `StageName`, `Account.Industry`."""


class ConditionBlock(Block, frozen=True, kw_only=True):
    """One comparison. Exactly one operator."""

    field: Annotated[
        FieldPath,
        Meta(
            description="What is compared: a field name of the spec where an object of the spec is meant, else an API name."
        ),
    ]
    is_: Annotated[str, Meta(description="Equal to this.")] | UnsetType = msgspec.field(name="is", default=UNSET)
    one_of: (
        Annotated[Annotated[list[str], Meta(min_length=1)], Meta(description="Equal to one of these.")] | UnsetType
    ) = UNSET
    not_one_of: (
        Annotated[Annotated[list[str], Meta(min_length=1)], Meta(description="Equal to none of these.")] | UnsetType
    ) = UNSET
    at_least: Annotated[int, Meta(description="Greater or equal.")] | UnsetType = UNSET
    over: Annotated[int, Meta(description="Greater.")] | UnsetType = UNSET
    at_most: Annotated[int, Meta(description="Less or equal.")] | UnsetType = UNSET
    below: Annotated[int, Meta(description="Less.")] | UnsetType = UNSET
    within_next: (
        Annotated[
            Annotated[int, Meta(ge=1, le=3650)], Meta(description="A date from today on, at most so many days away.")
        ]
        | UnsetType
    ) = UNSET
    in_last: (
        Annotated[Annotated[int, Meta(ge=1, le=3650)], Meta(description="A date in the last so many days.")] | UnsetType
    ) = UNSET
