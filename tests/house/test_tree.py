"""Rules of the house that a reader would otherwise have to check by hand."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 600
LONGEST_FUNCTION = 60
SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager|stuff)$")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|tmp/lab|opt/(?:wheels|pypi)|root|home/\w+)/")
REGISTRY_HOST = re.compile(r"\b(?:files\.pythonhosted\.org|pypi\.org|registry\.npmjs\.org|deb\.debian\.org)\b")
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:|#)([^)#\s]+)[^)]*\)")


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_module_is_longer_than_a_sitting() -> None:
    lengths = {relative(path): path.read_text(encoding="utf-8").count("\n") for path in tracked(".py")}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long: dict[str, int] = {}
    for path in tracked(".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{relative(path)}:{node.lineno} {node.name}"] = length
    assert long == {}


def test_every_module_has_a_name_that_says_something() -> None:
    assert [relative(path) for path in tracked(".py") if SAYS_NOTHING.search(path.stem)] == []


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry host"])
def test_no_file_names_a_machine(pattern: re.Pattern[str]) -> None:
    found: list[str] = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{relative(path)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_every_link_in_the_docs_leads_somewhere() -> None:
    broken = [
        f"{relative(path)}: {target}"
        for path in tracked(".md")
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_page_of_the_docs_is_reached_from_the_readme() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        targets = ((page.parent / target).resolve() for target in LINK.findall(page.read_text(encoding="utf-8")))
        ahead += [target for target in targets if target.suffix == ".md" and target not in reached]
    docs = ROOT / "docs"
    assert [relative(path) for path in tracked(".md") if path.is_relative_to(docs) and path not in reached] == []


def test_the_lock_file_pins_every_package_with_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="ascii")
    entries = re.split(r"\n(?=[a-z])", text.split("\n", 2)[2])
    unpinned = [
        entry.split("\n")[0]
        for entry in entries
        if not re.match(r"[\w.\-\[\]]+==\S+", entry) or "--hash=sha256:" not in entry
    ]
    assert unpinned == []
