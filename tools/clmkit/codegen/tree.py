"""The package directory on disk: what differs from a plan, and writing it so that no moment leaves half a file.

`generated/files.sha256` is the ledger: the digest of every generated file as the generator wrote it, in the format of
`sha256sum --check`. A generated file whose digest the ledger does not know was edited by hand.

Writing goes in three steps: all new bytes into a staging folder (a full disk ends here, with nothing changed); then one rename
per file, or per folder that was not there; then the ledger. Before the renames the ledger gets the old digests and the new ones,
so that a run that was killed between two renames is told from an edit by hand.
"""

from __future__ import annotations

import enum
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clmkit.codegen.plan import EXTENSIONS, GENERATED
from clmkit.codegen.staging import stage_files

LEDGER = f"{GENERATED}/files.sha256"
LEDGER_NOTE = (
    "# Written by clmkit generate. `sha256sum --check files.sha256` names the files that were edited by hand.\n"
)
STAGING = ".staging"
LEDGER_OF_BOTH = "ledger.both"
NEW_LEDGER = "ledger"


class Verb(enum.Enum):
    """What would happen to a file."""

    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One difference between disk and plan. `is_edited`: a hand wrote what is on disk, and the change would lose it."""

    path: str
    verb: Verb
    before: bytes
    after: bytes
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Disk against plan."""

    changes: tuple[FileChange, ...]
    unchanged: int
    ledger_before: Mapping[str, frozenset[str]]
    ledger_after: Mapping[str, str]
    is_ledger_current: bool

    @property
    def edited(self) -> tuple[FileChange, ...]:
        return tuple(change for change in self.changes if change.is_edited)

    @property
    def is_clean(self) -> bool:
        return not self.changes and self.is_ledger_current

    @property
    def ledger_text(self) -> str:
        """The ledger as it stands once the changes are carried out."""
        return render_ledger(self.ledger_after)


def compare_tree(planned: Mapping[str, bytes], root: Path) -> Comparison:
    """What would have to change under `root` for it to hold the planned files; reads, never writes."""
    return compare_files(planned, read_package(root), read_ledger(root))


def read_ledger(root: Path) -> str:
    """The text of the ledger; empty before the first run."""
    try:
        return (root / LEDGER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def compare_files(planned: Mapping[str, bytes], present: Mapping[str, bytes], ledger: str) -> Comparison:
    """What would have to change for the present files to become the planned ones; `ledger` is the text of the ledger."""
    known = parse_ledger(ledger)
    digests = digest_files(planned)
    changes: list[FileChange] = []
    for path, content in planned.items():
        before = present.get(path)
        if before is None:
            changes.append(FileChange(path, Verb.ADD, b"", content))
        elif path in digests and before != content:
            changes.append(FileChange(path, Verb.UPDATE, before, content, _digest(before) not in known.get(path, ())))
    for path, before in present.items():
        if _is_generated(path) and path not in planned:
            changes.append(FileChange(path, Verb.REMOVE, before, b"", _digest(before) not in known.get(path, ())))
    unchanged = len(planned) - sum(change.verb is not Verb.REMOVE for change in changes)
    return Comparison(tuple(changes), unchanged, known, digests, ledger == render_ledger(digests))


def digest_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """The digests that a ledger of these files holds."""
    return {path: _digest(content) for path, content in files.items() if _is_generated(path)}


def _is_generated(path: str) -> bool:
    return path.startswith(f"{GENERATED}/")


def write_tree(comparison: Comparison, root: Path) -> None:
    """Carry out the changes. Raises OSError with nothing changed when the new files do not fit on the disk."""
    staging = root / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _stage(comparison, staging)
        (root / GENERATED).mkdir(parents=True, exist_ok=True)
        (staging / LEDGER_OF_BOTH).replace(root / LEDGER)
        _carry_out_all(comparison.changes, staging, root)
        (staging / NEW_LEDGER).replace(root / LEDGER)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _stage(comparison: Comparison, staging: Path) -> None:
    both = {path: {*comparison.ledger_before.get(path, ()), digest} for path, digest in comparison.ledger_after.items()}
    for path, digests in comparison.ledger_before.items():
        both.setdefault(path, set(digests))
    lines = ((path, digest) for path, digests in sorted(both.items()) for digest in sorted(digests))
    files = {change.path: change.after for change in comparison.changes if change.verb is not Verb.REMOVE}
    ledgers = {LEDGER_OF_BOTH: _render_lines(lines).encode(), NEW_LEDGER: comparison.ledger_text.encode()}
    stage_files({**ledgers, **files}, staging)


def _carry_out_all(changes: Iterable[FileChange], staging: Path, root: Path) -> None:
    """A folder that is not there yet comes as one: a project's first files are then a few renames, not one each."""
    lacking: dict[str, str] = {}
    moved = set()
    for change in changes:
        folder = "" if change.verb is Verb.REMOVE else _find_lacking(change.path.rpartition("/")[0], root, lacking)
        if not folder:
            _carry_out(change, staging, root)
        elif folder not in moved:
            os.rename(f"{staging}/{folder}", f"{root}/{folder}")
            moved.add(folder)


def _find_lacking(folder: str, root: Path, known: dict[str, str]) -> str:
    """The topmost folder on the way to this one that is not there; empty when it is there. `known`: what was found before."""
    if folder not in known:
        parent = folder.rpartition("/")[0]
        above = _find_lacking(parent, root, known) if parent else ""
        known[folder] = above or ("" if os.path.isdir(f"{root}/{folder}") else folder)
    return known[folder]


def _carry_out(change: FileChange, staging: Path, root: Path) -> None:
    target = f"{root}/{change.path}"
    if change.verb is Verb.REMOVE:
        os.unlink(target)
        _remove_empty_folders(Path(target).parent, root)
        return
    try:
        os.replace(f"{staging}/{change.path}", target)
    except FileNotFoundError:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        os.replace(f"{staging}/{change.path}", target)


def _remove_empty_folders(folder: Path, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def read_package(root: Path) -> dict[str, bytes]:
    """Every file of the package directory but the ledger, generated and hand-written, by its path."""
    found: dict[str, bytes] = {}
    for path in (*_walk(root, GENERATED), *_walk(root, EXTENSIONS)):
        if path != LEDGER:
            with open(f"{root}/{path}", "rb") as file:
                found[path] = file.read()
    return found


def parse_ledger(text: str) -> dict[str, frozenset[str]]:
    """Path to the digests the generator wrote; two of them only after a run that was killed."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            digest, _, path = line.partition("  ")
            found.setdefault(f"{GENERATED}/{path}", set()).add(digest)
    return {path: frozenset(digests) for path, digests in found.items()}


def render_ledger(digests: Mapping[str, str]) -> str:
    return _render_lines(sorted(digests.items()))


def _render_lines(lines: Iterable[tuple[str, str]]) -> str:
    return LEDGER_NOTE + "".join(f"{digest}  {path.removeprefix(f'{GENERATED}/')}\n" for path, digest in lines)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _walk(root: Path, folder: str) -> Iterator[str]:
    prefix = len(str(root)) + 1
    for directory, folders, names in os.walk(root / folder):
        folders.sort()
        for name in sorted(names):
            yield f"{directory}/{name}"[prefix:].replace(os.sep, "/")
