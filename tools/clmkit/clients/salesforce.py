"""Salesforce over REST: query, upsert by external ID alone, in collections of 200, composites of 1,000 and by Bulk 2.0, describe.

Every request says who we are (`Sforce-Call-Options: client=clmkit`), so that change events of our own writes can be told from
others ("Call Options Header"). An expired session is renewed once per request. `api_usage` holds the last Sforce-Limit-Info.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from clmkit.clients import bulk
from clmkit.clients.errors import UNREADABLE, Refused, Unexpected, Unfinished
from clmkit.clients.outcomes import Action, Outcome, outcome_of
from clmkit.clients.salesforce_login import Login, Token, log_in
from clmkit.clients.transport import RETRY_STATUS, Content, Reply, Transport, require_private

CLIENT_NAME = "clmkit"
MOST_PER_COLLECTION = 200
COLLECTIONS_PER_COMPOSITE = 5

JSON = "application/json"
ORG_ID = re.compile(r"/id/(00D\w{12,15})/")

Record = dict[str, Any]
T = TypeVar("T")
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _ErrorBody(msgspec.Struct, frozen=True):
    message: str = ""
    errorCode: str = ""  # noqa: N815 - Salesforce's spelling
    fields: list[str] | None = None


class _RowError(msgspec.Struct, frozen=True):
    statusCode: str  # noqa: N815 - Salesforce's spelling
    message: str = ""
    fields: list[str] | None = None


class _Row(msgspec.Struct, frozen=True):
    success: bool
    id: str | None = None
    created: bool | None = None
    errors: list[_RowError] = []


class _Part(msgspec.Struct, frozen=True):
    body: list[msgspec.Raw]
    httpStatusCode: int  # noqa: N815 - Salesforce's spelling


class _QueryPart(msgspec.Struct, frozen=True):
    body: msgspec.Raw
    httpStatusCode: int  # noqa: N815 - Salesforce's spelling


class _QueryParts(msgspec.Struct, frozen=True):
    compositeResponse: list[_QueryPart]  # noqa: N815 - Salesforce's spelling


class _Parts(msgspec.Struct, frozen=True):
    compositeResponse: list[_Part]  # noqa: N815 - Salesforce's spelling


class _Page(msgspec.Struct, frozen=True):
    records: list[Record]
    done: bool
    totalSize: int  # noqa: N815 - Salesforce's spelling
    nextRecordsUrl: str | None = None  # noqa: N815 - Salesforce's spelling


class _Updated(msgspec.Struct, frozen=True):
    ids: list[str]


class _DeletedRecord(msgspec.Struct, frozen=True):
    id: str
    deletedDate: str  # noqa: N815 - Salesforce's spelling


class _Deleted(msgspec.Struct, frozen=True):
    deletedRecords: list[_DeletedRecord]  # noqa: N815 - Salesforce's spelling


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of a collection. `code` is empty on success; `of_request` when all rows of a request got it as one."""

    record_id: str
    created: bool
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()
    of_request: bool = False

    @property
    def is_success(self) -> bool:
        return not self.code

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.code, self.message)


@dataclass(frozen=True, slots=True)
class Session:
    """What other APIs of the org want to know of who asks."""

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """`Sforce-Limit-Info: api-usage=18/15000`: calls of the last 24 hours and the org's allowance."""

    used: int
    allowed: int


