"""Every formula of a spec and what it names: formula fields and validation rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clmkit.mapping.model import ObjectMapping
from clmkit.mapping.subject import Path, Subject

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/\*.*?\*/', re.DOTALL)
_NAME = re.compile(r"(?<![\w.$])[A-Za-z][A-Za-z0-9_]*(?![\w.(])")
_WORDS = frozenset(("and", "or", "not", "true", "false", "null"))


@dataclass(frozen=True, slots=True)
class Formula:
    title: str
    text: str
    mapping: ObjectMapping

    @property
    def own_names(self) -> list[str]:
        """The fields of the record itself that the formula names, each once: no functions, no fields of parents, no texts."""
        plain = _STRING.sub(" ", self.text)
        names = dict.fromkeys(name for name in _NAME.findall(plain) if name.casefold() not in _WORDS)
        return list(names)


def formulas(subject: Subject) -> Iterator[tuple[Path, Formula]]:
    """The path of every formula, and the formula."""
    for value in subject.values:
        if value.field.type.formula:
            formula = Formula(value.title, value.field.type.formula, value.mapping)
            yield (*value.path, "type", "formula", "formula"), formula
    for mapping, block, path in subject.objects:
        for name, check in block.checks.items():
            yield (*path, "checks", name, "wrong_when"), Formula(f"{mapping.name}.{name}", check.wrong_when, mapping)
