"""An org's round trips, and how many long requests it takes at once."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner

from orgtwin.cli import main
from orgtwin.errors import SalesforceError
from orgtwin.http.app import Application
from orgtwin.http.in_flight import InFlight
from orgtwin.http.in_process import InProcess
from orgtwin.http.latency import Latency, parse_latency
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

V = "/services/data/v66.0"
INGEST = f"{V}/jobs/ingest"


class Twin:
    """A twin whose waits are noted and not waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        started = start_twin()
        self.twin = started.twin
        self.client = InProcess(Application(started.twin, ROUTES), started.access_token)
        self.admin = self.client.as_caller(started.twin.admin_token)
        self.waits: list[float] = []
        monkeypatch.setattr(asyncio, "sleep", self.wait)

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def twin(monkeypatch: pytest.MonkeyPatch) -> Twin:
    return Twin(monkeypatch)


def test_a_call_takes_its_time_and_each_row_that_it_saves_some_more(twin: Twin) -> None:
    twin.admin.request("PUT", "/twin/admin/latency", json={"call": 80, "row": 1.5})
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in "abcd"]
    assert twin.client.post(f"{V}/composite/sobjects", {"records": rows}).status == 200
    assert twin.client.get(f"{V}/limits").status == 200
    assert twin.waits == [pytest.approx(0.086), pytest.approx(0.08)]


def test_without_a_latency_nothing_waits(twin: Twin) -> None:
    twin.admin.request("PUT", "/twin/admin/latency", json={"call": 80})
    assert twin.admin.request("PUT", "/twin/admin/latency", json={}).json() == {"call": 0.0, "row": 0.0, "batch": 0.0}
    twin.client.get(f"{V}/limits")
    assert twin.waits == []


def test_every_ten_thousand_rows_of_a_job_are_a_batch(twin: Twin) -> None:
    latency = Latency(batch=900)
    assert [latency.of_batches(*span) for span in ((0, 200), (200, 400), (9_800, 10_000), (10_000, 10_200))] == [
        pytest.approx(0.9),
        0,
        0,
        pytest.approx(0.9),
    ]


def test_a_job_with_a_latency_is_not_done_before_its_answer(twin: Twin) -> None:
    twin.admin.request("PUT", "/twin/admin/latency", json={"batch": 900})
    job = twin.client.post(INGEST, {"object": "Account", "operation": "insert"}).json()["id"]
    twin.client.request("PUT", f"{INGEST}/{job}/batches", body=b"Name\na\n")
    assert twin.client.patch(f"{INGEST}/{job}", {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    assert twin.client.get(f"{INGEST}/{job}").json()["state"] == "JobComplete"


BAD = {
    "a name nobody has": ("calls=1", "there is no latency 'calls'; known: call, row, batch"),
    "no number": ("call=fast", "call: 'fast' is not a number of milliseconds from 0 to 600000"),
    "less than nothing": ("row=-1", "row: -1.0 is not a number of milliseconds from 0 to 600000"),
    "not a number": ("row=nan", "row: nan is not a number of milliseconds from 0 to 600000"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD.keys())
def test_a_latency_that_cannot_be_is_refused_before_anything_starts(text: str, said: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--latency", text])
    assert (result.exit_code, result.output) == (2, f"Error: --latency {text}: {said}\n")


def test_the_admin_address_refuses_it_too(twin: Twin) -> None:
    answer = twin.admin.request("PUT", "/twin/admin/latency", json={"call": True})
    assert answer.json() == [
        {
            "errorCode": "TWIN_BAD_REQUEST",
            "message": "call: True is not a number of milliseconds from 0 to 600000",
        }
    ]


def test_the_option_names_what_it_takes() -> None:
    assert parse_latency("call=80, row=1.5,batch=900") == Latency(80, 1.5, 900)
    assert parse_latency("").is_off


def test_a_request_beside_as_many_long_ones_as_the_org_takes_is_refused() -> None:
    now = [100.0]
    in_flight = InFlight(lambda: now[0], maximum=2)
    with in_flight.one_more(), in_flight.one_more():
        now[0] += 19.9
        with in_flight.one_more():
            assert (len(in_flight), in_flight.long) == (3, 0)
        now[0] += 0.1
        text = r"^REQUEST_LIMIT_EXCEEDED: ConcurrentRequests \(Concurrent API Requests\) Limit exceeded\.$"
        with pytest.raises(SalesforceError, match=text), in_flight.one_more():
            pass
    with in_flight.one_more():
        assert in_flight.long == 0


def test_the_refusal_of_one_request_too_many_is_403(twin: Twin) -> None:
    now = [0.0]
    twin.twin.in_flight = InFlight(lambda: now[0], maximum=1)
    with twin.twin.in_flight.one_more():
        now[0] = 20.0
        answer = twin.client.get(f"{V}/limits")
    assert answer.status == 403
    assert answer.json() == [
        {
            "errorCode": "REQUEST_LIMIT_EXCEEDED",
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        }
    ]
    assert twin.client.get(f"{V}/limits").status == 200
