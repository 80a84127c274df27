"""Taking a person's data out of everything that the sync keeps of some rows or agreements. What stays is a tombstone.

audit        bodies go, the chain holds, and an entry says so (`audit.log`)
parked       dead letters go, with their values and the words of their refusals
event        stays, so that a repeated delivery is known; who acted goes, and so does the reason of its settlement
link, offer  what both systems agreed on, or were about to; only with `unlink`, because a sync that still runs needs it
the file     is written anew, so that no free page and no log holds what was taken out

Points (`clmkit sync keep`), traces and exports are files of their own: whoever made them deletes them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from clmkit.clients.clm import CLIENT_NAME
from clmkit.sync.database import chunks, places
from clmkit.sync.state import State

GONE = "(erased)"
KEPT = ("link", "offer", "parked", "audit", "event", "settlement", "backfill_row")
"""The tables that hold something of a row."""


class StillThere(Exception):
    """Nothing was erased, because the sync still works with it; the message says with what."""


class Erased(msgspec.Struct, frozen=True):
    audit_entries: int
    dead_letters: int
    events: int
    links: int


def erase(state: State, keys: Iterable[str], reason: str, at: str, *, unlink: bool) -> Erased:
    """Rows are erased with their agreement. Raises StillThere and LegalHold; then nothing was changed. Raises StateError."""
    with state.transaction():
        wanted = _with_rows(state, set(keys))
        linked = state.find_linked(sorted(wanted))
        if linked and not unlink:
            raise StillThere(f"{', '.join(linked)} still runs between the systems; delete it there first.")
        if state.database.execute("SELECT 1 FROM outbox LIMIT 1"):
            raise StillThere("a first load is under way; let it end first.")
        erased = Erased(
            audit_entries=state.audit.erase(at, wanted, reason),
            dead_letters=_change(state, "DELETE FROM parked WHERE {}", wanted, "agreement_id", "key"),
            events=_forget_events(state, wanted),
            links=_change(state, "DELETE FROM link WHERE {}", wanted, "agreement_id", "key"),
        )
        for table in ("offer", "backfill_row"):
            _change(state, f"DELETE FROM {table} WHERE {{}}", wanted, "agreement_id")  # noqa: S608 - a constant
    state.database.rewrite(KEPT)
    return erased


def _with_rows(state: State, keys: set[str]) -> set[str]:
    """The keys, and those of the rows that belong to them as links and the chain tell."""
    rows = {link.key for link in state.find_links_of_agreements(keys)}
    told = (entry.facts for entry in state.read_audit() if entry.body is not None)
    return keys | rows | {str(facts["key"]) for facts in told if facts.get("agreement") in keys and "key" in facts}


def _forget_events(state: State, keys: set[str]) -> int:
    """Who acted, and what is said of events that waited for a person."""
    _change(
        state,
        f"UPDATE settlement SET reason = '{GONE}' WHERE outcome IN ('parked', 'conflict') AND EXISTS"  # noqa: S608 - constants
        " (SELECT 1 FROM event WHERE sequence BETWEEN first AND last AND {})",
        keys,
        "agreement_id",
    )
    nobody = f"actor NOT IN ('', '{CLIENT_NAME}')"
    return _change(state, f"UPDATE event SET actor = '' WHERE {nobody} AND {{}}", keys, "agreement_id")  # noqa: S608 - constants


def _change(state: State, sql: str, keys: set[str], *columns: str) -> int:
    """How many rows the statement changed, of those that have a key in one of the columns."""
    changed = 0
    for chunk in chunks(keys):
        condition = " OR ".join(f"{column} IN {places(chunk)}" for column in columns)
        changed += state.database.change(sql.format(f"({condition})"), chunk * len(columns))
    return changed
