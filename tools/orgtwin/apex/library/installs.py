"""Test.testInstall and testUninstall, System.Version: what the handlers of a package see.

Source: "Test Class", "InstallHandler Interface", "InstallContext Interface", "UninstallHandler Interface", "Version Class" (Apex
Reference Guide). A version of null is a first installation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.records import to_id
from orgtwin.apex.types import Type
from orgtwin.apex.values import Id, Value


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The version of a package. One without a patch compares as patch 0 does, and tells null."""

    parts: tuple[int, int, int]
    has_patch: bool = field(default=True, compare=False)

    @property
    def apex_type(self) -> Type:
        return declare("Version").type

    def __str__(self) -> str:
        return ".".join(map(str, self.parts if self.has_patch else self.parts[:2]))


def _compare(this: Version, other: Version) -> int:
    return (this > other) - (this < other)


system_class(
    "Version",
    {
        "Integer major()": lambda this: this.parts[0],
        "Integer minor()": lambda this: this.parts[1],
        "Integer patch()": lambda this: this.parts[2] if this.has_patch else None,
        "Integer compareTo(Version)": _compare,
        "Boolean equals(Object)": lambda this, other: this == other,
        "String toString()": str,
    },
    constructors={
        "(Integer,Integer)": lambda major, minor: Version((major, minor, 0), has_patch=False),
        "(Integer,Integer,Integer)": lambda *parts: Version(parts),
    },
)


@dataclass(frozen=True, slots=True)
class PackageContext:
    """InstallContext and UninstallContext."""

    kind: str
    previous: Version | None = None
    is_push: bool = False

    @property
    def apex_type(self) -> Type:
        return declare(self.kind).type


def _org_id() -> Id | None:
    return to_id(context.engine().port.org_id)


def _user_id() -> Id | None:
    return to_id(context.engine().user().user_id)


system_class(
    "InstallContext",
    {
        "Id organizationId()": lambda this: _org_id(),
        "Id installerId()": lambda this: _user_id(),
        "Boolean isUpgrade()": lambda this: this.previous is not None,
        "Boolean isPush()": lambda this: this.is_push,
        "Version previousVersion()": lambda this: this.previous,
    },
)
system_class(
    "UninstallContext",
    {"Id organizationId()": lambda this: _org_id(), "Id uninstallerId()": lambda this: _user_id()},
)


def _install(handler: Value, version: Version | None, is_push: bool = False) -> None:
    call_method(handler, "onInstall", PackageContext("InstallContext", version, is_push))


def _uninstall(handler: Value) -> None:
    call_method(handler, "onUninstall", PackageContext("UninstallContext"))


system_class(
    "Test",
    {
        "static void testInstall(InstallHandler,Version)": _install,
        "static void testInstall(InstallHandler,Version,Boolean)": _install,
        "static void testUninstall(UninstallHandler)": _uninstall,
    },
)
