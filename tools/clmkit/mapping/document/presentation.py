"""What people see. All of it has defaults: a spec without the section gets an app, layouts, list views and reports, too."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.conditions import ConditionBlock
from clmkit.mapping.document.words import ApiName, Block, Color, FieldLabel, FilterLogic, Label, Name, Shown, Text

Fields: TypeAlias = Annotated[list[Shown], Meta(min_length=1)]
Some: TypeAlias = list[Shown]


ListScope: TypeAlias = Literal[
    "Everything", "Mine", "MineAndMyGroups", "Queue", "Delegated", "MyTerritory", "MyTeamTerritory", "Team"
]
Sharing: TypeAlias = Literal["allInternalUsers", "group", "role", "roleAndSubordinates"]
Granularity: TypeAlias = Literal[
    "Day", "Week", "Month", "Quarter", "Year", "FiscalQuarter", "FiscalYear", "MonthInYear", "DayInMonth"
]


class OnlyBlock(Block, frozen=True, kw_only=True):
    """A list that is shown exactly so. Without `only`, the record's name leads it; in an app, reports and dashboards end it."""

    only: Annotated[Fields, Meta(description="All of it, in order.")]


class PlacedBlock(Block, frozen=True, kw_only=True):
    """Fields in one or two columns; `_` leaves a place empty."""

    fields: Annotated[Fields, Meta(description="Fields of the object, in order.")]
    right: Annotated[Some, Meta(description="The second column; absent: the second half of `fields`.")] | UnsetType = (
        UNSET
    )
    required: Annotated[Some, Meta(description="Which of them ask for a value here.")] = msgspec.field(
        default_factory=list
    )
    read_only: Annotated[Some, Meta(description="Which of them are read here.")] = msgspec.field(default_factory=list)
    editable: Annotated[Some, Meta(description="Which of them are edited here.")] = msgspec.field(default_factory=list)


class PanelBlock(PlacedBlock, frozen=True, kw_only=True):
    """The CLM panel of a record page, where it is not just a list of fields."""


class SectionBlock(PlacedBlock, frozen=True, kw_only=True):
    """A section of a page layout. One that is called Information takes the place of the first, with name and owner."""

    columns: Annotated[Annotated[int, Meta(ge=1, le=2)], Meta(description="One or two columns.")] = 2
    tab_order: Annotated[Literal["across", "down"], Meta(description="Where the tab key goes in two columns.")] = (
        "across"
    )
    heading: Annotated[
        Literal["always", "detail", "edit", "never"], Meta(description="On which page its label is seen.")
    ] = "always"


class RelatedListBlock(Block, frozen=True, kw_only=True):
    """A related list with columns of its own."""

    columns: Annotated[Some, Meta(description="Fields of the listed object.")] = msgspec.field(default_factory=list)
    sort_by: Annotated[Shown, Meta(description="Field that orders the rows.")] | UnsetType = UNSET
    descending: Annotated[bool, Meta(description="Largest first.")] = False


class PageBlock(Block, frozen=True, kw_only=True):
    """The Lightning page of a record: `highlights`, `panel`, `details`, `related`, and components by Salesforce's own name."""

    label: Annotated[Label, Meta(description="What administrators see.")] | UnsetType = UNSET
    header: Annotated[Some, Meta(description="On top.")] | UnsetType = UNSET
    main: Annotated[Some, Meta(description="In the middle.")] | UnsetType = UNSET
    sidebar: Annotated[Some, Meta(description="Beside it.")] | UnsetType = UNSET


class FilterBlock(Block, frozen=True, kw_only=True):
    """A filter in Salesforce's own words, for what `where` has no word for."""

    field: Annotated[Shown, Meta(description="A field of the object, or a column by Salesforce's own name.")]
    operation: Annotated[
        Literal[
            "equals", "notEqual", "lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual", "contains", "notContain",
            "startsWith", "includes", "excludes", "within",
        ],
        Meta(description="How it is compared."),
    ]  # fmt: skip
    value: Annotated[str, Meta(description="What it is compared with; absent: nothing.")] | UnsetType = UNSET


class ListViewBlock(Block, frozen=True, kw_only=True):
    """A list view."""

    label: Annotated[FieldLabel, Meta(description="What users see.")]
    columns: Annotated[
        Annotated[list[Shown], Meta(min_length=1, max_length=15)] | OnlyBlock, Meta(description="Fields of the object.")
    ]
    where: Annotated[list[ConditionBlock], Meta(description="Which records.")] = msgspec.field(default_factory=list)
    filters: Annotated[list[FilterBlock], Meta(description="Which of these, behind `where`.")] = msgspec.field(
        default_factory=list
    )
    logic: Annotated[FilterLogic, Meta(description="How they are joined, by number; absent: all hold.")] | UnsetType = (
        UNSET
    )
    scope: Annotated[ListScope, Meta(description="Whose records.")] = "Everything"
    shared_with: Annotated[
        dict[Sharing, list[ApiName]], Meta(description="Who sees it; absent: everybody who sees the object.")
    ] = msgspec.field(default_factory=dict)


