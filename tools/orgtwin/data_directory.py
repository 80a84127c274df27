"""An org that outlives its process: a directory with one journal and the files of its jobs, opened by one process at a time.

org = open_org(Path("data"))          new on the first call, the same org afterwards
save_snapshot(org, Path("a.org"))     everything but jobs in one file; `restore_snapshot` makes an equal org of it
"""

from __future__ import annotations

from pathlib import Path

from orgtwin.org import Org
from orgtwin.organization import Clock, system_clock
from orgtwin.records.journal import Journal, replay, write_snapshot
from orgtwin.schema.standard_objects import standard_schema
from orgtwin.seed import DEFAULT_ORG_ID, new_org

COMPACT_ABOVE = 64 * 1024 * 1024  # bytes; a journal above is rewritten as a snapshot when the org is opened

_JOURNAL = "org.journal"
_JOBS = "jobs"


def open_org(directory: Path, clock: Clock = system_clock, org_id: str = DEFAULT_ORG_ID, *, sync: bool = False) -> Org:
    """The org kept in a directory; `sync` also survives a loss of power, at the price of a disk flush a commit.

    Raises JournalInUse when another process has the directory open, ValueError when the file is no journal.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / _JOURNAL
    if not path.exists():
        write_snapshot(path, new_org(clock, org_id))
    journal = Journal(path, sync=sync)
    try:
        org = restore_snapshot(path, clock)
    except ValueError:
        journal.close()
        raise
    org.keep_in(journal, directory / _JOBS)
    if journal.size > COMPACT_ABOVE:
        journal.compact()
    return org


def save_snapshot(org: Org, path: Path) -> None:
    """Write the whole org to one file."""
    write_snapshot(path, org)


def restore_snapshot(path: Path, clock: Clock = system_clock) -> Org:
    """The org that a snapshot or a journal tells of."""
    org = Org(standard_schema(), clock, org_id="", automated_user_id="")
    replay(path, org)
    return org
