"""Lint rules, one module each: a stable code, a severity, one `check`, and a docstring that is its page in the reference.

A rule's docstring reads: one sentence (the law), why it matters, then two spec fragments and what lint says:

    Bad:      a fragment that breaks the rule, laid over the test suite's small valid spec
    Good:     the same fragment, mended
    Says:     the whole message and its help line

Tests run the fragments, `clmkit explain CODE` prints them and `docs/reference/lint.md` is made of them. A new rule is a new module;
nothing lists the modules.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

Check = Callable[[Subject], Iterator[Offence]]


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    name: str  # the module's name, which says what is wrong
    severity: Severity
    check: Check
    page: str  # the docstring


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted((_load(name) for name in names), key=lambda rule: rule.code))


def _load(name: str) -> Rule:
    module = importlib.import_module(f"{__name__}.{name}")
    return Rule(module.CODE, name, module.SEVERITY, module.check, module.__doc__ or "")
