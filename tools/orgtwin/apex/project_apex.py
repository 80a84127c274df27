"""What a project's folder says of one class or trigger besides its text: the -meta.xml beside it, its name, its bytes.

Nothing here keeps Apex from running; what an org would refuse is told. Without a -meta.xml a class has API version 66.0 in the
deploy and the rules of the versions before 65 (ASSUMED: an org refuses it).

Source: "ApexClass", "ApexTrigger" (Metadata API Developer Guide).
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from orgtwin.apex.compile import messages
from orgtwin.apex.project_files import META
from orgtwin.apex.project_names import Source

ACTIVE = "Active"
NEWEST_VERSION = "66.0"
_STATUSES = frozenset((ACTIVE, "Inactive", "Deleted"))
_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"


@dataclass(frozen=True, slots=True)
class Description:
    """API version, where one is told, and status; `problems` as they are told."""

    version: str | None = None
    status: str = ACTIVE
    problems: tuple[str, ...] = ()


def describe(path: Path) -> Description:
    """What the -meta.xml beside a class or trigger says."""
    file = path.with_name(path.name + META)
    if not file.is_file():
        return Description()
    try:
        root = Source(file).root()
    except etree.XMLSyntaxError as error:
        return Description(problems=(f"{file.name}: Error parsing file: {error}",))
    version = (root.findtext(f"{_NAMESPACE}apiVersion") or "").strip()
    status = (root.findtext(f"{_NAMESPACE}status") or ACTIVE).strip()
    is_number = version.replace(".", "", 1).isdecimal()
    problems = []
    if version and not is_number:
        problems.append(f"{file.name}: warning: apiVersion {version} is no version and passed over")
    elif version and float(version) > float(NEWEST_VERSION):
        problems.append(f"{file.name}: warning: apiVersion {version} is newer than the twin's, {NEWEST_VERSION}")
    if status not in _STATUSES:
        problems.append(f"{file.name}: warning: status {status} is none of {', '.join(sorted(_STATUSES))}")
    return Description(version if is_number else None, status if status in _STATUSES else ACTIVE, tuple(problems))


def encoding_problem(content: bytes) -> str | None:
    """What keeps bytes from being Apex before anybody reads them."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "is UTF-16"
    if content.startswith(BOM_UTF8):
        return "begins with a byte order mark"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is no UTF-8"
    return None


def misnamed(declared: Mapping[str, str]) -> Iterator[str]:
    """Classes of other names than their files, given the name that each file declares; triggers' keys end in .trigger.

    ASSUMED: capitals make no difference.
    """
    for name, found in declared.items():
        if not name.endswith(".trigger") and name.lower() != found.lower():
            yield f"{name}:1:1: {messages.FILE_NAME.format(found)}"
