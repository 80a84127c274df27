"""What the texts of one field mean, remembered: most fields have few values, and clients write each of them again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.records.model import Value

MOST = 1024
LONGEST = 80


class KnownValues(dict[object, Value]):
    """Asked for a text, says what the coercer says of it; equal short texts get the same object."""

    def __init__(self, coerce: Callable[[object], Value], known: Mapping[object, Value]) -> None:
        super().__init__(known)
        self._coerce = coerce
        self._missed = 0

    def __missing__(self, text: object) -> Value:
        value = self._coerce(text)
        self._missed += 1
        if len(self) < MOST and len(str(text)) <= LONGEST:
            self[text] = value
        return value

    @property
    def helps(self) -> bool:
        """Whether the field has had so few values that remembering them saves work."""
        return self._missed < MOST
