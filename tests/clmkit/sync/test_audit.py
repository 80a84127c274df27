from dataclasses import replace

import pytest

from clmkit.sync.audit import GENESIS, Entry, find_break, seal


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        entries.append(seal(number, f"2026-11-21T00:00:0{number}Z", "created", {"key": f"AGR-{number}"}, previous))
    return entries


def test_an_untouched_chain_holds() -> None:
    assert find_break(chain(5)) is None


def test_an_empty_chain_holds() -> None:
    assert find_break([]) is None


@pytest.mark.parametrize("change", [{"body": '{"key":"AGR-9"}'}, {"at": "2026-11-22T00:00:00Z"}, {"kind": "updated"}])
def test_a_changed_entry_is_named(change: dict[str, str]) -> None:
    entries = chain(4)
    entries[1] = replace(entries[1], **change)  # type: ignore[arg-type]
    assert find_break(entries) == "entry 2 was changed: its content does not match its hash"


def test_an_entry_that_was_changed_together_with_its_hash_is_named_by_its_follower() -> None:
    entries = chain(4)
    entries[1] = seal(2, entries[1].at, "created", {"key": "AGR-9"}, entries[0].hash)
    assert find_break(entries) == "entry 3 does not follow entry 2: the entry before was changed"


def test_a_removed_entry_is_named() -> None:
    entries = chain(4)
    del entries[2]
    assert find_break(entries) == "entry 3 is missing: entry 4 stands in its place"
