import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from tests.clmkit.clients.scripted import Answer, Script, serving

from clmkit.clients import bulk
from clmkit.clients.bulk import to_csv
from clmkit.clients.errors import Refused, Unexpected
from clmkit.clients.salesforce import RowResult, Salesforce
from clmkit.clients.salesforce_login import ClientCredentials
from clmkit.clients.transport import Patience, Reply, Transport, open_session

ROWS: list[dict[str, Any]] = [
    {"CLM_Id__c": "A", "Name": 'Müller, "x"', "Start__c": None},
    {"CLM_Id__c": "B", "Ok__c": True, "Sum__c": Decimal("1.50")},
]
SAVED = 'sf__Id,sf__Created,CLM_Id__c,Name\n800A,true,A,"Müller"\n'
FAILED = (
    'sf__Id,sf__Error,CLM_Id__c\n,"REQUIRED_FIELD_MISSING:Required fields: [Name, StartDate]:Name,StartDate --",B\n'
)
PATH = "/services/data/v66.0/jobs/ingest"


class Jobs:
    """An org that has one bulk job; it is done at the n-th look."""

    def __init__(self, looks: int = 1, **job: Any) -> None:
        self.looks, self.job = looks, {"id": "750x", "state": "JobComplete", **job}
        self.asked: list[tuple[str, str]] = []
        self.uploaded = ""

    async def respond(self, request: web.Request) -> web.Response:
        place = request.path.removeprefix(PATH)
        if request.path.endswith("/token"):
            return web.json_response(
                {"access_token": "T", "instance_url": f"http://{request.host}", "token_type": "Bearer"}
            )
        self.asked.append((request.method, place))
        if place == "/750x/batches":
            self.uploaded = await request.text()
            return web.Response(status=201)
        if place.endswith("Results"):
            return web.Response(text=SAVED if place.endswith("successfulResults") else FAILED, content_type="text/csv")
        if request.method == "GET":
            self.looks -= 1
        return web.json_response(self.job if self.looks <= 0 else {"id": "750x", "state": "InProgress"})


def load(jobs: Jobs, use: Callable[[Salesforce], Awaitable[Any]]) -> Any:
    async def scene() -> Any:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", jobs.respond)

        async def no_sleep(_seconds: float) -> None:
            return None

        async with TestServer(app) as server, open_session(None) as session:
            transport = Transport(session, Patience(attempts=2), no_sleep)
            return await use(
                Salesforce(transport, str(server.make_url("")), ClientCredentials("app", "secret"), "66.0")
            )

    return asyncio.run(scene())


async def upsert(org: Salesforce) -> list[RowResult]:
    return await org.upsert_bulk("Contract", "CLM_Id__c", ROWS)


def test_every_row_of_a_job_gets_its_verdict_in_the_order_of_the_rows() -> None:
    jobs = Jobs(numberRecordsFailed=1)
    assert load(jobs, upsert) == [
        RowResult("800A", created=True),
        RowResult(
            "",
            created=False,
            code="REQUIRED_FIELD_MISSING",
            message="Required fields: [Name, StartDate]",
            fields=("Name", "StartDate"),
        ),
    ]


def test_a_job_costs_five_calls_when_nothing_failed() -> None:
    jobs = Jobs()
    load(jobs, upsert)
    assert jobs.asked == [
        ("POST", ""),
        ("PUT", "/750x/batches"),
        ("PATCH", "/750x"),
        ("GET", "/750x"),
        ("GET", "/750x/successfulResults"),
    ]


def test_the_upload_leaves_alone_what_a_row_does_not_name_and_clears_what_it_empties() -> None:
    jobs = Jobs(numberRecordsFailed=1)
    load(jobs, upsert)
    assert jobs.uploaded == ('CLM_Id__c,Name,Start__c,Ok__c,Sum__c\nA,"Müller, ""x""",#N/A,,\nB,,,true,1.50\n')


def test_a_row_that_the_job_did_not_come_to_may_be_tried_again() -> None:
    first, second = load(Jobs(), upsert)
    assert (first.code, second.code, second.outcome.action.value) == ("", "UNKNOWN_EXCEPTION", "retry")


def test_a_job_that_takes_its_time_is_looked_at_again() -> None:
    jobs = Jobs(looks=3, numberRecordsFailed=1)
    load(jobs, upsert)
    assert jobs.asked.count(("GET", "/750x")) == 3


def test_a_job_that_never_ends_is_given_up_in_words() -> None:
    with pytest.raises(
        Unexpected, match=r"^The bulk job 750x is still InProgress, looked at 150 times; a later run reads"
    ):
        load(Jobs(looks=1_000), upsert)