class DisplayBlock(Block, frozen=True, kw_only=True):
    """How one object is shown."""

    layout: (
        Annotated[
            Label, Meta(description="Name of the page layout of a custom object; absent: its label and `Layout`.")
        ]
        | UnsetType
    ) = UNSET
    sections: Annotated[dict[Label, SectionBlock], Meta(description="Sections of the page layout, by label.")] = (
        msgspec.field(default_factory=dict)
    )
    hidden: Annotated[
        Some, Meta(description="Fields on no section, which else stand in the last, Synchronisation.")
    ] = msgspec.field(default_factory=list)
    panel: Annotated[Some | PanelBlock, Meta(description="Fields of the CLM panel on the record page.")] = (
        msgspec.field(default_factory=list)
    )
    page: Annotated[PageBlock, Meta(description="The record page.")] = msgspec.field(default_factory=PageBlock)
    compact: Annotated[
        Annotated[list[Shown], Meta(max_length=10)] | OnlyBlock, Meta(description="Fields of the compact layout.")
    ] = msgspec.field(default_factory=list)
    list_views: Annotated[dict[Name, ListViewBlock], Meta(description="List views.")] = msgspec.field(
        default_factory=dict
    )
    tab: (
        Annotated[Color, Meta(description='Motif of the tab of a custom object: "Custom20: Airplane".')] | UnsetType
    ) = UNSET
    related: Annotated[
        Some, Meta(description="Objects of the spec shown as related lists, and lists by Salesforce's own name.")
    ] = msgspec.field(default_factory=list)
    related_lists: Annotated[
        dict[Shown, RelatedListBlock], Meta(description="Related lists with columns of their own.")
    ] = msgspec.field(default_factory=dict)


class ReportBlock(Block, frozen=True, kw_only=True):
    """A report."""

    label: Annotated[FieldLabel, Meta(description="What users see.")]
    object: Annotated[Name, Meta(description="An object of the spec.")]
    columns: Annotated[Fields | OnlyBlock, Meta(description="Fields of the object.")]
    group_by: Annotated[Shown, Meta(description="Field that groups the rows.")] | UnsetType = UNSET
    then_by: Annotated[
        Annotated[list[Shown], Meta(max_length=2)], Meta(description="Fields that group within a group.")
    ] = msgspec.field(default_factory=list)
    dates_by: Annotated[Granularity, Meta(description="What groups of dates are made of.")] = "Day"
    total: Annotated[Name, Meta(description="Number field that is summed; absent counts records.")] | UnsetType = UNSET
    where: Annotated[list[ConditionBlock], Meta(description="Which records.")] = msgspec.field(default_factory=list)
    filters: Annotated[list[FilterBlock], Meta(description="Which of these, behind `where`.")] = msgspec.field(
        default_factory=list
    )
    logic: Annotated[FilterLogic, Meta(description="How they are joined, by number; absent: all hold.")] | UnsetType = (
        UNSET
    )
    scope: Annotated[Literal["organization", "user"], Meta(description="Whose records.")] = "organization"
    details: Annotated[bool, Meta(description="Rows are shown; absent: where nothing groups them.")] | UnsetType = UNSET
    sort_by: Annotated[Shown, Meta(description="Field that orders the rows.")] | UnsetType = UNSET
    descending: Annotated[bool, Meta(description="Largest first.")] = False


class AppBlock(Block, frozen=True, kw_only=True):
    """The Lightning app."""

    label: Annotated[FieldLabel, Meta(description="What users see.")]
    description: Annotated[Text, Meta(description="What it is for.")] | UnsetType = UNSET
    objects: Annotated[
        Some | OnlyBlock,
        Meta(description="Objects of the spec with a tab in the navigation, and tabs by Salesforce's own name."),
    ] = msgspec.field(default_factory=list)
    navigation: Annotated[Literal["standard", "console"], Meta(description="Tabs, or a console.")] = "standard"
    personalization: Annotated[bool, Meta(description="People may arrange the tabs for themselves.")] = True
    temporary_tabs: Annotated[bool, Meta(description="What lies outside of the app opens a tab for a while.")] = True
    tabs_reopen: Annotated[bool, Meta(description="What was open is open again at the next login.")] = True


class PresentationBlock(Block, frozen=True, kw_only=True):
    """App, pages, lists and reports."""

    app: Annotated[AppBlock, Meta(description="The app.")] | UnsetType = UNSET
    objects: Annotated[
        dict[Name, DisplayBlock], Meta(description="Objects of the spec that are shown in another way than by default.")
    ] = msgspec.field(default_factory=dict)
    reports: Annotated[dict[Name, ReportBlock], Meta(description="Reports beside the default ones.")] = msgspec.field(
        default_factory=dict
    )
