import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook as Verifier
from tests.clmtwin.conftest import Client

from clmtwin.delivery import RETRY_WAITS, Dispatcher, order_of_delivery
from clmtwin.faults import ArmedFault, FaultOrder
from clmtwin.model import Change
from clmtwin.twin import Twin

Play = Callable[[Callable[[Twin, Client], Awaitable[Any]]], Any]
SECRET = "whsec_" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
HOOK = {"url": "http://127.0.0.1:9/", "secret": SECRET}


class Receiver:
    """What a webhook's receiver sees; `answers` says what it answers next, then it accepts."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.received: list[tuple[bytes, dict[str, str]]] = []

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> str | None:
        self.received.append((body, headers))
        return self.answers.pop(0) if self.answers else None

    @property
    def titles(self) -> list[str]:
        return [str(msgspec.json.decode(body)["agreement"]["title"]) for body, _ in self.received]


class Waits(list[float]):
    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


async def deliver(twin: Twin, receiver: Receiver, waits: Waits) -> None:
    await Dispatcher(twin, receiver.post, waits.sleep).deliver_waiting("kit")


async def registered(twin: Twin, client: Client, *titles: str) -> None:
    """A webhook that is not served by the twin's own dispatcher, and a change for each title."""
    await client.call("PUT", "/api/v1/webhooks/kit", HOOK)
    twin.on_change = lambda: None
    for title in titles:
        await client.call("POST", "/api/v1/agreements", {"title": title})


async def arm(client: Client, name: str, **order: Any) -> None:
    assert (await client.call("POST", "/admin/faults", {"name": name, **order})).status == 201


def test_a_delivery_is_signed_as_standard_webhooks_lays_down(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        receiver = Receiver()
        await registered(twin, client, "one")
        await deliver(twin, receiver, Waits())
        body, headers = receiver.received[0]
        Verifier(SECRET).verify(body, headers)
        assert headers["webhook-id"] == msgspec.json.decode(body)["event_id"]

    play(scene)


TRACES = {
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": "00-4bf92f3577b34da6a3ce929d0e0e4736-",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
    "nonsense": "",
}


@pytest.mark.parametrize(("told", "begins"), TRACES.items())
def test_a_delivery_carries_on_the_trace_of_the_request_that_made_the_change(
    play: Play, told: str, begins: str
) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        receiver = Receiver()
        await registered(twin, client, "one")
        await client.call("PATCH", "/api/v1/agreements/AGR-000001", {"title": "two"}, traceparent=told)
        await client.call("PATCH", "/api/v1/agreements/AGR-000001", {"title": "three"})
        await deliver(twin, receiver, Waits())
        first, second, third = (headers.get("traceparent", "") for _, headers in receiver.received)
        assert (first, third, second[: len(begins)], bool(second)) == ("", "", begins, bool(begins))
        assert second != told

    play(scene)


def test_deliveries_come_in_order_and_once(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> list[str]:
        receiver = Receiver()
        await registered(twin, client, "one", "two", "three")
        await deliver(twin, receiver, Waits())
        await deliver(twin, receiver, Waits())
        return receiver.titles

    assert play(scene) == ["one", "two", "three"]


def test_a_webhook_starts_with_the_change_after_its_registration(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> list[str]:
        receiver = Receiver()
        await client.call("POST", "/api/v1/agreements", {"title": "before"})
        await registered(twin, client, "after")
        await deliver(twin, receiver, Waits())
        return receiver.titles

    assert play(scene) == ["after"]


def test_a_delivery_that_fails_is_tried_again_with_growing_waits(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        receiver, waits = Receiver("refused", "refused"), Waits()
        await registered(twin, client, "one", "two")
        await deliver(twin, receiver, waits)
        assert (receiver.titles, list(waits)) == (["one", "one", "one", "two"], list(RETRY_WAITS[:2]))
        assert receiver.received[0][1]["webhook-id"] == receiver.received[2][1]["webhook-id"]

    play(scene)


def test_a_delivery_is_given_up_after_the_last_wait_and_said_to_be(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        receiver = Receiver(*["down"] * (len(RETRY_WAITS) + 1))
        await registered(twin, client, "one", "two")
        await deliver(twin, receiver, Waits())
        state = (await client.call("GET", "/api/v1/webhooks/kit")).body
        assert (state["delivered"], state["given_up"], state["waiting"]) == (1, 1, 0)
        assert state["last_error"].endswith("given up after 6 attempts: down")

    play(scene)


@pytest.mark.parametrize(
    ("fault", "titles"),
    [
        ("webhook_doubled", ["one", "one", "two", "three"]),
        ("webhook_lost", ["two", "three"]),
        ("webhook_out_of_order", ["two", "one", "three"]),
    ],
)
def test_an_armed_delivery_fault_strikes_the_next_delivery(play: Play, fault: str, titles: list[str]) -> None:
    async def scene(twin: Twin, client: Client) -> list[str]:
        receiver = Receiver()
        await registered(twin, client, "one", "two", "three")
        await arm(client, fault)
        await deliver(twin, receiver, Waits())
        return receiver.titles

    assert play(scene) == titles


def test_a_late_delivery_waits_as_ordered(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> list[float]:
        waits = Waits()
        await registered(twin, client, "one")
        await arm(client, "webhook_late", delay_ms=1500)
        await deliver(twin, Receiver(), waits)
        return list(waits)

    assert play(scene) == [1.5]


def test_a_twin_that_dies_between_deliveries_goes_on_behind_the_last_one(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> list[str]:
        await registered(twin, client, "one", "two")
        receiver = Receiver()
        original = receiver.post

        async def die_after_one(url: str, body: bytes, headers: dict[str, str]) -> str | None:
            if receiver.received:
                raise asyncio.CancelledError
            return await original(url, body, headers)

        with pytest.raises(asyncio.CancelledError):
            await Dispatcher(twin, die_after_one, Waits().sleep).deliver_waiting("kit")
        await deliver(twin, receiver, Waits())
        return receiver.titles

    assert play(scene) == ["one", "two"]


@pytest.mark.parametrize(
    ("secret", "detail"),
    [
        ("whsec_!!", "secret is not base64; make one of 24 to 64 random bytes, written whsec_<base64>."),
        ("whsec_YWJj", "secret holds 3 bytes; Standard Webhooks wants 24 to 64."),
    ],
)
def test_a_weak_secret_is_refused(play: Play, secret: str, detail: str) -> None:
    async def scene(twin: Twin, client: Client) -> str:
        return str((await client.call("PUT", "/api/v1/webhooks/kit", {**HOOK, "secret": secret})).body["detail"])

    assert play(scene) == detail


def test_two_changes_that_are_both_put_off_keep_their_places_but_for_one_step() -> None:
    changes = [Change(f"E{n}", n, "t", "A", n, "", "", msgspec.Raw(b"{}")) for n in (1, 2, 3)]
    fault = ArmedFault("F", FaultOrder("webhook_out_of_order", times=9), 1)
    ordered = order_of_delivery(changes, [fault, None, None])
    assert [change.sequence for change, _ in ordered] == [2, 1, 3]
