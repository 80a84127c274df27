"""Salesforce's own parser, from npm, gives every program of the case files the verdict that ours gives.

`make node-tools` installs it; a missing one fails.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.orgtwin.apex.conftest import cases_of

from orgtwin.apex.syntax import SyntaxProblem, parse

PARSER = (
    Path(__file__).parents[3]
    / ".node/node_modules/@prettier-apex/apex-ast-serializer-linux-x64/apex-ast-serializer-linux-x64"
)
FILES = sorted(path for kind in ("checks", "syntax") for path in (Path(__file__).parent / "cases" / kind).iterdir())
STRICTER = frozenset(
    (
        "A class has no type parameters of its own (Parameterized Typing)",
        "type parameters are refused, as no org deploys them",
        "a method with ... is refused, as no org deploys it",
        "an identifier is ASCII to its end",
        "an identifier has no dollar sign",
    )
)
"""Programs that its grammar passes on to the compiler, which refuses them."""


def is_accepted_by_salesforce(program: str) -> bool:
    assert PARSER.is_file(), "Salesforce's parser is missing: run `make node-tools`"
    done = subprocess.run([PARSER], input=program, capture_output=True, text=True, timeout=120, check=True)
    output = json.loads(done.stdout)
    return not output.get("apex.jorje.semantic.compiler.parser.ParserOutput", output)["parseErrors"]


def is_accepted(program: str) -> bool:
    try:
        parse(program)
    except SyntaxProblem:
        return False
    return True


@pytest.mark.parametrize("path", FILES, ids=[p.stem for p in FILES])
def test_both_parsers_give_the_same_verdict(path: Path) -> None:
    programs = [(title, text) for title, given, _ in cases_of(path) for text in given.split("\n---\n")]
    differ = [
        title
        for title, text in programs
        if title.partition(": ")[2] not in STRICTER and is_accepted(text) != is_accepted_by_salesforce(text)
    ]
    assert differ == []
