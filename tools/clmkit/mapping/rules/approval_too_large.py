"""An approval matrix has at most 100,000 cells.

A cell is one combination of intervals and values. A larger matrix is proved by no program in time and read by no person at all.

Bad:
    generate: {facts: 17}
Good:
    generate: {facts: 3}
Says:
    the approval matrix has 131,072 cells; 100,000 can be judged
    help: look at fewer facts, or at fewer values of them
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.approvals import MOST_CELLS, count_cells
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP420"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    matrix = subject.spec.approvals
    cells = count_cells(matrix) if matrix else 0
    if cells > MOST_CELLS:
        message = f"the approval matrix has {cells:,} cells; {MOST_CELLS:,} can be judged"
        yield Offence(("approvals", "facts"), message, "look at fewer facts, or at fewer values of them", of_key=True)
