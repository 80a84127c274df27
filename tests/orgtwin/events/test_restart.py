"""What an org with a data directory has told is still there when it is started again, for 72 hours by its clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.orgtwin.events.stage import Listening, Stage

from orgtwin.events.keeping import images_of, read_images
from orgtwin.events.pubsub.managed import ManagedSubscription, managed_position

ACCOUNTS = "/data/AccountChangeEvent"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "org"


def started_again(stage: Stage, folder: Path) -> Stage:
    stage.twin.house.close()
    return Stage(deployed=False, data=folder, now=stage.now)


def names(messages: list[dict[str, Any]]) -> list[str]:
    return [message["data"]["payload"]["Name"] for message in messages]


def test_a_client_goes_on_after_a_restart_where_it_was(folder: Path) -> None:
    stage = Stage(data=folder)
    listening = Listening(stage.client)
    listening.subscribe(ACCOUNTS)
    stage.create("Account", Name="heard")
    (heard,) = listening.poll()
    stage.create("Account", Name="missed")

    stage = started_again(stage, folder)
    stage.create("Account", Name="new")
    again = Listening(stage.client)
    again.subscribe(ACCOUNTS, heard["data"]["event"]["replayId"])

    assert names(again.poll()) == ["missed", "new"]
    stage.twin.house.close()


def test_an_event_is_told_the_same_before_and_after(folder: Path) -> None:
    stage = Stage(data=folder)
    account = stage.create("Account", client="clm", Name="Acme", NumberOfEmployees=7)
    stage.update("Account", account, Site="Bonn")
    stage.create("Signed__e", Deal__c="D-1", Size__c=12)
    before = list(stage.twin.events.bus.kept)

    stage = started_again(stage, folder)

    assert list(stage.twin.events.bus.kept) == before
    stage.twin.house.close()


def test_an_event_that_goes_out_before_the_commit_is_kept_at_once(folder: Path) -> None:
    stage = Stage(data=folder)
    stage.create("Seen__e", Deal__c="D-1")
    stage = started_again(stage, folder)
    listening = Listening(stage.client)
    listening.subscribe("/event/Seen__e", -2)
    assert [payload["Deal__c"] for payload in listening.heard()] == ["D-1"]
    stage.twin.house.close()


def test_after_72_hours_of_its_clock_a_restarted_org_has_forgotten(folder: Path) -> None:
    stage = Stage(data=folder)
    stage.create("Account", Name="old")
    stage.now += timedelta(hours=73)
    stage = started_again(stage, folder)
    assert list(stage.twin.events.bus.kept) == []
    stage.twin.house.close()


def test_expired_events_do_not_come_back(folder: Path) -> None:
    stage = Stage(data=folder)
    stage.create("Account", Name="old")
    assert stage.twin.events.expire() == 1
    stage.create("Account", Name="new")
    stage = started_again(stage, folder)
    listening = Listening(stage.client)
    listening.subscribe(ACCOUNTS, -2)
    assert names(listening.poll()) == ["new"]
    stage.twin.house.close()


def test_the_place_of_a_managed_subscription_is_kept(folder: Path) -> None:
    stage = Stage(data=folder)
    stage.create("Account", Name="one")
    place = stage.twin.events.bus.last_id
    stage.twin.events.commit_place("Clm", place)
    stage = started_again(stage, folder)
    managed = ManagedSubscription("Clm", "", ACCOUNTS, "EARLIEST", "EARLIEST")
    assert managed_position(stage.twin.events, managed) == place
    stage.twin.house.close()


def test_a_restored_snapshot_has_the_events_it_had(folder: Path) -> None:
    stage = Stage(data=folder)
    stage.create("Account", Name="one")
    assert stage.admin.request("PUT", "/twin/admin/snapshots/first").status == 204
    before = list(stage.twin.events.bus.kept)
    stage.create("Account", Name="two")

    assert stage.admin.post("/twin/admin/snapshots/first/restore").status == 204

    assert list(stage.twin.events.bus.kept) == before
    stage.twin.house.close()


def test_images_of_events_read_back_as_they_were(stage: Stage) -> None:
    stage.create("Account", Name="one", AnnualRevenue=12.5)
    bus = stage.twin.events.bus
    kept = read_images(images_of(bus.earliest, [], {"Clm": 5}))
    assert (kept.floor, kept.places, kept.events) == (bus.earliest, {"Clm": 5}, [])


def test_the_tip_of_a_restarted_stream_is_a_place_to_go_on_from(folder: Path) -> None:
    stage = started_again(Stage(data=folder), folder)
    tip = stage.twin.events.bus.last_id
    assert stage.twin.events.bus.is_issued(tip)
    stage.twin.house.close()
