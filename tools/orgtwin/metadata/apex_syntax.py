"""Parses Apex at deploy, so that what is no Apex is refused where it is wrong. Types and names are not checked before code runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from orgtwin.metadata.component import Key
from orgtwin.organization import Organization
from orgtwin.schema.model import Schema

Place = tuple[int, int, str]


def check_syntax(_org: Organization, _schema: Schema, sources: Mapping[Key, str]) -> dict[Key, list[Place]]:
    """Line, column and message of the first problem of each source that has one."""
    found = {key: _problem_of(source) for key, source in sources.items()}
    return {key: [problem] for key, problem in found.items() if problem is not None}


@lru_cache(maxsize=4096)
def _problem_of(source: str) -> Place | None:
    """Apex is imported when the first class is deployed."""
    from orgtwin.apex.syntax import SyntaxProblem, parse

    try:
        parse(source)
    except SyntaxProblem as problem:
        return problem.line, problem.column, problem.message
    return None
