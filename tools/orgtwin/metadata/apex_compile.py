"""Compiles Apex at deploy: everything the org would have, under the schema it would have."""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.metadata.component import Key
from orgtwin.organization import Organization
from orgtwin.schema.model import Schema


def compile_apex(
    org: Organization, schema: Schema, sources: Mapping[Key, str], versions: Mapping[Key, float]
) -> Mapping[Key, list[tuple[int, int, str]]]:
    """Line, column and message of every problem. Apex is imported when the first class is deployed."""
    from orgtwin.apex.deploys import compile_sources

    return compile_sources(org, schema, sources, versions)


def accept_apex(
    _org: Organization, _schema: Schema, _sources: Mapping[Key, str], _versions: Mapping[Key, float]
) -> Mapping[Key, list[tuple[int, int, str]]]:
    """For those who compile by themselves and run what can be run."""
    return {}
