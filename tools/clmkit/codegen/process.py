"""The metadata of what happens around an agreement: the request event, the day for notice, the key of a renewal opportunity.

Sources: Metadata API Developer Guide, "CustomObject" (platform events), "CustomField".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.apex_process import makes_opportunities
from clmkit.codegen.names import RENEWAL_OBJECT, described, notice_day, renewal_key, request_event
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.runtime import event_base, event_text, plan_object
from clmkit.codegen.xml import Body
from clmkit.mapping.model import Spec


def plan_process(spec: Spec) -> Iterator[PlannedFile]:
    """The event of requests, and the two fields that the renewal rule needs."""
    if spec.requests:
        yield from plan_object(request_event(spec), _request_event(spec), REQUEST_FIELDS)
    header = spec.header
    if spec.renewal is None or header is None:
        return
    yield _field(header.salesforce, {
        "fullName": notice_day(spec),
        "description": described(spec, "Last day on which notice can be given: the end less the notice period. Triggers keep it."),
        "label": "Last Day for Notice",
        "required": False,
        "trackHistory": False,
        "type": "Date",
    })  # fmt: skip
    if makes_opportunities(spec):
        yield _field(RENEWAL_OBJECT, {
            "fullName": renewal_key(spec),
            "caseSensitive": header.key.case_sensitive,
            "description": described(spec, "Key of the agreement that this opportunity renews; one opportunity for each."),
            "externalId": True,
            "label": f"{spec.prefix} Renewal Of",
            "length": header.key.type.length,
            "required": False,
            "trackHistory": False,
            "type": "Text",
            "unique": True,
        })  # fmt: skip


def _field(sobject: str, body: Body) -> PlannedFile:
    return generated(f"objects/{sobject}/fields/{body['fullName']}.field-meta.xml", MetadataXml("CustomField", body))


def _request_event(spec: Spec) -> Body:
    return {
        "deploymentStatus": "Deployed",
        "description": described(spec, "A record asks the CLM for an agreement; the key tells a repeated request."),
        "eventType": "HighVolume",
        "label": f"{spec.prefix} Contract Request",
        "pluralLabel": f"{spec.prefix} Contract Requests",
        "publishBehavior": "PublishAfterCommit",
    }


REQUEST_FIELDS: tuple[Body, ...] = (
    event_text("Request__c", "Request", 80, "Name of the request in the mapping spec."),
    event_text("Contract_Type__c", "Contract Type", 80, "The kind of agreement that is asked for."),
    event_text("Record_Id__c", "Record Id", 18, "The record that asks."),
    event_text("Idempotency_Key__c", "Idempotency Key", 100, "The same for every request of one record and name."),
    event_text("Requested_By__c", "Requested By", 18, "The user who asked."),
    {
        **event_base("Prefill__c", "Prefill", "What the agreement starts with: JSON, value by path in the CLM."),
        "length": 32768,
        "type": "LongTextArea",
        "visibleLines": 3,
    },
)
