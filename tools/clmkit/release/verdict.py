"""What a comparison means for a release: the step of the version, and which breaks somebody has decided.

A decision record decides a break by naming it in a line of its own: `Decides: REL214 contract.title`. One record may hold several
such lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clmkit.release.changes import Break, Bump, Change, bump_version, find_step, suggest_bump
from clmkit.release.compare import compare_specs
from clmkit.release.revisions import Revision

DECIDES = re.compile(r"^[-*\s]*Decides:\s*(REL\d{3}\s+\S.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A comparison, judged. `decisions` maps the name of a break to the record that decides it."""

    before: Revision
    after: Revision
    changes: tuple[Change, ...]
    decisions: Mapping[str, str]

    @property
    def breaks(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_break)

    @property
    def undecided(self) -> tuple[Change, ...]:
        return tuple(change for change in self.breaks if change.name not in self.decisions)

    @property
    def bump(self) -> Bump:
        return suggest_bump(self.changes)

    @property
    def step(self) -> Bump:
        """The step that the version took."""
        return find_step(self.before.spec.version, self.after.spec.version)

    @property
    def suggested_version(self) -> str:
        return bump_version(self.before.spec.version, self.bump)

    @property
    def is_version_enough(self) -> bool:
        return self.step >= self.bump

    @property
    def is_releasable(self) -> bool:
        return self.is_version_enough and not self.undecided


def judge(before: Revision, after: Revision, decisions: Mapping[str, str]) -> Verdict:
    """The worst changes stand first."""
    order = list(Break)
    changes = sorted(compare_specs(before.spec, after.spec), key=lambda change: order.index(change.rule.breaks))
    return Verdict(before, after, tuple(changes), decisions)


def read_decisions(folder: Path) -> dict[str, str]:
    """The breaks that the records of a folder decide; a folder that is not there decides nothing."""
    return find_decisions((path.as_posix(), path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md")))


def find_decisions(records: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in records:
        for decided in DECIDES.findall(text):
            found.setdefault(" ".join(decided.split()), name)
    return found
