"""Write drift of names and texts of objects, list views and the app into the mapping; say why other kinds are not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clmkit.codegen.fields import CLASSIFICATION
from clmkit.codegen.layouts import layout_name
from clmkit.codegen.names import banner
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.release.components import ComponentChange, ElementChange, Elements, Key
from clmkit.release.spec_edit import AdoptError, AnyEdit, BlockEdit, Edit

Words = Mapping[str, tuple[str, ...]]
OBJECT_WORDS: Words = {
    "description": ("description",),
    "label": ("label",),
    "nameField.displayFormat": ("record_name", "format"),
    "nameField.label": ("record_name", "label"),
    "pluralLabel": ("plural_label",),
    "sharingModel": ("sharing",),
}
LABEL: Words = {"label": ("label",)}
TEXTS: Words = {**LABEL, "description": ("description",)}

OF_ALL = "is the same for every mapping"
IN_EXTENSIONS = "comes from extensions/, which is yours: write it there"
NO_WORD = {
    "ApexClass": "move the edit into the class of the same name in extensions/, which is yours",
    "ApexTrigger": "move the edit into the class of the same name in extensions/, which is yours",
    "CustomLabel": "its words are those of the code; translate it in the org",
    "CustomMetadata": "is the mapping as the org's code reads it; write what it means into the mapping",
    "CustomPermission": OF_ALL,
    "Dashboard": "follows from `presentation.reports`; what was saved under another name is nobody's drift",
    "DuplicateRule": "a steward turns it on in the org, where it is drift on purpose",
    "ExternalClientApplication": IN_EXTENSIONS,
    "ExternalCredential": IN_EXTENSIONS,
    "ExtlClntAppConfigurablePolicies": "guards how the sync signs in",
    "ExtlClntAppOauthConfigurablePolicies": "guards how the sync signs in",
    "ExtlClntAppOauthSettings": "guards how the sync signs in",
    "FieldSet": "is what the CLM owns, field by field",
    "Flow": "follows from `renewal`, `approvals` and the stewards; write it there",
    "Group": "is named by `shares`; its members are the org's own",
    "MatchingRule": "a steward turns it on in the org, where it is drift on purpose",
    "MutingPermissionSet": OF_ALL,
    "NamedCredential": IN_EXTENSIONS,
    "PermissionSetGroup": OF_ALL,
    "PlatformEventChannel": OF_ALL,
    "PlatformEventChannelMember": "follows from the fields that flow back to the CLM",
    "Queue": "follows from the stewards",
    "ReportType": "follows from the fields of the mapping that a report lists",
    "Settings": "follows from what the fields require",
    "SharingCriteriaRule": "follows from `shares`, whose conditions name fields of the mapping; write it there",
    "StaticResource": "is the list of what the mapping makes",
}
"""Metadata type -> why an edit of it in an org is not written into the mapping by command."""


def adopt_object(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """Edits for a custom object of the mapping.

    The page layout keeps its name when the object's label changes: layouts are assigned by name.
    """
    mapping = next((one for one in spec.objects if one.salesforce == change.key.full_name), None)
    if mapping is None:
        raise AdoptError(f"{change.key}: no part of the mapping is named so; revert it, or accept it until a day")
    for element in sorted(change.elements, key=lambda one: one.path != "label"):
        yield write_text(spec, change.key, ("objects", mapping.name), OBJECT_WORDS, element)
        if element.path == "label":
            yield from _keep_names(spec, mapping)


def _keep_names(spec: Spec, mapping: ObjectMapping) -> Iterator[AnyEdit]:
    """What is named after the object and keeps its name in the org."""
    yield BlockEdit(("objects", mapping.name), {}, {"plural_label": mapping.plural_label})
    for display in spec.presentation.displays if spec.presentation else ():
        if display.object == mapping.name:
            named = {"layout": layout_name(mapping, display)}
            yield BlockEdit(("presentation", "objects", mapping.name), {}, named)


TAGS = ("securityClassification", "complianceGroup")
"""Elements of a field that its tags are written to."""


def write_tags(key: Key, path: tuple[str, ...], tags: Sequence[str], after: Elements) -> Edit:
    """The tags that the org's classification says, in its order behind those that stay."""
    named = {said: tag for tag, said in CLASSIFICATION.items()}
    found: list[str] = []
    for element in TAGS:
        for value in filter(None, after.get(element, "").split(";")):
            if (element, value) not in named:
                raise AdoptError(
                    f"{key}: the mapping has no tag for {element} {value}; revert it, or accept it until a day"
                )
            found.append(named[element, value])
    kept = [tag for tag in tags if tag in found]
    return Edit((*path, "tags"), [*kept, *(tag for tag in found if tag not in kept)])


def write_text(spec: Spec, key: Key, place: tuple[str, ...], words: Words, element: ElementChange) -> Edit:
    """The edit for one element that has a word. Raises AdoptError for one that has none, or that is empty."""
    word = words.get(element.path)
    if word is None or not element.after:
        raise AdoptError(
            f"{key}: the mapping has no word for `{element.path}` ({element.before or 'none'} -> {element.after or 'none'}); "
            "revert it, or accept it until a day"
        )
    return Edit((*place, *word), element.after.removesuffix(banner(spec)).rstrip())
