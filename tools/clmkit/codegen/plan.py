"""A plan of files: what the generator would write, as data that a person can read and a test can compare.

Paths are relative to the package directory (`force-app`) and use `/`. Two folders, two owners:

    generated/    written by the generator alone; its ledger tells an edit by hand. generated/support/ holds what goes to no org:
                  scratch org definitions, data sets, Robot keywords, the manifest
    extensions/   written once as a starting point, then yours: never overwritten, never removed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from clmkit.codegen.templates import render_template
from clmkit.codegen.xml import Body, render_component

GENERATED = "generated"
EXTENSIONS = "extensions"
SUPPORT = f"{GENERATED}/support"


@dataclass(frozen=True, slots=True)
class MetadataXml:
    """Metadata XML: the metadata type and the body."""

    root: str
    body: Body

    def render(self) -> str:
        return render_component(self.root, self.body)


@dataclass(frozen=True, slots=True)
class ApexSource:
    """Apex: the template and what fills it."""

    template: str
    values: Mapping[str, object]

    def render(self) -> str:
        return render_template(self.template, self.values)


@dataclass(frozen=True, slots=True)
class PlainText:
    """JSON, YAML or Robot: the text as it is written."""

    text: str

    def render(self) -> str:
        return self.text


Content: TypeAlias = MetadataXml | ApexSource | PlainText


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of the plan. The first folder of `path` says whose it is: GENERATED or EXTENSIONS."""

    path: str
    content: Content

    def render(self) -> bytes:
        return self.content.render().encode()


@dataclass(frozen=True, slots=True)
class Plan:
    """All files of one spec, in the order of their paths."""

    files: tuple[PlannedFile, ...]

    def render(self) -> dict[str, bytes]:
        """Path to bytes of every file."""
        return {file.path: file.render() for file in self.files}


class PlanError(Exception):
    """The spec asks for something that no Salesforce org can hold; `str()` says what, where and what to change."""


def make_plan(files: list[PlannedFile]) -> Plan:
    """A plan in path order; two files of one path are a mistake in the spec's names."""
    ordered = sorted(files, key=lambda file: file.path)
    for first, second in pairwise(ordered):
        if first.path.casefold() == second.path.casefold():
            raise PlanError(
                f"two components would be written to {first.path}; give one of them another name in the spec"
            )
    return Plan(tuple(ordered))


def generated(path: str, content: Content) -> PlannedFile:
    return PlannedFile(f"{GENERATED}/{path}", content)


def extension(path: str, content: Content) -> PlannedFile:
    return PlannedFile(f"{EXTENSIONS}/{path}", content)


def support(path: str, content: PlainText) -> PlannedFile:
    return PlannedFile(f"{SUPPORT}/{path}", content)
