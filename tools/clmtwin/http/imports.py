"""`POST /api/v1/imports/contracts`: a CSV file of captured contracts becomes agreements, each row once."""

from __future__ import annotations

import msgspec

from clmtwin.clock import iso
from clmtwin.http.exchange import Request, Response, json_response
from clmtwin.imports.contracts_csv import ContractRow, RejectedRow, read_rows, to_agreement
from clmtwin.problem import Problem
from clmtwin.twin import Twin


class ImportReport(msgspec.Struct, frozen=True):
    """read = created + already_present + rejected, to the row."""

    read: int
    created: int
    already_present: int
    rejected: list[RejectedRow]


def import_contracts(twin: Twin, request: Request) -> Response:
    media_type = request.headers.get("content-type", "").split(";")[0].strip()
    if media_type != "text/csv":
        raise Problem("unsupported_media_type", f"Send the file as text/csv, not {media_type or 'without a type'!r}.")
    created = present = 0
    rejected: list[RejectedRow] = []
    with twin.store.transaction():
        for row in read_rows(request.body):
            if isinstance(row, RejectedRow):
                rejected.append(row)
            elif twin.store.find_imported(_source(row)) is not None:
                present += 1
            else:
                _keep(twin, row)
                created += 1
    twin.on_change()
    return json_response(ImportReport(created + present + len(rejected), created, present, rejected), status=201)


def _source(row: ContractRow) -> str:
    return row.cells["Filename"].strip()


def _keep(twin: Twin, row: ContractRow) -> None:
    now = twin.clock.now()
    number = twin.store.next_agreement_number()
    agreement, content = to_agreement(row, number, today=now.date(), updated_at=iso(now), public_url=twin.public_url)
    document = agreement.documents[0]
    twin.store.put_document(document.id, document.file_name, content)
    twin.keep(agreement, "agreement.created")
    twin.store.put_imported(_source(row), agreement.id)
