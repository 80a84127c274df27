"""Where a twin's org lives: in memory, or in a directory that outlives the process. Either can begin anew, or go back."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Protocol

from orgtwin.data_directory import open_org, restore_snapshot, save_snapshot
from orgtwin.org import Org
from orgtwin.organization import Clock
from orgtwin.seed import new_org


class House(Protocol):
    """Gives a twin its org. Snapshots are files, one a name."""

    @property
    def snapshots(self) -> Path:
        """The folder of the snapshots; it may not exist yet."""

    def open(self) -> Org:
        """The org as it was left; a new one where there was none."""

    def renew(self) -> Org:
        """A new org in place of this one."""

    def restore(self, snapshot: Path) -> Org:
        """The org of a snapshot in place of this one."""

    def close(self) -> None: ...


class MemoryHouse:
    """The org is gone when the process ends; so are its snapshots."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._clear: weakref.finalize[..., MemoryHouse] | None = None  # also when nobody closes the house
        self._folder = Path()

    @property
    def snapshots(self) -> Path:
        if self._clear is None:
            self._folder = Path(tempfile.mkdtemp(prefix="orgtwin-"))
            self._clear = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def open(self) -> Org:
        return new_org(self._clock)

    def renew(self) -> Org:
        return new_org(self._clock)

    def restore(self, snapshot: Path) -> Org:
        return restore_snapshot(snapshot, self._clock)

    def close(self) -> None:
        if self._clear is not None:
            self._clear()
            self._clear = None


class DirectoryHouse:
    """The org is kept in a directory, commit by commit."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._org: Org | None = None

    @property
    def snapshots(self) -> Path:
        return self._directory / "snapshots"

    def open(self) -> Org:
        self._org = open_org(self._directory, self._clock)
        return self._org

    def renew(self) -> Org:
        self.close()
        for file in self._directory.glob("org.journal*"):
            file.unlink()
        return self.open()

    def restore(self, snapshot: Path) -> Org:
        self.close()
        shutil.copyfile(snapshot, self._directory / "org.journal")
        return self.open()

    def close(self) -> None:
        if self._org is not None:
            self._org.close()
            self._org = None


def take_snapshot(house: House, org: Org, name: str) -> None:
    """Write the whole org to the file of that name."""
    house.snapshots.mkdir(parents=True, exist_ok=True)
    save_snapshot(org, snapshot_file(house, name))


def snapshot_file(house: House, name: str) -> Path:
    return house.snapshots / f"{name}.org"


def surroundings_file(house: House, name: str) -> Path:
    return house.snapshots / f"{name}.surroundings"


def snapshot_names(house: House) -> list[str]:
    return sorted(file.stem for file in house.snapshots.glob("*.org"))
