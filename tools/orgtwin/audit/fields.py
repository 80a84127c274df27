"""Entries of custom fields: their creation by kind, each property that changed, their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orgtwin.audit.entries import Change, Entry, Words
from orgtwin.metadata.xml import Node

_KINDS: Mapping[str, str] = {
    "DateTime": "Date/Time",
    "Html": "Rich Text Area",
    "LongTextArea": "Long Text Area",
    "MultiselectPicklist": "Picklist (Multi-Select)",
    "TextArea": "Text Area",
    "Url": "URL",
}
"""Field types by the names that Setup shows, where these differ."""

_PROPERTIES: Mapping[str, tuple[str, str]] = {
    "label": ("changedCF", "Changed label of custom field{on} from {before} to {after}"),
    "length": ("changedCFLength", "Changed length of {label} custom field{on} from {before} to {after}"),
    "scale": ("changedCFScale", "Changed decimal places for {label} custom field{on} from {before} to {after}"),
    "type": ("changedCFType", "Changed field type of {label} custom field{on} from {before} to {after}"),
    "formula": ("changedCFFormula", 'Changed formula of {label} custom field from "{before}" to "{after}"'),
    "inlineHelpText": ("changedCFFieldHelp", "Changed help text of {label} custom field{on}"),
    "defaultValue": (
        "changedCFDefaultFormula",
        "Changed default value for {label} custom field{on} from {before} to {after}",
    ),
}
_OPTIONS: Mapping[str, str] = {"required": "Required", "unique": "Unique", "externalId": "External ID"}


def field_entries(change: Change, words: Words) -> Iterator[Entry]:
    if change.before is None:
        yield _created(change.component.body, words)
    elif change.after is None:
        yield _deleted(words, purged=change.purged)
    else:
        found = [*_properties(change, words), *_options(change, words)]
        # ASSUMED: the text of a change for which none was found
        yield from found or [_entry("changedCF", words, f"Changed custom field {words.label}{_on(words)}")]


def _entry(action: str, words: Words, display: str) -> Entry:
    return Entry(f"{action}Custom" if words.is_custom else action, words.section, display)


def _on(words: Words) -> str:
    return f" on {words.object}" if words.is_custom else ""


def _created(body: Node, words: Words) -> Entry:
    kind = body.value("type") or ""
    shown, on, colon = _KINDS.get(kind, kind), _on(words), "" if words.is_custom else ":"
    if body.value("formula") is not None:
        return _entry("createdCFFormula", words, f"Created custom formula field{colon} {words.label} ({shown}){on}")
    if kind == "Lookup":
        text = f"Created custom lookup relationship {words.label} ({body.value('referenceTo')}){on}"
        return _entry("createdCFLookup", words, text)
    if kind == "MasterDetail":
        text = f"Created master-detail field: {words.label} ({body.value('referenceTo')}){on}"
        return _entry("createdCFMasterDetail", words, text)
    if kind == "Summary":
        text = f"Created roll up summary field{colon} {words.label} ({body.value('summaryOperation')}){on}"
        return _entry("createdCF_RSF", words, text)
    if kind == "AutoNumber":
        start = body.value("startingNumber") or "0"
        text = f"Created {words.label} custom field (Auto Number: Starting from {start}){on}"
        return _entry("createdCFAutoNum", words, text)
    return _entry("createdCF", words, f"Created custom field{colon} {words.label} ({shown}){on}")


def _deleted(words: Words, *, purged: bool) -> Entry:
    action, verb = ("hardDeletedCF", "Permanently deleted") if purged else ("deletedCF", "Deleted")
    where = f" from {words.object}" if words.is_custom else ""
    return _entry(action, words, f"{verb} custom field {words.label}{where}")


def _properties(change: Change, words: Words) -> Iterator[Entry]:
    for tag, (action, text) in _PROPERTIES.items():
        before, after = change.value(tag)
        if before != after:
            yield _entry(action, words, text.format(label=words.label, on=_on(words), before=before, after=after))


def _options(change: Change, words: Words) -> Iterator[Entry]:
    on = f" on object {words.object}" if words.is_custom else ""
    for tag, option in _OPTIONS.items():
        before, after = (value == "true" for value in change.value(tag))
        if before is not after:
            action = "changedCFOptionOffOn" if after else "changedCFOptionOnOff"
            ends = "from off to on" if after else "from on to off"
            yield _entry(action, words, f"The custom field option {option} for {words.label}{on} has changed {ends}")
