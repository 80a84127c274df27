"""Which files of a folder belong to a project, as the sf CLI chooses them.

A folder with an sfdx-project.json stands for its package directories, in their order; any other stands for itself. A .forceignore
beside the sfdx-project.json, of this folder or of one above, takes files out. A file's kind goes by its ending, not by its folder.

Source: "Salesforce DX Project Configuration", "How to Exclude Source When Syncing", "Salesforce DX Project Structure and Source
Format" (Salesforce DX Developer Guide).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path

KINDS = {
    "cls": "ApexClass",
    "trigger": "ApexTrigger",
    "page": "ApexPage",
    "resource": "StaticResource",
    "object": "CustomObject",
    "labels": "CustomLabels",
    "md": "CustomMetadata",
    "customPermission": "CustomPermission",
    "featureParameterBoolean": "FeatureParameterBoolean",
    "featureParameterDate": "FeatureParameterDate",
    "featureParameterInteger": "FeatureParameterInteger",
    "permissionset": "PermissionSet",
    "permissionsetgroup": "PermissionSetGroup",
    "mutingpermissionset": "MutingPermissionSet",
    "globalValueSet": "GlobalValueSet",
    "standardValueSet": "StandardValueSet",
    "settings": "Settings",
    "flow": "Flow",
    "queue": "Queue",
    "group": "Group",
    "role": "Role",
    "externalCredential": "ExternalCredential",
    "namedCredential": "NamedCredential",
    "remoteSite": "RemoteSiteSetting",
    "cachePartition": "PlatformCachePartition",
    "reportType": "ReportType",
    "layout": "Layout",
    "dwl": "DataWeaveResource",
    "report": "Report",
    "reportFolder": "ReportFolder",
    "email": "EmailTemplate",
    "emailFolder": "EmailFolder",
    "tab": "CustomTab",
    "app": "CustomApplication",
    "approvalProcess": "ApprovalProcess",
    "workflow": "Workflow",
    "matchingRule": "MatchingRules",
    "duplicateRule": "DuplicateRule",
}
"""Ending of the files that are read, and metadata type."""

CONTENT = frozenset(("cls", "trigger", "page", "email", "dwl"))
"""Endings of files with a -meta.xml beside them."""

CHILDREN = {
    "field": "fields",
    "businessProcess": "businessProcesses",
    "recordType": "recordTypes",
    "validationRule": "validationRules",
    "fieldSet": "fieldSets",
    "sharingReason": "sharingReasons",
    "listView": "listViews",
}
"""Ending of the files that are read below an object's folder, and element of the object's file."""

FOLDERS = {"reports": "reportFolder", "email": "emailFolder"}
"""Directories whose files lie in folders, and the ending of those folders' own files, which have none in a package."""

FOLDERED = frozenset(("report", "email", *FOLDERS.values()))

META = "-meta.xml"
_CONFIGURATION = "sfdx-project.json"
_CHOOSING = (_CONFIGURATION, ".forceignore", "cumulusci.yml")
"""Files of a project's folder that say which others are meant, and how."""
_SKIPPED = frozenset((".git", "node_modules", ".sfdx", ".sf", "build"))


@dataclass(frozen=True, slots=True)
class Base:
    """A project that another one builds on; `namespace` when the org has it as a managed package of that namespace."""

    folder: Path
    namespace: str = ""


def kind_of(path: Path) -> str:
    """The ending that tells what a file is: `cls`, `field`; empty for a file that is not read."""
    name, is_meta = path.name.removesuffix(META), path.name.endswith(META)
    ending = name.rpartition(".")[2]
    if is_meta and "." not in name:
        return FOLDERS.get(path.parent.name, "")
    if ending in CONTENT:
        return "" if is_meta else ending
    if ending == "md" and name.count(".") < 2:  # Type.Record.md; anything else is Markdown
        return ""
    if ending == "resource":  # its content stands beside it under any ending, or as a folder
        return ending if is_meta else ""
    if ending in CHILDREN:
        return ending if is_meta else ""
    if ending == "app" and path.parent.name == name.removesuffix(".app"):  # of an Aura bundle
        return ""
    return ending if ending in KINDS and (is_meta or path.parent.name != name) and "." in name else ""


