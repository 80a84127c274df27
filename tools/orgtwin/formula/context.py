"""What a formula asks of the record it runs on.

A compiled formula names its inputs as paths and asks the Context for their values; who builds the Context decides where
they come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from orgtwin.records.model import Value


@dataclass(frozen=True, slots=True)
class Lookup:
    """One step to a parent: follow this reference field, to records of this type."""

    field: str
    parent_type: str


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field of the record (`lookups` empty) or of a parent. Names are canonical; `text` is the path as SOQL writes it."""

    lookups: tuple[Lookup, ...]
    sobject_type: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class GlobalPath:
    """`$User.ProfileId`: ("$User", "ProfileId"). Canonical `$` name, the rest as the schema spells it or as written."""

    names: tuple[str, ...]


class Context(Protocol):
    """One evaluation."""

    @property
    def now(self) -> datetime:
        """The clock's UTC time."""

    @property
    def zone(self) -> tzinfo:
        """The running user's, in which TODAY() and DATEVALUE(datetime) fall on a day."""

    @property
    def is_new(self) -> bool: ...

    @property
    def is_clone(self) -> bool: ...

    def value(self, path: FieldPath, /) -> Value:
        """Of a field, with the Value types of records.model; a path through an empty lookup reads None."""

    def prior(self, path: FieldPath, /) -> Value:
        """Before the save (PRIORVALUE, ISCHANGED); on insert the org has none and gives the current value."""

    def global_value(self, path: GlobalPath, /) -> Value:
        """$User, $Profile, $Organization, $Permission, $Setup, $CustomMetadata, $Label, $System ..."""


def _no_prior(_path: FieldPath) -> Value:
    return None


def _no_global(_path: GlobalPath) -> Value:
    return None


@dataclass(frozen=True, slots=True)
class GivenContext:
    """A Context put together of functions."""

    value: Callable[[FieldPath], Value]
    now: datetime
    zone: tzinfo = UTC
    is_new: bool = False
    is_clone: bool = False
    prior: Callable[[FieldPath], Value] = _no_prior
    global_value: Callable[[GlobalPath], Value] = _no_global
