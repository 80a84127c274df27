"""Where a piece of code stands: its class, its local variables, what it must return; and the problems found so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from orgtwin.apex.classes import ApexClass, Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.types import VOID, Type
from orgtwin.apex.values import FIRST_LOCAL, Run

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine


class CompileProblem(Exception):
    """An error that a deploy would report, at an offset of the class's source."""

    def __init__(self, message: str, pos: int) -> None:
        super().__init__(message)
        self.message = message
        self.pos = pos


class SideProblem(CompileProblem):
    """One that leaves the declaration it stands at sound."""


class LateProblem(CompileProblem):
    """One that is told only of a class whose own declaration is sound."""


class Origin(Enum):
    """Where the value of an expression comes from, as far as more hangs on that than on its type."""

    ANYWHERE = auto()
    QUERY = auto()  # inline or dynamic: its list may stand for its only row
    QUERY_OR_NULL = auto()  # ... or for no row
    RECORD_FIELD = auto()  # a field or the children of a record: no path names its own members
    PARENT = auto()  # a parent of a record: null has null fields
    STEP = auto()  # ++ or --
    HELD = auto()  # what another object holds in a field


class Code(NamedTuple):
    """An expression: its closure, its static type, where its value comes from.

    `parents`: the objects that a polymorphic parent may be of.
    """

    run: Run
    type: Type
    origin: Origin = Origin.ANYWHERE
    parents: tuple[str, ...] = ()

    @property
    def is_query(self) -> bool:
        """May its list stand for its only row?"""
        return self.origin in (Origin.QUERY, Origin.QUERY_OR_NULL)


@dataclass(slots=True)
class Local:
    slot: int
    type: Type
    may_be_hidden: bool = False


@dataclass
class Scope:
    """One method body.

    `accessor` is the property whose get or set this is: there its name means the value itself. `body_of` is what return belongs to.
    `initialising` is where the field or block stands that is initialised: no later field may be named there. `chaining` holds among
    the arguments of this(...) and super(...), where the object does not exist yet. `ended` are the variables of blocks above,
    `hoisted` what the debug log tells of those of anonymous Apex before it runs. `whens` are the variables of `when Account a`,
    each with the blocks around it: none of them may declare its name, not even behind the switch.
    """

    engine: Engine
    cls: ApexClass
    static: bool
    returns: Type = VOID
    name: str = ""
    accessor: Variable | None = None
    may_set_final: bool = False
    body_of: str = "method"
    initialising: int | None = None
    blocks: list[dict[str, Local]] = field(default_factory=lambda: [{}])
    ended: dict[str, Local] = field(default_factory=dict)
    chaining: bool = False
    slots: int = FIRST_LOCAL
    loops: int = 0
    problems: list[CompileProblem] = field(default_factory=list)
    whens: list[tuple[str, int, list[dict[str, Local]]]] = field(default_factory=list)
    hoisted: list[tuple[str, ...]] = field(default_factory=list)

    def declare(self, name: str, type_: Type, pos: int, *, may_be_hidden: bool = False) -> int:
        """A new local variable; gives its slot. That of a `when Account a` may be hidden in its block."""
        key = name.lower()
        of_trigger = self.body_of == "trigger"
        if of_trigger and len(self.blocks) == 1 and key in self.blocks[0]:
            raise CompileProblem(messages.DUPLICATE_FIELD.format(name), pos)
        if any(key in block and not block[key].may_be_hidden for block in self.blocks[1 if of_trigger else 0 :]):
            raise CompileProblem(messages.DUPLICATE_VARIABLE.format(name), pos)
        for when, place, blocks in self.whens:
            if when.lower() == key and any(block is self.blocks[-1] for block in blocks):
                self.note(messages.DUPLICATE_VARIABLE.format(when), place)
        if may_be_hidden:
            self.whens.append((name, pos, self.blocks[:-1]))
        slot = self.slots
        self.slots += 1
        self.blocks[-1][key] = Local(slot, type_, may_be_hidden)
        return slot

    @contextmanager
    def inner(self, *, loop: bool = False) -> Iterator[None]:
        """A block with names of its own; they are gone afterwards, also when its code does not compile."""
        self.blocks.append({})
        self.loops += loop
        try:
            yield
        finally:
            self.ended |= self.blocks.pop()
            self.loops -= loop

    def note(self, message: str, pos: int) -> None:
        """A problem that does not keep the rest from being checked."""
        self.problems.append(CompileProblem(message, pos))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """A part whose problem does not keep the next one from being told."""
        try:
            yield
        except CompileProblem as problem:
            self.problems.append(problem)

    def find_local(self, name: str) -> Local | None:
        key = name.lower()
        for block in reversed(self.blocks):
            if key in block:
                return block[key]
        return None

    def line(self, pos: int) -> int:
        """The source line of an offset."""
        lines = self.cls.outermost().lines
        return lines.line(pos) if lines is not None else 0
