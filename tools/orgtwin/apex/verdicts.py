"""What the checker said of a class before, so that it need not say it again.

A verdict stands as long as nothing changed that it rests on: the source and its API version, the declarations of all classes (a
method's body is nobody else's business), the schema with the names of DataWeave scripts, and the checker itself. Those make the
key, a SHA-256; nothing is ever invalidated, it is just not asked for any more. Verdicts outlive the process in a file: see
kept_verdicts.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.schema.model import Schema

MOST_VERDICTS = 20_000
Verdict = tuple[tuple[int, int, str], ...]
"""Line, column and message of each problem; empty: it compiles."""


class Verdicts:
    """Verdicts by key. The oldest go when there are too many."""

    def __init__(self, known: Mapping[str, Verdict] | None = None) -> None:
        self._known = dict(known or {})

    def find(self, key: str) -> Verdict | None:
        return self._known.get(key)

    def keep(self, key: str, verdict: Verdict) -> None:
        while len(self._known) >= MOST_VERDICTS:
            del self._known[next(iter(self._known))]
        self._known[key] = verdict

    @property
    def known(self) -> Mapping[str, Verdict]:
        return self._known


def verdict_key(world: str, source: str, api_version: float) -> str:
    """The key of one source in its world."""
    return hashlib.sha256(f"{world}\0{api_version}\0{source}".encode()).hexdigest()


def world_digest(classes: Iterable[ApexClass], schema: Schema, scripts: Iterable[str]) -> str:
    """What every verdict rests on besides its own source; `scripts` are the names of the org's DataWeave scripts."""
    digest = hashlib.sha256(f"{checker_digest()}\n{sorted(scripts)}\n".encode())
    for cls in sorted(classes, key=lambda c: c.name.lower()):
        for line in _declared(cls):
            digest.update(line.encode())
    for described in sorted(schema, key=lambda t: t.api_name):
        digest.update(repr(described).encode())
    return digest.hexdigest()


def _declared(cls: ApexClass) -> Iterator[str]:
    modifiers = cls.modifiers
    marks = (modifiers.words, [a.name for a in modifiers.annotations]) if modifiers is not None else ()
    superclass = cls.superclass.name if cls.superclass is not None else ""
    yield f"{cls.kind} {cls.name} {marks} {superclass} {[i.name for i in cls.interfaces]} {list(cls.constants)}\n"
    for overloads in cls.methods.values():
        for method in overloads:
            yield _method(method)
    for method in cls.constructors:
        yield _method(method)
    for variable in cls.own_variables():
        yield _variable(variable)
    yield f"{cls.broken}\n"
    for inner in cls.inner.values():
        yield from _declared(inner)


def _method(method: Method) -> str:
    flags = (method.static, method.abstract, method.virtual, method.override, method.access, method.test_visible)
    return f"{method.shown} {method.returns.name} {flags}\n"


def _variable(variable: Variable) -> str:
    flags = (
        variable.static,
        variable.final,
        variable.access,
        variable.set_access,
        variable.get_access,
        variable.readable,
        variable.writable,
        variable.test_visible,
    )
    return f"{variable.name} {variable.type.name} {flags}\n"


@cache
def checker_digest() -> str:
    """Of the checker's own code, its library and the schema's: another one may say something else."""
    digest = hashlib.sha256()
    for pattern in ("*.py", "*.txt"):
        for path in sorted(Path(__file__).parents[1].rglob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