class Salesforce:
    def __init__(self, transport: Transport, url: str, login: Login | Callable[[], Login], api_version: str) -> None:
        """`login` may be read anew for each login, so that a secret is replaced while the sync runs. Raises ValueError for http."""
        self._transport = transport
        self._url = require_private(url)
        self._login = login
        self._path = f"/services/data/v{api_version}"
        self._token: Token | None = None
        self._logging_in = asyncio.Lock()
        self._pace = bulk.Pace()
        self.api_usage: ApiUsage | None = None

    @property
    def calls(self) -> Mapping[str, int]:
        return self._transport.calls

    async def session(self, *, renewed: bool = False) -> Session:
        """The session that requests are made with; `renewed` after somebody refused it. Raises LoginFailed, Unreachable."""
        token = await self._renew(self._token) if renewed or self._token is None else self._token
        found = ORG_ID.search(token.id)
        if found is not None:
            return Session(token.access_token, token.instance_url, found[1])
        ids = [str(record["Id"]) async for record in self.query("SELECT Id FROM Organization")]
        return Session(token.access_token, token.instance_url, ids[0])

    async def query(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[Record]:
        """The records of a query, page after page; memory holds one page. `with_deleted` adds what is in the recycle bin."""
        path = f"{self._path}/{'queryAll' if with_deleted else 'query'}?{urlencode({'q': soql})}"
        while True:
            page = _read(await self._send("query", "GET", path), _Page)
            for record in page.records:
                yield record
            if page.done or page.nextRecordsUrl is None:
                return
            path = page.nextRecordsUrl

    async def read_updated(self, sobject: str, start: str, end: str) -> list[str]:
        """The ids of records that were created or changed from one minute until another, both ISO 8601. "Get Updated" (REST API
        Developer Guide): at most 30 days back.
        """
        path = f"{self._path}/sobjects/{sobject}/updated?{urlencode({'start': start, 'end': end})}"
        return _read(await self._send("updated", "GET", path), _Updated).ids

    async def read_deleted(self, sobject: str, start: str, end: str) -> dict[str, str]:
        """When each record was deleted, by id, likewise. "Get Deleted" (REST API Developer Guide)."""
        path = f"{self._path}/sobjects/{sobject}/deleted?{urlencode({'start': start, 'end': end})}"
        found = _read(await self._send("deleted", "GET", path), _Deleted)
        return {record.id: record.deletedDate for record in found.deletedRecords}

    async def query_together(self, soqls: Sequence[str]) -> list[list[Record]]:
        """The first page of each query, five of them in one call. "Composite" (REST API Developer Guide)."""
        answers: list[list[Record]] = []
        for at in range(0, len(soqls), COLLECTIONS_PER_COMPOSITE):
            parts = [
                {"method": "GET", "url": f"{self._path}/query?{urlencode({'q': soql})}", "referenceId": f"q{number}"}
                for number, soql in enumerate(soqls[at : at + COLLECTIONS_PER_COMPOSITE])
            ]
            body = {"allOrNone": False, "compositeRequest": parts}
            reply = await self._send("composite", "POST", f"{self._path}/composite", body)
            answers += [_to_page(part) for part in _read(reply, _QueryParts).compositeResponse]
        return answers

    async def query_bulk(self, soql: str) -> AsyncIterator[Record]:
        """The records of a query of any size as one Bulk API 2.0 query job, values as text, related fields nested.

        "Create a Query Job", "Get Results for a Query Job" (Bulk API 2.0 and Bulk API Developer Guide). Memory holds one part.
        """
        jobs = f"{self._path}/jobs/query"
        order = {"operation": "query", "query": soql}
        job = _read(await self._send("bulk_create", "POST", jobs, order), bulk.Job)
        for wait in bulk.Pace().waits(1):
            await self._transport.sleep(wait)
            job = _read(await self._send("bulk_look", "GET", f"{jobs}/{job.id}"), bulk.Job)
            if job.is_over:
                break
        bulk.require_complete(job, f"Salesforce bulk query {job.id}")
        locator = ""
        while locator != bulk.LAST_PART:
            more = f"&locator={locator}" if locator else ""
            path = f"{jobs}/{job.id}/results?maxRecords={bulk.ROWS_PER_PART}{more}"
            reply = await self._send("bulk_results", "GET", path, accept="text/csv")
            for record in bulk.read_records(reply):
                yield record
            locator = reply.headers.get("sforce-locator", bulk.LAST_PART)

    async def upsert_collection(
        self, sobject: str, key_field: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]:
        """Upsert up to 200 records by external ID in one call; the results stand in the order of the records.

        "Upsert Multiple Records with Fewer Round-Trips" (REST API Developer Guide): HTTP 200, one verdict per row. Without
        `patient` the request goes once, whatever comes back.
        """
        if not 0 < len(records) <= MOST_PER_COLLECTION:
            raise ValueError(f"a collection holds 1 to {MOST_PER_COLLECTION} records, not {len(records)}")
        path = self._collection_path(sobject, key_field)
        body = _collection(sobject, records)
        reply = await self._send("collections", "PATCH", path, body, attempts=None if patient else 1)
        return _to_results(_read(reply, list[_Row]), sobject, len(records))

    async def delete_collection(self, record_ids: Sequence[str]) -> list[RowResult]:
        """Delete up to 200 records in one call, each for itself. "Delete Multiple Records with Fewer Round-Trips"."""
        query = urlencode({"ids": ",".join(record_ids), "allOrNone": "false"})
        reply = await self._send("delete", "DELETE", f"{self._path}/composite/sobjects?{query}")
        return [_to_result(row) for row in _read(reply, list[_Row])]

    async def upsert_composite(
        self, sobject: str, key_field: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]:
        """Upsert up to 1,000 records by external ID in one call: five collections in a composite, each for itself.

        "Composite" (REST API Developer Guide): at most five of the subrequests are collections, all of it counts as one call.
        """
        chunks = [records[at : at + MOST_PER_COLLECTION] for at in range(0, len(records), MOST_PER_COLLECTION)]
        if not 0 < len(chunks) <= COLLECTIONS_PER_COMPOSITE:
            raise ValueError(f"a composite holds 1 to {COLLECTIONS_PER_COMPOSITE} collections, not {len(chunks)}")
        path = self._collection_path(sobject, key_field)
        parts = [
            {"method": "PATCH", "url": path, "referenceId": f"rows{number}", "body": _collection(sobject, chunk)}
            for number, chunk in enumerate(chunks)
        ]
        body = {"allOrNone": False, "compositeRequest": parts}
        attempts = None if patient else 1
        answer = _read(
            await self._send("composite", "POST", f"{self._path}/composite", body, attempts=attempts), _Parts
        )
        if len(answer.compositeResponse) != len(chunks):
            raise Unexpected(
                f"Salesforce answered {len(answer.compositeResponse)} of {len(chunks)} collections of {sobject}"
            )
        answered = zip(answer.compositeResponse, chunks, strict=True)
        return [result for part, chunk in answered for result in _to_part(part, sobject, len(chunk))]

    async def upsert_bulk(
        self, sobject: str, key_field: str, records: Sequence[Record], *, needs_ids: bool = True
    ) -> list[RowResult]:
        """Upsert records by external ID as one Bulk API 2.0 job, or several when the upload would be too large.

        The results stand in the order of the records, which are known by their keys. Who does not need record ids saves a call as
        long as no row fails. Raises Refused when the job failed as a whole.
        """
        content = bulk.to_csv(records)
        if len(content) > bulk.LARGEST_UPLOAD:
            half = len(records) // 2
            first = await self.upsert_bulk(sobject, key_field, records[:half], needs_ids=needs_ids)
            return first + await self.upsert_bulk(sobject, key_field, records[half:], needs_ids=needs_ids)
        job_id = await self.create_job(sobject, key_field)
        await self.upload_job(job_id, content)
        job = await self.finish_job(job_id, len(records))
        bulk.require_complete(job, f"Salesforce bulk job {job.id} for {sobject}")
        verdicts = await self._read_verdicts(job, key_field, needs_ids or job.numberRecordsProcessed != len(records))
        missing = None if needs_ids else bulk.SAVED
        return [_to_bulk_result(verdicts.get(str(record[key_field]), missing)) for record in records]

    async def create_job(self, sobject: str, key_field: str) -> str:
        """The id of a new ingest job, which is open for its upload."""
        return _read(await self._send("bulk_create", "POST", self._jobs, bulk.order(sobject, key_field)), bulk.Job).id

    async def upload_job(self, job_id: str, content: bytes | Content) -> None:
        """Upload the CSV of an open job and close it: from then on Salesforce works on it."""
        await self._send("bulk_upload", "PUT", f"{self._jobs}/{job_id}/batches", content, "text/csv")
        await self._send("bulk_close", "PATCH", f"{self._jobs}/{job_id}", {"state": "UploadComplete"})

    async def abort_job(self, job_id: str) -> None:
        await self._send("bulk_close", "PATCH", f"{self._jobs}/{job_id}", {"state": "Aborted"})

    async def get_job(self, job_id: str) -> bulk.Job:
        return _read(await self._send("bulk_look", "GET", f"{self._jobs}/{job_id}"), bulk.Job)

    async def finish_job(self, job_id: str, rows: int) -> bulk.Job:
        """The job when it is over. The first look comes when jobs of this size were over so far: a look is a call, too."""
        waited = 0.0
        for looks, wait in enumerate(self._pace.waits(rows), start=1):
            await self._transport.sleep(wait)
            waited += wait
            job = await self.get_job(job_id)
            if job.is_over:
                self._pace.learn(rows, waited, looks, job.totalProcessingTime / 1000)
                return job
        raise Unfinished(
            f"The bulk job {job_id} is still {job.state}, looked at {bulk.MOST_LOOKS} times; a later run reads what it did."
        )

    async def read_saved(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]:
        """The rows of a finished job that were saved, by key, with their record ids."""
        path = f"{self._jobs}/{job_id}/successfulResults"
        return dict(bulk.read_saved(await self._send("bulk_results", "GET", path, accept="text/csv"), key_field))

    async def read_failed(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]:
        """The rows of a finished job that were refused, by key."""
        path = f"{self._jobs}/{job_id}/failedResults"
        return dict(bulk.read_failed(await self._send("bulk_results", "GET", path, accept="text/csv"), key_field))

    async def _read_verdicts(self, job: bulk.Job, key_field: str, wants_saved: bool) -> dict[str, bulk.Verdict]:
        verdicts: dict[str, bulk.Verdict] = {}
        if wants_saved:
            verdicts = await self.read_saved(job.id, key_field)
        if job.numberRecordsFailed:
            verdicts |= await self.read_failed(job.id, key_field)
        return verdicts

    @property
    def _jobs(self) -> str:
        return f"{self._path}/jobs/ingest"

    def _collection_path(self, sobject: str, key_field: str) -> str:
        return f"{self._path}/composite/sobjects/{sobject}/{key_field}"

    async def upsert(self, sobject: str, key_field: str, key: str, fields: Record) -> RowResult:
        """Upsert one record by external ID. "Insert or Update (Upsert) a Record Using an External ID"."""
        path = f"{self._path}/sobjects/{sobject}/{key_field}/{quote(key, safe='')}"
        try:
            reply = await self._send("single", "PATCH", path, fields)
        except Refused as refused:
            return RowResult("", created=False, code=refused.code, message=refused.message, fields=refused.fields)
        return RowResult("", created=False) if reply.status == 204 else _to_result(_read(reply, _Row))

    async def limits(self) -> Record:
        """The org's allowances by name, each with `Max` and `Remaining`. "Limits" (REST API Developer Guide)."""
        return _read(await self._send("limits", "GET", f"{self._path}/limits"), Record)

    async def describe(self, sobject: str) -> Record:
        return _read(await self._send("describe", "GET", f"{self._path}/sobjects/{sobject}/describe"), Record)

    async def call(self, method: str, path: str, body: object = None) -> Reply:
        """The answer of another resource, by its path below the version. Raises Refused, WireError."""
        return await self._send(path.partition("/")[0], method, f"{self._path}/{path}", body)

    async def _send(
        self,
        kind: str,
        method: str,
        path: str,
        body: object = None,
        media_type: str = JSON,
        accept: str = JSON,
        *,
        attempts: int | None = None,
    ) -> Reply:
        """The answer to a request that was accepted. What the table of outcomes says to retry is retried, with growing waits, as
        often as patience or `attempts` allow.
        """
        most = attempts or self._transport.patience.attempts
        content = body if body is None or isinstance(body, bytes) or callable(body) else _encode(body)
        headers = {"accept": accept} | ({"content-type": media_type} if content is not None else {})
        attempt = 0
        while True:
            reply = await self._send_logged_in(kind, method, path, content, headers, attempts)
            if reply.status < 300:
                return reply
            attempt += 1
            refusal = _refusal(f"Salesforce {method} {path.split('?')[0]}", reply)
            is_spent = attempt >= most or reply.status in RETRY_STATUS
            if refusal.action is not Action.RETRY or is_spent:
                raise refusal
            await self._transport.pause(attempt)

    async def _send_logged_in(
        self,
        kind: str,
        method: str,
        path: str,
        content: bytes | Content | None,
        headers: Mapping[str, str],
        attempts: int | None,
    ) -> Reply:
        token = self._token or await self._renew(None)
        reply = await self._send_once(kind, method, path, content, headers, token, attempts)
        if reply.status == 401:
            reply = await self._send_once(kind, method, path, content, headers, await self._renew(token), attempts)
        return reply

    async def _renew(self, refused: Token | None) -> Token:
        """A token other than the one that was refused: requests that find out together log in once."""
        async with self._logging_in:
            if self._token is None or self._token is refused:
                login = self._login() if callable(self._login) else self._login
                self._token = await log_in(self._transport, self._url, login)
            return self._token

    async def _send_once(
        self,
        kind: str,
        method: str,
        path: str,
        content: bytes | Content | None,
        headers: Mapping[str, str],
        token: Token,
        attempts: int | None,
    ) -> Reply:
        sent = {
            "authorization": f"Bearer {token.access_token}",
            "sforce-call-options": f"client={CLIENT_NAME}",
            **headers,
        }
        url = token.instance_url + path
        reply = await self._transport.send(kind, method, url, headers=sent, body=content, attempts=attempts)
        self.api_usage = _read_usage(reply) or self.api_usage
        return reply


def _collection(sobject: str, records: Sequence[Record]) -> Record:
    rows = [{"attributes": {"type": sobject}, **record} for record in records]
    return {"allOrNone": False, "records": rows}


def _to_results(rows: Sequence[_Row], sobject: str, asked: int) -> list[RowResult]:
    if len(rows) != asked:
        raise Unexpected(f"Salesforce answered {len(rows)} results to {asked} records of {sobject}")
    return [_to_result(row) for row in rows]


def _to_page(part: _QueryPart) -> list[Record]:
    """The records of one query of a composite. Raises Refused, Unexpected."""
    try:
        if part.httpStatusCode < 300:
            return msgspec.json.decode(part.body, type=_Page).records
        first = next(iter(msgspec.json.decode(part.body, type=list[_ErrorBody])), _ErrorBody())
    except UNREADABLE as error:
        raise Unexpected(
            f"Salesforce answered a query of a composite with a body that does not read: {error}"
        ) from error
    raise Refused("Salesforce query", part.httpStatusCode, first.errorCode, first.message)


def _to_part(part: _Part, sobject: str, asked: int) -> list[RowResult]:
    """The verdicts of one collection of a composite; one that was refused as a whole refuses each of its rows."""
    try:
        if part.httpStatusCode < 300:
            return _to_results([msgspec.json.decode(row, type=_Row) for row in part.body], sobject, asked)
        first = msgspec.json.decode(part.body[0], type=_ErrorBody) if part.body else _ErrorBody()
    except UNREADABLE as error:
        raise Unexpected(
            f"Salesforce answered a collection of {sobject} with rows that do not read: {error}"
        ) from error
    code = first.errorCode or f"HTTP_{part.httpStatusCode}"
    return [RowResult("", created=False, code=code, message=first.message, of_request=True)] * asked


def _to_bulk_result(verdict: bulk.Verdict | None) -> RowResult:
    if verdict is None:
        return RowResult("", created=False, code="UNKNOWN_EXCEPTION", message="the bulk job did not come to this row")
    return RowResult(verdict.record_id, verdict.created, verdict.code, verdict.message, verdict.fields)


def _to_result(row: _Row) -> RowResult:
    if row.success:
        return RowResult(row.id or "", created=bool(row.created))
    first = row.errors[0] if row.errors else _RowError("UNKNOWN_EXCEPTION", "Salesforce names no error")
    return RowResult(
        row.id or "", created=False, code=first.statusCode, message=first.message, fields=tuple(first.fields or ())
    )


def _read_usage(reply: Reply) -> ApiUsage | None:
    info = reply.headers.get("sforce-limit-info", "")
    used, slash, allowed = info.partition(";")[0].removeprefix("api-usage=").partition("/")
    return ApiUsage(int(used), int(allowed)) if slash and used.isdigit() and allowed.isdigit() else None


def _refusal(where: str, reply: Reply) -> Refused:
    """Salesforce answers a list with one error; 300 answers a list of addresses; a proxy may answer anything."""
    if reply.status == 300:
        return Refused(where, 300, "MULTIPLE_CHOICES", "more than one record has this external ID")
    try:
        body = msgspec.json.decode(reply.body)
        first = msgspec.convert(body[0] if isinstance(body, list) and body else body, _ErrorBody)
    except UNREADABLE:
        first = _ErrorBody(reply.body[:200].decode("utf-8", "replace"))
    code = first.errorCode or ("SERVER_UNAVAILABLE" if reply.status >= 500 else f"HTTP_{reply.status}")
    return Refused(where, reply.status, code, first.message, tuple(first.fields or ()))


def _read(reply: Reply, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except UNREADABLE as error:
        raise Unexpected(f"Salesforce answered {reply.status} with a body that does not read: {error}") from error


def quote_soql(text: str) -> str:
    """A string literal of SOQL. "Quoted String Escape Sequences" (SOQL and SOSL Reference)."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    return "'" + "".join(escapes.get(letter, letter) for letter in text) + "'"
