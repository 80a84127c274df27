"""Closed lists and the lifecycle, on both sides."""

from __future__ import annotations

import msgspec

from clmkit.mapping.model.words import Park


class MapValue(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a value map: a CLM value and the picklist value it becomes."""

    clm: str
    salesforce: str  # the picklist value's API name, verbatim
    label: str
    active: bool


class ValueMap(msgspec.Struct, frozen=True, kw_only=True):
    """A closed list of values. `picklist` lists each Salesforce value once, in the order of the spec."""

    name: str
    label: str
    global_set: str  # API name of the GlobalValueSet it becomes; "" for a set local to its field
    restricted: bool
    unknown: Park
    values: tuple[MapValue, ...]
    other: str = (
        ""  # the picklist value that stands for every CLM value outside the list; "" when such a value is parked
    )

    @property
    def picklist(self) -> tuple[MapValue, ...]:
        seen: dict[str, MapValue] = {}
        for value in self.values:
            seen.setdefault(value.salesforce, value)
        if self.other:
            seen.setdefault(self.other, MapValue(clm="", salesforce=self.other, label=self.other, active=True))
        return tuple(seen.values())


class State(msgspec.Struct, frozen=True, kw_only=True):
    """One lifecycle state on both sides. `category` is Salesforce's StatusCode: Draft, InApproval or Activated."""

    name: str
    clm: str
    status: str
    category: str
    description: str = ""


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True):
    clm: str  # path of the stage
    field: str  # Status
    states: tuple[State, ...]
    moves: tuple[tuple[str, str], ...]  # (from, to), both state names
    frozen: tuple[tuple[str, tuple[str, ...]], ...]  # field name -> states in which it may not change any more
    old_statuses: tuple[tuple[str, str], ...] = ()  # status the org still holds -> name of the state it means

    @property
    def statuses(self) -> tuple[tuple[str, str], ...]:
        """Every status that a record may hold, with the name of the state it means; the old ones last."""
        return (*((state.status, state.name) for state in self.states), *self.old_statuses)

    def find_state_of_status(self, status: str | None) -> State | None:
        """The state that a status of Salesforce means, also one that only old records hold."""
        name = next((state for known, state in self.statuses if known == status), None)
        return next((state for state in self.states if state.name == name), None)

    def may_move(self, before: str, after: str) -> bool:
        """Whether an agreement may go from one state name to another; staying is always allowed."""
        return before == after or (before, after) in self.moves
