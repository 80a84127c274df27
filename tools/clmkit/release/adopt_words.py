"""Write drift of names and texts of objects, list views and the app into the mapping; say why other kinds are not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clmkit.codegen.names import banner
from clmkit.mapping.model import Spec
from clmkit.release.components import ComponentChange, ElementChange, Key
from clmkit.release.spec_edit import AdoptError, Edit

Words = Mapping[str, tuple[str, ...]]
OBJECT_WORDS: Words = {
    "description": ("description",),
    "nameField.displayFormat": ("record_name", "format"),
    "nameField.label": ("record_name", "label"),
    "pluralLabel": ("plural_label",),
    "sharingModel": ("sharing",),
}
"""Not `label`: the name of the object's page layout follows it, and a layout is assigned by its name."""
LABEL: Words = {"label": ("label",)}
TEXTS: Words = {**LABEL, "description": ("description",)}

OF_FIELDS = "follows from the fields and `presentation`, which say more than it does"
OF_REPORTS = "follows from `presentation.reports`; what was saved under another name is nobody's drift"
OF_ALL = "is the same for every mapping"
IN_EXTENSIONS = "comes from extensions/, which is yours: write it there"
NO_WORD = {
    "ApexClass": "move the edit into the class of the same name in extensions/, which is yours",
    "ApexTrigger": "move the edit into the class of the same name in extensions/, which is yours",
    "CompactLayout": OF_FIELDS,
    "CustomLabel": "its words are those of the code; translate it in the org",
    "CustomMetadata": "is the mapping as the org's code reads it; write what it means into the mapping",
    "CustomPermission": OF_ALL,
    "CustomTab": OF_FIELDS,
    "Dashboard": OF_REPORTS,
    "DuplicateRule": "a steward turns it on in the org, where it is drift on purpose",
    "ExternalClientApplication": IN_EXTENSIONS,
    "ExternalCredential": IN_EXTENSIONS,
    "ExtlClntAppConfigurablePolicies": "guards how the sync signs in",
    "ExtlClntAppOauthConfigurablePolicies": "guards how the sync signs in",
    "ExtlClntAppOauthSettings": "guards how the sync signs in",
    "FieldSet": "is what the CLM owns, field by field",
    "FlexiPage": OF_FIELDS,
    "Flow": "follows from `renewal`, `approvals` and the stewards; write it there",
    "Group": "is named by `shares`; its members are the org's own",
    "Layout": OF_FIELDS,
    "MatchingRule": "a steward turns it on in the org, where it is drift on purpose",
    "MutingPermissionSet": OF_ALL,
    "NamedCredential": IN_EXTENSIONS,
    "PermissionSetGroup": OF_ALL,
    "PlatformEventChannel": OF_ALL,
    "PlatformEventChannelMember": "follows from the fields that flow back to the CLM",
    "Queue": "follows from the stewards",
    "Report": OF_REPORTS,
    "ReportType": OF_REPORTS,
    "Settings": "follows from what the fields require",
    "SharingCriteriaRule": "follows from `shares`, whose conditions name fields of the mapping; write it there",
    "StaticResource": "is the list of what the mapping makes",
}
"""Metadata type -> why an edit of it in an org is not written into the mapping by command."""


def adopt_object(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for a custom object of the mapping."""
    names = [mapping.name for mapping in spec.objects if mapping.salesforce == change.key.full_name]
    return _write_all(spec, change, [("objects", name) for name in names], OBJECT_WORDS)


def adopt_list_view(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for a list view's label; of its columns the org does not tell which field of the mapping each is."""
    sobject, _, own = change.key.full_name.partition(".")
    named = {mapping.name: mapping.salesforce for mapping in spec.objects}
    places = [
        ("presentation", "objects", display.object, "list_views", view.name)
        for display in (spec.presentation.displays if spec.presentation else ())
        for view in display.list_views
        if (named[display.object], view.developer_name) == (sobject, own)
    ]
    return _write_all(spec, change, places, LABEL)


def adopt_app(spec: Spec, change: ComponentChange) -> Iterator[Edit]:
    """Edits for the app of the mapping."""
    return _write_all(spec, change, [("presentation", "app")] if spec.presentation else [], TEXTS)


def write_text(spec: Spec, key: Key, place: tuple[str, ...], words: Words, element: ElementChange) -> Edit:
    """The edit for one element that has a word. Raises AdoptError for one that has none, or that is empty."""
    word = words.get(element.path)
    if word is None or not element.after:
        raise AdoptError(
            f"{key}: the mapping has no word for `{element.path}` ({element.before or 'none'} -> {element.after or 'none'}); "
            "revert it, or accept it until a day"
        )
    return Edit((*place, *word), element.after.removesuffix(banner(spec)).rstrip())


def _write_all(spec: Spec, change: ComponentChange, places: Sequence[tuple[str, ...]], words: Words) -> Iterator[Edit]:
    if not places:
        raise AdoptError(f"{change.key}: no part of the mapping is named so; revert it, or accept it until a day")
    return (write_text(spec, change.key, places[0], words, element) for element in change.elements)
