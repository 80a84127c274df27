"""What the rows of an object are known by, kept in the state: with another key than its links have a sync makes every row anew.

require_keys(state, spec)      # before a sync works; raises StateError
rekey_links(state, ...)        # the state's part of changing a key, all or nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.sync.database import StateError
from clmkit.sync.state import PARKED, Link, State

CURSOR = "key:"


def identity_of(mapping: ObjectMapping) -> str:
    """Where the key comes from and where it stands."""
    return f"{mapping.key.clm} -> {mapping.salesforce}.{mapping.key.salesforce}"


def require_keys(state: State, spec: Spec) -> None:
    """Raises StateError when the links were made with another key. A state that does not say yet is told."""
    for mapping in spec.objects:
        known, asked = state.get_cursor(f"{CURSOR}{mapping.name}"), identity_of(mapping)
        if known and known != asked and state.count_links_of(mapping.name):
            raise StateError(
                f"{mapping.name}: the mapping's key is {asked}, the links of this state were made with {known}: every row would be "
                "made a second time. Run `clmkit rekey`, or go back to the key. Nothing was changed."
            )
        if known != asked:
            state.put_cursor(f"{CURSOR}{mapping.name}", asked)


def rekey_links(
    state: State, spec: Spec, mapping: ObjectMapping, keys: Mapping[str, str], agreements: Iterable[str], at: str
) -> None:
    """Give links, parked rows and agreed lookups their new keys (old -> new), and say so in the audit chain."""
    linked = state.find_links_of_agreements(agreements)
    own = [link for link in linked if link.object == mapping.name]
    lookups = _referring(spec, mapping)
    with state.transaction():
        for link in own:
            state.remove_link(mapping.name, link.key)
        state.put_links(_move(link, mapping.name, lookups[link.object], keys) for link in linked)
        _rekey_parked(state, mapping.name, keys)
        state.put_cursor(f"{CURSOR}{mapping.name}", identity_of(mapping))
        state.record(at, "rekeyed", {"object": mapping.name, "key": identity_of(mapping), "links": len(own)})


def _referring(spec: Spec, mapping: ObjectMapping) -> dict[str, tuple[str, ...]]:
    """Object mapping -> its lookups that find their record by this key."""
    return {
        other.name: tuple(
            column.salesforce
            for column in other.columns
            if column.reference is not None
            and (column.reference.object, column.reference.field) == (mapping.salesforce, mapping.key.salesforce)
        )
        for other in spec.objects
    }


def _move(link: Link, name: str, lookups: Iterable[str], keys: Mapping[str, str]) -> Link:
    """The link with its new key, if it is of this object, and with the new keys of the records that its lookups find."""
    base = {**link.base, **{one: keys.get(str(link.base[one]), link.base[one]) for one in lookups if one in link.base}}
    return msgspec.structs.replace(
        link, key=keys.get(link.key, link.key) if link.object == name else link.key, base=base
    )


def _rekey_parked(state: State, name: str, keys: Mapping[str, str]) -> None:
    columns = f"{PARKED}, resolved_at"
    rows = state.database.execute(f"SELECT {columns} FROM parked WHERE object = ?", (name,))  # noqa: S608 - names above
    state.database.change("DELETE FROM parked WHERE object = ?", (name,))
    places = ", ".join("?" for _ in columns.split(", "))
    moved = [(row[0], keys.get(str(row[1]), row[1]), *row[2:]) for row in rows]
    state.database.change_all(f"INSERT INTO parked ({columns}) VALUES ({places})", moved)  # noqa: S608 - names above
