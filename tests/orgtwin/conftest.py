"""Case files: a language's facts as text, input and expectation side by side.

    == a sentence of fact
    input, any number of lines
    --
    expectation, any number of lines

A test module that names its files in CASES and whose tests take `given` and `expected` runs once per case; the sentence is the id.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_CASE = re.compile(r"^== (?P<title>.+)\n(?P<given>(?:.*\n)*?)--\n(?P<expected>(?:(?!== ).*\n?)*)", re.MULTILINE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = getattr(metafunc.module, "CASES", None)
    if names is None or not {"given", "expected"} <= set(metafunc.fixturenames):
        return
    folder = Path(str(metafunc.module.__file__)).parent / "cases"
    cases = [match for name in names for match in _CASE.finditer((folder / name).read_text(encoding="utf-8"))]
    metafunc.parametrize(
        ("given", "expected"),
        [(case["given"].rstrip("\n"), case["expected"].strip("\n")) for case in cases],
        ids=[case["title"] for case in cases],
    )
