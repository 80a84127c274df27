"""Apex facts as text.

cases/values/*.apex      one expression a line: `'abc'.length() // expect: 3`; the first line names the documentation page
cases/programs/*.apex    `== sentence`, classes separated by `---`, then anonymous Apex; behind `--` the debug log
cases/syntax/*.txt       `== sentence`, a program; behind `--` "accepted" or line:column: message of the parser
cases/checks/*.txt       `== rule (page)`, classes and triggers separated by `---`; behind `--` "accepted" or the problems found
cases/coverage/*.apex    `=== subject ===`, a program whose lines that count end in `//+`
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent / "cases"
_LINE = re.compile(r"^(?P<given>.+?)\s*// expect: (?P<expected>.*)$")
_CASE = re.compile(r"^== (?P<title>.+)\n(?P<given>(?:.*\n)*?)--\n(?P<expected>(?:(?!== ).*\n?)*)", re.MULTILINE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kind = getattr(metafunc.module, "CASE_KIND", None)
    if kind is None or "case" not in metafunc.fixturenames:
        return
    cases = [case for path in sorted((_FOLDER / kind).iterdir()) for case in cases_of(path)]
    metafunc.parametrize("case", [(given, expected) for _, given, expected in cases], ids=[c[0] for c in cases])


def cases_of(path: Path) -> list[tuple[str, str, str]]:
    text = path.read_text(encoding="utf-8")
    if path.parent.name != "values":
        found = [(m["title"], m["given"].rstrip("\n"), m["expected"].strip("\n")) for m in _CASE.finditer(text)]
        assert len(found) == text.count("\n== ") + text.startswith("== "), f"{path.name}: a case has no `--`"
        return [(f"{path.stem}: {title}", given, expected) for title, given, expected in found]
    rows = [line for line in text.splitlines() if line.strip() and not line.startswith("//")]
    found = []
    for row in rows:
        match = _LINE.match(row)
        assert match, f"{path.name}: a line without `// expect:`: {row}"
        found.append((f"{path.stem}: {match['given']}", match["given"], match["expected"]))
    return found
