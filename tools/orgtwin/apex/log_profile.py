"""What took the time of a transaction, by the CPU model: CUMULATIVE_PROFILING. The form is that of recorded logs.

SOQL operations|
Class.Foo.bar: line 3, column 1: [SELECT Id FROM Account]: executed 2 times in 45 ms
"""

from __future__ import annotations

from collections.abc import Iterator

SOQL, SOSL, DML, METHODS = "SOQL operations", "SOSL operations", "DML operations", "method invocations"
_KINDS = (SOQL, SOSL, DML, METHODS)
_MOST = 10
"""Rows a kind. ASSUMED: recorded logs have at most so many."""


class Profile:
    """Counts and times by kind, place and text."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, list[int]]] = {kind: {} for kind in _KINDS}

    def add(self, kind: str, place: str, text: str, nanoseconds: int) -> None:
        row = self._rows[kind].setdefault(f"{place}: {text}", [0, 0])
        row[0] += 1
        row[1] += nanoseconds

    def parts(self) -> Iterator[tuple[str, ...]]:
        """What stands behind the bars, one line of the log each; what took longest goes first."""
        for kind, rows in self._rows.items():
            if not rows:
                yield (f"No profiling information for {kind}",)
                continue
            longest = sorted(rows.items(), key=lambda row: -row[1][1])[:_MOST]
            yield kind, "".join(f"\n{text}: {_executed(*row)}" for text, row in longest) + "\n"


def _executed(count: int, nanoseconds: int) -> str:
    return f"executed {count} time{'' if count == 1 else 's'} in {nanoseconds // 1_000_000} ms"
