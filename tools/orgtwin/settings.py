"""The settings of one org by name, and what the surfaces keep with it: "ContractSettings.autoCalculateEndDate" -> False."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Settings(dict[str, object]):
    """Tells whom it belongs to of each change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(name, value)
        self._changed()

    def update(self, values: Mapping[str, object]) -> None:  # type: ignore[override]
        super().update(values)
        self._changed()

    def become(self, values: Mapping[str, object]) -> None:
        """These values and no others; told only when they are others than before."""
        if self != values:
            super().clear()
            self.update(values)