RESULTS = {
    "no columns": (b"", "The results of Salesforce's bulk job have no column CLM_Id__c, sf__Created, sf__Id"),
    "another file": (
        b"<html>Bad Gateway</html>\n",
        "The results of Salesforce's bulk job have no column CLM_Id__c, sf__Created, sf__Id",
    ),
    "cut off": (
        b"sf__Id,sf__Created,CLM_Id__c\n800A,true,A\n800B",
        "The results of Salesforce's bulk job end in the middle of line 3",
    ),
    "no text": (
        b"sf__Id,sf__Created,CLM_Id__c\n800A,true,\xff\n",
        "The results of Salesforce's bulk job do not read: 'utf-8' codec can't decode byte 0xff in position 39: invalid start byte",
    ),
}


@pytest.mark.parametrize(("body", "words"), RESULTS.values(), ids=RESULTS)
def test_results_that_do_not_read_are_taken_for_no_verdict(body: bytes, words: str) -> None:
    with pytest.raises(Unexpected) as told:
        list(bulk.read_saved(Reply(200, {}, body), "CLM_Id__c"))
    assert str(told.value) == words


def test_a_job_that_failed_as_a_whole_is_a_refusal() -> None:
    jobs = Jobs(state="Failed", errorMessage="InvalidBatch : Field name not found : Nome")
    with pytest.raises(Refused, match=r"answered 200 InvalidBatch: Field name not found : Nome$"):
        load(jobs, upsert)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1).filter(
    lambda text: text != "#N/A"
)


@given(st.lists(st.dictionaries(st.sampled_from(["A", "B", "C"]), st.none() | texts, min_size=1), min_size=1))
def test_what_is_written_as_csv_reads_back(records: list[dict[str, str | None]]) -> None:
    keyed = [{"Key": str(place), **record} for place, record in enumerate(records)]
    read = list(csv.DictReader(io.StringIO(to_csv(keyed).decode(), newline="")))
    assert [
        {name: None if value == "#N/A" else value for name, value in row.items() if value != ""} for row in read
    ] == keyed


def test_a_composite_carries_five_collections_and_answers_row_by_row() -> None:
    rows = [{"CLM_Id__c": str(number)} for number in range(450)]
    saved = [{"id": f"800{number}", "success": True, "errors": [], "created": False} for number in range(200)]
    refused = [{"errorCode": "LIMIT_EXCEEDED", "message": "Too many"}]
    parts = [(200, saved), (400, refused), (200, saved[:50])]
    answer = {
        "compositeResponse": [{"body": body, "httpStatusCode": status, "referenceId": "r"} for status, body in parts]
    }

    async def scene() -> tuple[list[RowResult], Script]:
        async with serving(Answer(body=answer)) as script, open_session(None) as session:
            org = Salesforce(Transport(session), script.url, ClientCredentials("app", "secret"), "66.0")
            return await org.upsert_composite("Contract", "CLM_Id__c", rows), script

    results, script = asyncio.run(scene())
    assert [len(part["body"]["records"]) for part in script.asked[0].json["compositeRequest"]] == [200, 200, 50]
    assert [part["referenceId"] for part in script.asked[0].json["compositeRequest"]] == ["rows0", "rows1", "rows2"]
    assert {result.code for result in results[200:400]} == {"LIMIT_EXCEEDED"}
    assert all(result.is_success for result in results[:200] + results[400:])


def looks_at(pace: bulk.Pace, rows: int, seconds: float) -> int:
    """How many looks a job of so many rows and seconds takes."""
    waited = 0.0
    for number, wait in enumerate(pace.waits(rows), start=1):
        waited += wait
        if waited >= seconds:
            pace.learn(rows, waited, number, seconds)
            return number
    raise AssertionError("the looks ended before the job")


@pytest.mark.parametrize("seconds", [0.2, 3.0, 45.0, 300.0])
def test_the_looks_at_a_job_become_few_once_jobs_have_told_how_long_they_take(seconds: float) -> None:
    pace = bulk.Pace()
    looks = [looks_at(pace, 10_000, seconds) for _ in range(12)]
    assert max(looks) <= 10
    assert looks[1:] == [1] * 11


def test_a_job_that_takes_much_longer_than_the_others_is_looked_at_less_and_less_often() -> None:
    pace = bulk.Pace(per_row=0.001)
    waits = [wait for wait, _ in zip(pace.waits(1000), range(8), strict=False)]
    assert waits == [1.5, 1.5, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0]


def test_jobs_whose_time_varies_by_half_cost_no_further_look() -> None:
    pace = bulk.Pace()
    looks = [looks_at(pace, 10_000, 1.0 + (number * 7 % 11) / 22) for number in range(200)]
    assert looks[1:] == [1] * 199


def test_a_job_twice_as_slow_as_the_others_costs_one_further_look() -> None:
    pace = bulk.Pace()
    assert [looks_at(pace, 10_000, seconds) for seconds in (1.0, 1.0, 2.0, 1.0)] == [1, 1, 2, 1]
