"""The shipped description `clm` against the CLM twin, over a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from clmkit.clients.clm import ClmCredentials, whole
from clmkit.clients.errors import LoginFailed, Refused
from clmkit.clients.outcomes import Action
from clmkit.clients.transport import Patience, Transport, open_session
from clmkit.connectors import DescribedClm, load_description
from clmtwin import agreements
from clmtwin.faults import FaultOrder
from clmtwin.http.routes import PATH_STARTS
from clmtwin.server import bind, serving
from clmtwin.twin import Twin, open_twin

DESCRIPTION = load_description("clm", Path())
Use = Callable[[DescribedClm, Twin], Awaitable[Any]]


@pytest.fixture
def speak(tmp_path: Path) -> Callable[[Use], Any]:
    async def no_sleep(_seconds: float) -> None:
        return None

    def run(use: Use, secret: str | None = None) -> Any:
        async def scene() -> Any:
            twin = open_twin(tmp_path, seed=0, client_id="kit", public_url="https://clm", requests_per_second=1e6)
            try:
                async with serving(twin, bind("127.0.0.1", 0)) as url, open_session(None) as session:
                    credentials = ClmCredentials("kit", secret or twin.credentials.client_secret)
                    return await use(
                        DescribedClm(Transport(session, Patience(attempts=3), no_sleep), url, credentials, DESCRIPTION),
                        twin,
                    )
            finally:
                twin.store.close()

        return asyncio.run(scene())

    return run


def add(twin: Twin, **fields: Any) -> str:
    made = agreements.create(twin.store.next_agreement_number(), {"title": "Supply", **fields}, twin.store.find_person)
    return twin.commit(None, made, "agreement.created", "user").id


def arm(twin: Twin, name: str, path: str = "/api/v1", times: int = 1) -> None:
    twin.faults.arm(FaultOrder(name, times=times, path=path), known_path_starts=PATH_STARTS, has_webhooks=False)


def test_the_feed_is_read_in_pages(speak: Callable[[Use], Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> None:
        for _ in range(3):
            add(twin)
        first = await clm.read_changes("", limit=2)
        rest = await clm.read_changes(first.cursor, limit=2)
        assert [change.agreement_id for change in first.changes + rest.changes] == [
            "AGR-000001",
            "AGR-000002",
            "AGR-000003",
        ]
        assert (first.more, rest.more) == (True, False)

    speak(use)


def test_every_agreement_is_read_page_after_page(speak: Callable[[Use], Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> list[str]:
        for _ in range(3):
            add(twin)
        return [str(one["id"]) async for one in whole(clm.read_agreements(limit=2))]

    assert speak(use) == ["AGR-000001", "AGR-000002", "AGR-000003"]


def test_a_patch_carries_our_name(speak: Callable[[Use], Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> tuple[str, str]:
        await clm.patch_agreement(add(twin), 1, {"business_owner": {"email": "a@b.example"}})
        change = (await clm.read_changes("1")).changes[0]
        return change.actor, change.agreement["business_owner"]["email"]

    assert speak(use) == ("clmkit", "a@b.example")


def test_a_patch_on_an_old_revision_asks_to_rebase(speak: Callable[[Use], Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> tuple[str, Action]:
        with pytest.raises(Refused) as refusal:
            await clm.patch_agreement(add(twin), 7, {"title": "x"})
        return refusal.value.code, refusal.value.action

    assert speak(use) == ("revision_mismatch", Action.REBASE)


def test_an_agreement_that_is_not_there_is_refused_by_name(speak: Callable[[Use], Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> str:
        with pytest.raises(Refused) as refusal:
            await clm.get_agreement("AGR-9/../x")
        return str(refusal.value)

    assert (
        speak(use)
        == "CLM GET /api/v1/agreements/AGR-9%2F..%2Fx answered 404 not_found: Nothing is served at /api/v1/agreements/AGR-9/../x."
    )


@pytest.mark.parametrize("fault", ["http_503", "http_429", "http_401", "dropped_before_commit", "dropped_after_commit"])
def test_a_fault_that_passes_is_not_noticed(speak: Callable[[Use], Any], fault: str) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> tuple[int, int]:
        add(twin)
        await clm.read_changes("")
        arm(twin, fault)
        page = await clm.read_changes("")
        return len(page.changes), twin.faults.armed[0].struck

    assert speak(use) == (1, 1)


def test_a_patch_whose_answer_is_lost_is_not_made_twice(speak: Callable[[Use], Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> tuple[Action, int]:
        agreement_id = add(twin)
        arm(twin, "dropped_after_commit", path="/api/v1/agreements/")
        with pytest.raises(Refused) as refusal:
            await clm.patch_agreement(agreement_id, 1, {"title": "Once"})
        return refusal.value.action, twin.get_agreement(agreement_id).revision

    assert speak(use) == (Action.REBASE, 2)


def test_a_refused_login_is_said_without_the_secret(speak: Callable[..., Any]) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> str:
        with pytest.raises(LoginFailed) as failure:
            await clm.read_changes("")
        return str(failure.value)

    message = speak(use, secret="hidden")
    assert message.endswith(
        "refuses the client 'kit': "
        '{"error":"invalid_client","error_description":"the client id or the client secret is wrong"}'
    )
    assert "hidden" not in message