def find_sources(folder: Path) -> Iterator[Path]:
    """The files that are read, directory after directory, by path; any other may change without a difference."""
    top, whole = _project_of(folder), folder.resolve()
    is_ignored = _ignored(top) if top is not None else lambda path: False
    for root in _roots(folder):
        for path in sorted(path for path in _files(root) if kind_of(path)):
            if not is_ignored(whole / path.relative_to(folder)) and path.is_file():
                yield path


def find_read(folder: Path) -> Iterator[Path]:
    """Every file that a run may read: the sources, what stands beside them, what says which they are. Some are not there."""
    for path in find_sources(folder):
        yield path
        if kind_of(path) in CONTENT:
            yield path.with_name(path.name + META)
        elif kind_of(path) == "resource":
            content = content_of(path)
            yield from _files(content) if content is not None and content.is_dir() else filter(None, (content,))
    top = _project_of(folder) or folder
    yield from (top / name for name in _CHOOSING)


def content_of(resource: Path) -> Path | None:
    """The file or folder beside a static resource's -meta.xml that is its content."""
    name = resource.name.removesuffix(".resource-meta.xml")
    beside = (p for p in sorted(resource.parent.glob(f"{escape(name)}*")) if p.name.partition(".")[0] == name)
    return next((p for p in beside if not p.name.endswith(META)), None)


def _files(root: Path) -> Iterator[Path]:
    """Every file below. Links are followed, as the sf CLI does; a folder that several lead to is read once."""
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(set(folders) - _SKIPPED, key=lambda name: (os.path.islink(f"{folder}/{name}"), name))
        yield from (Path(folder, name) for name in names)


def _project_of(folder: Path) -> Path | None:
    """The nearest folder upwards with an sfdx-project.json."""
    whole = folder.resolve()
    return next((place for place in (whole, *whole.parents) if (place / _CONFIGURATION).is_file()), None)


def _roots(folder: Path) -> list[Path]:
    """The package directories that exist; the folder itself where none is named."""
    try:
        content = json.loads((folder / _CONFIGURATION).read_text(encoding="utf-8-sig"))
        named = [str(directory["path"]).replace("\\", "/") for directory in content["packageDirectories"]]
    except (OSError, ValueError, KeyError, TypeError):
        return [folder]
    return [folder / name for name in named if _is_inside(folder, name)] or [folder]


def _is_inside(folder: Path, name: str) -> bool:
    return not name.startswith("/") and (folder / name).is_dir()


def configuration_problems(folder: Path) -> Iterator[str]:
    """What of an sfdx-project.json does not say which files are meant. No file at all is no problem."""
    path = folder / _CONFIGURATION
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        named = [str(directory["path"]).replace("\\", "/") for directory in content["packageDirectories"]]
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        yield f"{path}: warning: it is passed over, all files of the folder are read: {error}"
    except (KeyError, TypeError):
        yield f"{path}: warning: it is passed over, all files of the folder are read: no packageDirectories with a path"
    else:
        for name in named:
            if name.startswith("/"):
                yield (
                    f'{path}: warning: passed over: The path "{name}", specified in sfdx-project.json, must be indicated as a'
                    " relative path to the project root."
                )
            elif not (folder / name).is_dir():
                yield f"{path}: warning: the package directory {name} is not there"


def _ignored(top: Path) -> Callable[[Path], bool]:
    """Whether .forceignore leaves a file out; the last pattern that fits decides."""
    try:
        lines = (top / ".forceignore").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return lambda path: False
    rules = [(not line.startswith("!"), _pattern(line.removeprefix("!"))) for line in map(str.strip, lines) if line]

    def is_ignored(path: Path) -> bool:
        name = os.path.relpath(path, top)
        return next((leaves_out for leaves_out, pattern in reversed(rules) if pattern.match(name)), False)

    return is_ignored


def _pattern(line: str) -> re.Pattern[str]:
    """A line of .forceignore, which has the form of .gitignore: anchored where a slash stands inside, `**` for any folders."""
    if line.startswith("#"):
        return re.compile(r"(?!)")
    body = line.strip("/")
    anchored = "/" in line.rstrip("/")
    parts = re.split(r"(/\*\*/|^\*\*/|/\*\*$|\*|\?)", body)
    turned = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(turned.get(part, re.escape(part)) for part in parts)
    return re.compile(("" if anchored else "(?:.*/)?") + text + "(?:/.*)?$")
