"""Public Apex projects on this machine: do their tests pass in the org twin, and is each of their files Apex for both parsers?

    python bench/public_apex.py CHECKOUT [CHECKOUT ...] [--parsers] [--check]

A checkout is a local clone; nothing of it is copied. One line for each: project, commit, test methods, how many passed; with
`--parsers` also its classes and triggers, and for how many of them this parser and Salesforce's own (npm, `make node-tools`) do not
agree. Projects that some of these need are told by name below and looked for beside them. `--check` ends with exit code 1 when less
than 95% of a project's tests pass or a file's verdict differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from orgtwin.apex.project import Base
from orgtwin.apex.project_runs import Listener, NotRun, RunRequest, run_project
from orgtwin.apex.syntax import SyntaxProblem, parse

PARSER = (
    Path(__file__).parents[1]
    / ".node/node_modules/@prettier-apex/apex-ast-serializer-linux-x64/apex-ast-serializer-linux-x64"
)
NEEDED = 0.95
BUILDS_ON = {"fflib-apex-common": ("fflib-apex-mocks",)}
PERMISSION_SETS = {"ecars": ("ecars",), "ebikes-lwc": ("ebikes",), "dreamhouse-lwc": ("dreamhouse",)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--parsers", action="store_true")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    good = True
    heads = ("project", "commit", "test methods", "passed", *(("files", "verdict differs") if asked.parsers else ()))
    print(row(heads), row("---" for _ in heads), sep="\n")
    for folder in asked.checkouts:
        ran, passed = run_tests(folder)
        cells = [folder.resolve().name, commit(folder), str(ran), str(passed)]
        good = good and passed >= NEEDED * ran
        if asked.parsers:
            files = list(sources(folder))
            differ = [path for path in files if differs(path)]
            cells += [str(len(files)), str(len(differ))]
            good = good and not differ
        print(row(cells), flush=True)
    if asked.check and not good:
        sys.exit(1)


def row(cells: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def commit(folder: Path) -> str:
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "no commit"


def run_tests(folder: Path) -> tuple[int, int]:
    """How many ran and how many passed."""
    name = folder.resolve().name
    before = tuple(Base(folder.resolve().parent / needed) for needed in BUILDS_ON.get(name, ()))
    request = RunRequest(folder, permission_sets=PERMISSION_SETS.get(name, ()), before=before)
    try:
        outcomes = run_project(request, Listener()).run.outcomes
    except NotRun as refused:
        sys.exit(f"{folder}: {refused}")
    return len(outcomes), sum(outcome.outcome == "Pass" for outcome in outcomes)


def sources(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.suffix in (".cls", ".trigger") and path.is_file())


def differs(path: Path) -> bool:
    """Does one parser accept the file that the other refuses?"""
    source = path.read_bytes()
    done = subprocess.run([PARSER], input=source, capture_output=True, timeout=120, check=True)
    told = json.loads(done.stdout)
    theirs = not told.get("apex.jorje.semantic.compiler.parser.ParserOutput", told)["parseErrors"]
    try:
        parse(source.decode("utf-8-sig", errors="replace"))
    except SyntaxProblem:
        return theirs
    return not theirs


if __name__ == "__main__":
    main()
