"""Public Apex projects on this machine: do their tests pass in the org twin, and is each of their files Apex for both parsers?

    python bench/public_apex.py CHECKOUT [CHECKOUT ...] [--parsers] [--check] [--against PAGE] [--timeout SECONDS]

A checkout is a local clone; nothing of it is copied. One line for each, as soon as it ran: project, commit, test methods, how many
passed; with `--parsers` also its classes and triggers, and for how many of them this parser and Salesforce's own (npm, `make
node-tools`) do not agree. `public_apex.json` says what a project is given: permission sets, and the projects that it builds on, as
[NAMESPACE=]OWNER/NAME[/FOLDER] or ./FOLDER of its own; those of others are looked for among the checkouts and beside them.

A checkout's name is owner/name of its remote, or its folder's name (name, or owner+name). `--against` compares with the tables of a
page (rows `| owner/name | commit | test methods | passed |`): exit code 1 names each project of which fewer pass, or that did not
run. A project of which the page tells another commit, or nothing, is named and not compared. `--check` ends with exit code 1 when
less than 95% of a project's tests pass or a file's verdict differs. A project that takes longer than the timeout has not run.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orgtwin.apex.syntax import SyntaxProblem, parse

PARSER = (
    Path(__file__).parents[1]
    / ".node/node_modules/@prettier-apex/apex-ast-serializer-linux-x64/apex-ast-serializer-linux-x64"
)
GIVEN = Path(__file__).with_suffix(".json")
NEEDED = 0.95
ROW = re.compile(
    r"\| (?P<project>[\w.-]+/[\w.-]+)[^|]*\| (?P<commit>[0-9a-f]{7}) \| (?P<ran>\d+) \| (?P<passed>\d+) \|"
)
REMOTE = re.compile(r"(?P<owner>[\w.-]+)[/+:](?P<name>[\w.-]+?)(?:\.git|/repo)?/?$")


@dataclass(frozen=True, slots=True)
class Figure:
    """What a page tells of a project: at which commit, how many of its tests passed."""

    commit: str
    passed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many tests ran and passed; `failure` says why none did."""

    ran: int = 0
    passed: int = 0
    failure: str = ""


def main() -> None:
    asked = arguments()
    figures = read_figures(asked.against.read_text("utf-8")) if asked.against else {}
    folders = {project_name(folder): folder for folder in asked.checkouts}
    bad, fallen = False, []
    heads = ("project", "commit", "test methods", "passed", *(("files", "verdict differs") if asked.parsers else ()))
    print(row(heads), row("---" for _ in heads), sep="\n", flush=True)
    for project, folder in folders.items():
        outcome = run_tests(folder, options_of(project, folder, folders), asked.timeout)
        cells = [project, commit(folder), str(outcome.ran), str(outcome.passed)]
        differ = list(differing(folder)) if asked.parsers else []
        cells += [str(sum(1 for _ in sources(folder))), str(len(differ))] if asked.parsers else []
        bad = bad or bool(differ) or bool(outcome.failure) or outcome.passed < NEEDED * outcome.ran
        print(row(cells), flush=True)
        if outcome.failure:
            print(f"{project} did not run: {outcome.failure}", flush=True)
        if asked.against and (fall := compare(project, cells[1], outcome, figures)):
            fallen.append(fall)
    for fall in fallen:
        print(fall)
    if fallen or (asked.check and bad):
        sys.exit(1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--parsers", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--against", type=Path, metavar="PAGE")
    parser.add_argument("--timeout", type=float, default=900, metavar="SECONDS", help="for each project [default: 900]")
    return parser.parse_args()


def row(cells: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def read_figures(page: str) -> dict[str, Figure]:
    """Each project of a page's tables, by its name in lower case."""
    return {found["project"].lower(): Figure(found["commit"], int(found["passed"])) for found in ROW.finditer(page)}


def compare(project: str, commit: str, outcome: Outcome, figures: dict[str, Figure]) -> str | None:
    """The sentence of a project that fell. What cannot be compared is told at once."""
    named = [name for name in figures if project.lower() in (name, name.rpartition("/")[2])]
    if len(named) != 1:
        print(f"{project} is not compared: the page has {len(named)} such projects", flush=True)
        return None
    figure = figures[named[0]]
    if figure.commit != commit:
        print(f"{project} is not compared: the page tells of commit {figure.commit}", flush=True)
        return None
    if outcome.failure:
        return f"{project} did not run; {figure.passed} passed"
    return f"{project} fell: {outcome.passed} pass, {figure.passed} passed" if outcome.passed < figure.passed else None


def project_name(folder: Path) -> str:
    """owner/name by the remote or by the folder owner+name, else the folder's name alone."""
    remote = _git(folder, "remote", "get-url", "origin")
    own = folder.resolve().name
    found = REMOTE.search(remote) or (REMOTE.search(own) if "+" in own else None)
    return f"{found['owner']}/{found['name']}" if found else own


def commit(folder: Path) -> str:
    return _git(folder, "rev-parse", "HEAD")[:7] or "no commit"


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True).stdout.strip()


def options_of(project: str, folder: Path, folders: dict[str, Path]) -> list[str]:
    """The options of `orgtwin apex test` for what the project is given."""
    given = {name.lower(): spec for name, spec in json.loads(GIVEN.read_text("utf-8")).items()}.get(project.lower(), {})
    sets = [word for name in given.get("assign", ()) for word in ("--assign", name)]
    return sets + [word for base in given.get("with", ()) for word in ("--with", located(base, folder, folders))]


def located(base: str, folder: Path, folders: dict[str, Path]) -> str:
    """[NAMESPACE=]FOLDER of what a project builds on; where nothing is there, the run says so."""
    namespace, equals, place = base.rpartition("=")
    if place.startswith("./"):
        return f"{namespace}{equals}{folder / place}"
    owner, name, *inner = place.split("/")
    beside = folder.resolve().parent
    among = (path for project, path in folders.items() if project.lower() == f"{owner}/{name}".lower())
    candidates = [*among, beside / f"{owner}+{name}", beside / name]
    found = next((path for path in candidates if path.is_dir()), candidates[-1])
    return f"{namespace}{equals}{found.joinpath(*inner)}"


def run_tests(folder: Path, options: Sequence[str], timeout: float) -> Outcome:
    command = [sys.executable, "-m", "orgtwin", "apex", "test", str(folder), "--json", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return Outcome(failure=f"it takes longer than {timeout:g} s")
    if done.returncode not in (0, 1):
        return Outcome(failure=(done.stderr or done.stdout).strip().rpartition("\n")[2])
    summary = json.loads(done.stdout)["summary"]
    return Outcome(summary["testsRan"], summary["passing"])


def sources(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.suffix in (".cls", ".trigger") and path.is_file())


def differing(folder: Path) -> Iterator[Path]:
    yield from (path for path in sources(folder) if differs(path))


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
