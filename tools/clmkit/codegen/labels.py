"""Custom labels: what people read when a rule speaks, as text that an org can translate.

The word before the colon (`CLM_OWNED:`) is for programs and stays in Apex; the sentence behind it is a label. `{0}` and `{1}` are
filled by `String.format`, which takes a single apostrophe for a quote: the texts have none. Sources: Metadata API Developer Guide,
"CustomLabels"; Apex Reference Guide, "String.format".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clmkit.codegen.apex_process import makes_opportunities
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body
from clmkit.mapping.model import Spec

LANGUAGE = "en_US"


@dataclass(frozen=True, slots=True)
class Message:
    """One text: its name in the templates and in the label, the words, and what the placeholders stand for."""

    name: str
    text: str
    told: str  # at most 80 characters


FRAME_MESSAGES = (
    Message("Owned_Field", "{0} comes from the CLM. Change it there, or ask {1}.", "Owned field: {0} field, {1} steward"),
    Message("Keyed_Record", "only the CLM integration creates records that have a CLM key.", "A person gave a CLM key"),
    Message(
        "Stale_Version",
        "revision {0} is older than revision {1}, which this record already holds.",
        "Late delivery: {0} revision that came, {1} revision held",
    ),
    Message(
        "Not_Published",
        "the CLM could not be told of this change ({0}). Try again.",
        "The event bus refused: {0} reason",
    ),
)  # fmt: skip
REQUEST_MESSAGE = Message(
    "Incomplete_Request",
    "the CLM needs {0} to write the {1}. Fill it in, then save again.",
    "Request: {0} empty fields, {1} kind of agreement",
)
RENEWAL_MESSAGE = Message(
    "Not_Renewed", "{0} renewal opportunities could not be saved: {1}", "Nightly batch: {0} number, {1} reasons"
)


def messages_of(spec: Spec) -> tuple[Message, ...]:
    """The texts that the Apex of this spec says; none without Apex."""
    if not any(is_guarded(mapping) for mapping in spec.objects):
        return ()
    requests = (REQUEST_MESSAGE,) if spec.requests else ()
    return (*FRAME_MESSAGES, *requests, *((RENEWAL_MESSAGE,) if makes_opportunities(spec) else ()))


def label_names(spec: Spec) -> Mapping[str, str]:
    """Name of a message -> full name of its label."""
    return {message.name: f"{spec.prefix}_{message.name}" for message in messages_of(spec)}


def plan_labels(spec: Spec) -> Iterator[PlannedFile]:
    names = label_names(spec)
    rows: list[Body] = [
        {
            "fullName": names[message.name],
            "categories": spec.prefix,
            "language": LANGUAGE,
            "protected": False,
            "shortDescription": message.told,
            "value": message.text,
        }
        for message in sorted(messages_of(spec), key=lambda message: message.name)
    ]
    if rows:
        yield generated("labels/CustomLabels.labels-meta.xml", MetadataXml("CustomLabels", {"labels": rows}))
