"""Files: a ContentVersion brings its ContentDocument, its links and what the org measures of its bytes.

Source: "ContentVersion", "ContentDocument", "ContentDocumentLink" (Object Reference): the first version makes the
document and is linked to its owner and to FirstPublishLocationId; a later version of a document becomes its latest one.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Value
from orgtwin.records.own_rows import change_own_row, store_own_row
from orgtwin.records.saving import Operation, Pending, Save

_COPIED = ("Title", "Description", "FileType", "FileExtension", "ContentSize")


def publish_documents(context: RecordsContext, save: Save) -> None:
    """Runs when the versions are stored."""
    if save.operation is Operation.INSERT:
        for row in save.rows:
            _publish(context, save, row)


def _publish(context: RecordsContext, save: Save, row: Pending) -> None:
    table = save.table
    values = {f.api_name: table.reader(f.api_name)(row.content) for f in table.type.fields}
    version_id = str(values["Id"])
    measured = _measure(values)
    document_id = values["ContentDocumentId"]
    user_id = save.caller.user_id
    document: dict[str, Value] = {name: measured.get(name, values.get(name)) for name in _COPIED}
    document |= {"LatestPublishedVersionId": version_id, "ContentModifiedDate": context.now, "PublishStatus": "P"}
    if isinstance(document_id, str):
        measured["VersionNumber"] = str(_retire_versions(context, document_id, version_id) + 1)
        change_own_row(context, "ContentDocument", document_id, document)
    else:
        document_id = store_own_row(context, "ContentDocument", document, user_id)
        _link(context, document_id, user_id, "I", user_id)
        place = values["FirstPublishLocationId"]
        if isinstance(place, str) and place != user_id:
            _link(context, document_id, place, "V", user_id)
    change_own_row(context, "ContentVersion", version_id, measured | {"ContentDocumentId": document_id})


def _measure(values: dict[str, Value]) -> dict[str, Value]:
    data = values["VersionData"] if isinstance(values["VersionData"], bytes) else b""
    path = PurePosixPath(str(values["PathOnClient"] or values["Title"] or "file"))
    extension = path.suffix.removeprefix(".")
    return {
        "Title": values["Title"] or path.stem,
        "FileExtension": extension or None,
        "FileType": extension.upper() or "UNKNOWN",
        "ContentSize": len(data),
        "Checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "VersionNumber": "1",
        "IsLatest": True,
        "PublishStatus": "P",
    }


def _retire_versions(context: RecordsContext, document_id: str, version_id: str) -> int:
    """The older versions are no longer the latest; how many there are."""
    older = [
        str(row[0])
        for row in context.table("ContentVersion").find("ContentDocumentId", document_id)
        if row[0] != version_id
    ]
    for record_id in older:
        change_own_row(context, "ContentVersion", record_id, {"IsLatest": False})
    return len(older)


def _link(context: RecordsContext, document_id: str, entity_id: str, share_type: str, user_id: str) -> None:
    values = {"ContentDocumentId": document_id, "LinkedEntityId": entity_id, "ShareType": share_type}
    store_own_row(context, "ContentDocumentLink", {**values, "Visibility": "AllUsers"}, user_id)
