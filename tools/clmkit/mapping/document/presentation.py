"""What people see. All of it has defaults: a spec without the section gets an app, layouts, list views and reports, too."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.conditions import ConditionBlock
from clmkit.mapping.document.words import Block, Color, FieldLabel, Label, Name, Text


class SectionBlock(Block, frozen=True, kw_only=True):
    """A section of a page layout."""

    fields: Annotated[Annotated[list[Name], Meta(min_length=1)], Meta(description="Fields of the object, in order.")]
    columns: Annotated[Annotated[int, Meta(ge=1, le=2)], Meta(description="One or two columns.")] = 2


class ListViewBlock(Block, frozen=True, kw_only=True):
    """A list view."""

    label: Annotated[FieldLabel, Meta(description="What users see.")]
    columns: Annotated[
        Annotated[list[Name], Meta(min_length=1, max_length=15)], Meta(description="Fields of the object.")
    ]
    where: Annotated[list[ConditionBlock], Meta(description="Which records.")] = msgspec.field(default_factory=list)


class DisplayBlock(Block, frozen=True, kw_only=True):
    """How one object is shown."""

    sections: Annotated[dict[Label, SectionBlock], Meta(description="Sections of the page layout, by label.")] = (
        msgspec.field(default_factory=dict)
    )
    panel: Annotated[list[Name], Meta(description="Fields of the CLM panel on the record page.")] = msgspec.field(
        default_factory=list
    )
    compact: Annotated[
        Annotated[list[Name], Meta(max_length=10)], Meta(description="Fields of the compact layout.")
    ] = msgspec.field(default_factory=list)
    list_views: Annotated[dict[Name, ListViewBlock], Meta(description="List views.")] = msgspec.field(
        default_factory=dict
    )
    tab: (
        Annotated[Color, Meta(description='Motif of the tab of a custom object: "Custom20: Airplane".')] | UnsetType
    ) = UNSET
    related: Annotated[list[Name], Meta(description="Objects of the spec shown as related lists.")] = msgspec.field(
        default_factory=list
    )


class ReportBlock(Block, frozen=True, kw_only=True):
    """A report."""

    label: Annotated[FieldLabel, Meta(description="What users see.")]
    object: Annotated[Name, Meta(description="An object of the spec.")]
    columns: Annotated[Annotated[list[Name], Meta(min_length=1)], Meta(description="Fields of the object.")]
    group_by: Annotated[Name, Meta(description="Field that groups the rows.")] | UnsetType = UNSET
    total: Annotated[Name, Meta(description="Number field that is summed; absent counts records.")] | UnsetType = UNSET
    where: Annotated[list[ConditionBlock], Meta(description="Which records.")] = msgspec.field(default_factory=list)


class AppBlock(Block, frozen=True, kw_only=True):
    """The Lightning app."""

    label: Annotated[FieldLabel, Meta(description="What users see.")]
    description: Annotated[Text, Meta(description="What it is for.")] | UnsetType = UNSET
    objects: Annotated[list[Name], Meta(description="Objects of the spec with a tab in the navigation.")] = (
        msgspec.field(default_factory=list)
    )


class PresentationBlock(Block, frozen=True, kw_only=True):
    """App, pages, lists and reports."""

    app: Annotated[AppBlock, Meta(description="The app.")] | UnsetType = UNSET
    objects: Annotated[
        dict[Name, DisplayBlock], Meta(description="Objects of the spec that are shown in another way than by default.")
    ] = msgspec.field(default_factory=dict)
    reports: Annotated[dict[Name, ReportBlock], Meta(description="Reports beside the default ones.")] = msgspec.field(
        default_factory=dict
    )
