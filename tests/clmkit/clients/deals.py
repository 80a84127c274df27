"""What the events of the tests of both streams tell."""

from __future__ import annotations

from collections.abc import Iterable

from clmkit.clients.pubsub import Published


def deals(records: Iterable[object]) -> list[object]:
    """The deal that each event names; a record that is no event fails the test."""
    found = []
    for record in records:
        assert isinstance(record, Published), record
        found.append(record.values["Deal__c"])
    return found
