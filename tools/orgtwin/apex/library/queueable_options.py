"""How a queueable job is to be run: System.AsyncOptions, its duplicate signature, and System.AsyncInfo, which a job asks.

Sources: "AsyncOptions Class", "AsyncInfo Class", "QueueableDuplicateSignature.Builder Class" (Apex Reference Guide), "Detecting
Duplicate Queueable Jobs" (Apex Developer Guide). ASSUMED: outside of a queueable job AsyncInfo knows of no depth and no delay; two
signatures are the same when the same values were added in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.library.jobs import JobState, QueueableOptions
from orgtwin.apex.library.properties import Properties, add_property
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import Value


@dataclass(slots=True, eq=False)
class SignatureBuilder:
    """What has been added, as text."""

    parts: list[str] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return _BUILDER.type


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells one queued job from another."""

    text: str

    @property
    def apex_type(self) -> Type:
        return declare("QueueableDuplicateSignature").type

    def __str__(self) -> str:
        return self.text


class AsyncOptions(Properties):
    """An object of that class, as `enqueue` reads it."""

    @property
    def chosen(self) -> QueueableOptions:
        signature = self.values.get("duplicatesignature")
        depth, delay = self.values.get("maximumqueueablestackdepth"), self.values.get("minimumqueueabledelayinminutes")
        return QueueableOptions(depth, delay, None if signature is None else signature.text)


def _adding(kind: str) -> Callable[[SignatureBuilder, Value], SignatureBuilder]:
    def add(this: SignatureBuilder, value: Value) -> SignatureBuilder:
        this.parts.append(f"{kind}:{to_text(value)}")
        return this

    return add


def _job() -> JobState | None:
    found = context.engine().test_state.get("job")
    return found if isinstance(found, JobState) and context.transaction().kind == "queueable" else None


def _current_depth() -> int:
    return context.engine().chained if _job() is not None else 0


def _asked(name: str) -> Callable[[], Value]:
    def read() -> Value:
        job = _job()
        return None if job is None else getattr(job.options, name)

    return read


_BUILDER = declare("Builder", namespace="System.QueueableDuplicateSignature")
system_class(
    "QueueableDuplicateSignature",
    {
        "static System.QueueableDuplicateSignature.Builder builder()": SignatureBuilder,
        "String toString()": str,
    },
)
system_class(
    "Builder",
    {
        **{
            f"System.QueueableDuplicateSignature.Builder add{kind}({kind})": _adding(kind)
            for kind in ("Id", "Integer", "String")
        },
        "System.QueueableDuplicateSignature build()": lambda this: Signature("|".join(this.parts)),
    },
    namespace="System.QueueableDuplicateSignature",
    constructors={"()": SignatureBuilder},
)
_OPTIONS = declare("AsyncOptions")
system_class("AsyncOptions", {}, constructors={"()": lambda: AsyncOptions(_OPTIONS.type)})
for _name, _type in {
    "DuplicateSignature": "System.QueueableDuplicateSignature",
    "MaximumQueueableStackDepth": "Integer",
    "MinimumQueueableDelayInMinutes": "Integer",
}.items():
    add_property(_OPTIONS, _name, type_of(_type))
system_class(
    "AsyncInfo",
    {
        "static Integer getCurrentQueueableStackDepth()": _current_depth,
        "static Integer getMaximumQueueableStackDepth()": _asked("most_depth"),
        "static Integer getMinimumQueueableDelayInMinutes()": _asked("delay"),
        "static Boolean hasMaxStackDepth()": lambda: _asked("most_depth")() is not None,
    },
)
