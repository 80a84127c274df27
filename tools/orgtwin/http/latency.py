"""An org's round trips: how long a call, a row and a bulk batch take, so that clients meet the times they will meet in production.

Off unless switched on. What counts as a row: every row that a call saves, those of triggers included. A bulk batch is a batch of a
Bulk API 1.0 job, and every 10,000 rows of a Bulk API 2.0 job ("How Requests Are Processed", Bulk API 2.0 and Bulk API Developer
Guide). The times are the user's own measurements: an org promises none.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

ROWS_OF_A_BATCH = 10_000
_LONGEST = 600_000.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    call: float = 0.0
    row: float = 0.0
    batch: float = 0.0

    @property
    def is_off(self) -> bool:
        return not (self.call or self.row or self.batch)

    def of_call(self, rows: int) -> float:
        """Seconds that the answer to a call takes which saved so many rows."""
        return (self.call + self.row * rows) / 1_000

    def of_batches(self, rows_before: int, rows_after: int) -> float:
        """Seconds for the batches of a job that rows have begun: the first row begins the first one."""
        return self.batch * (_begun(rows_after) - _begun(rows_before)) / 1_000


OFF = Latency()


def parse_latency(text: str) -> Latency:
    """`call=80,row=1.5,batch=900`, in milliseconds. Raises ValueError with a message for the user."""
    return read_latency(dict(_pair(part) for part in text.split(",") if part.strip()))


def read_latency(values: dict[str, object]) -> Latency:
    """The latency that names and milliseconds tell of. Raises ValueError with a message for the user."""
    known = [field.name for field in fields(Latency)]
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"there is no latency {name!r}; known: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST:
            raise ValueError(f"{name}: {value!r} is not a number of milliseconds from 0 to {_LONGEST:.0f}")
    return Latency(**{name: float(value) for name, value in values.items()})  # type: ignore[arg-type]


def _pair(part: str) -> tuple[str, object]:
    name, _, text = part.strip().partition("=")
    try:
        return name, float(text)
    except ValueError:
        return name, text


def _begun(rows: int) -> int:
    return -(-rows // ROWS_OF_A_BATCH)
