"""What is said about a CLM's REST API so that the sync can use it. Paths into documents are member names joined by dots.

A shipped description is the best example: `clmkit/connectors/shipped/ironclad.yml`.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec
import yaml

SHIPPED = files("clmkit.connectors").joinpath("shipped")
_LARGEST = 200_000


class DescriptionError(Exception):
    """The description cannot be used; the message says where and what."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every part: immutable; an unknown member is an error."""


class Login(Part, frozen=True):
    """How a request says who asks. `kind`:

    oauth   a token by the client credentials grant (RFC 6749 section 4.4), from `token_path`
    basic   the client's id and secret with each request (RFC 7617)
    key     the client's secret in `header`, behind `prefix`

    `as_user` is the header that names the user whom every request acts as, for systems that ask for one.
    """

    kind: Literal["oauth", "basic", "key"] = "oauth"
    token_path: str = ""
    scope: str = ""
    header: str = ""
    prefix: str = ""
    as_user: str = ""

    def __post_init__(self) -> None:
        if (self.kind == "oauth") != bool(self.token_path):
            raise ValueError("a login of kind oauth has a token_path, no other has one")
        if (self.kind == "key") != bool(self.header):
            raise ValueError("a login of kind key has a header, no other has one")


class CursorPages(Part, frozen=True, tag="cursor", tag_field="kind"):
    """The answer names the cursor of the next page and whether there is one."""

    parameter: str
    cursor: str
    more: str
    size: str
    most: int


class NumberedPages(Part, frozen=True, tag="number", tag_field="kind"):
    """Pages are counted from `first`; one that is not full is the last."""

    parameter: str
    size: str
    most: int
    first: int = 0


class OffsetPages(Part, frozen=True, tag="offset", tag_field="kind"):
    """A page begins behind so many records; one that is not full is the last."""

    parameter: str
    size: str
    most: int


class LinkPages(Part, frozen=True, tag="link", tag_field="kind"):
    """The answer's Link header leads to the next page; without `rel="next"` it is the last (RFC 8288)."""

    size: str
    most: int


Pages = CursorPages | NumberedPages | OffsetPages | LinkPages


class Listing(Part, frozen=True):
    """Where every agreement is: `items` is the member of the answer that holds them, empty where the answer is the list; `query`
    is always sent.
    """

    path: str
    items: str
    pages: Pages
    query: dict[str, str] = {}


class Selection(Part, frozen=True):
    """Where agreements that are chosen by their ids are, at most so many in one answer; what there is not is left out of it.

    `ids` is the parameter that names them, joined by commas; `items` the member of the answer that holds them.
    """

    path: str
    ids: str
    items: str
    most: int


class EventFeed(Part, frozen=True, tag="events", tag_field="kind"):
    """A feed of numbered events, each with the agreement as it was after it. The rest are members of an event."""

    listing: Listing
    event_id: str
    sequence: str
    type: str
    occurred_at: str
    actor: str
    agreement: str


class ChangedFeed(Part, frozen=True, tag="changed", tag_field="kind"):
    """The listing, asked for what changed `since` a moment and sorted by that moment, oldest first."""

    listing: Listing
    since: str


class Properties(Part, frozen=True):
    """Members that are wrapped as {name: {type, value}} under one member: they are read as {name: value}."""

    under: str
    value: str = "value"
    type: str = "type"


class Document(Part, frozen=True):
    """Where an agreement tells its id, its revision or the moment of its last change, and who made that."""

    id: str
    revision: str = ""
    changed_at: str = ""
    changed_by: str = ""
    properties: Properties | None = None


class MergePatch(Part, frozen=True, tag="merge", tag_field="kind"):
    """The changed members, as a JSON merge patch (RFC 7396)."""


class PropertyPatch(Part, frozen=True, tag="properties", tag_field="kind"):
    """Wrapped members to set and names of those to remove."""

    set: str
    remove: str


class Patch(Part, frozen=True):
    """`guard`: `if_match` sends the revision as ETag; `reread` compares the document just before, which leaves a short gap."""

    path: str
    body: MergePatch | PropertyPatch
    guard: Literal["if_match", "reread"]
    method: str = "PATCH"
    headers: dict[str, str] = {}


class Hmac(Part, frozen=True):
    """A signature that both sides' secret makes of a call, in `header` behind `prefix`.

    `signed` says of what: {body}, and where the call tells when it was signed, in seconds since 1970 in the header `timestamp`,
    {timestamp}. Such a call counts for five minutes; one without a moment wakes the sync whenever it comes, and nothing else.
    """

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    timestamp: str = ""
    signed: str = "{body}"

    def __post_init__(self) -> None:
        if self.signed.count("{body}") != 1 or ("{timestamp}" in self.signed) != bool(self.timestamp):
            raise ValueError("signed contains {body} once, and {timestamp} where timestamp names its header")


class Webhooks(Part, frozen=True):
    """How to be called: `signature` is a kind of `clmkit.connectors.signatures`. {name}, {url} and {secret} are filled in.

    `registered` lists what is there already, for systems that refuse a second registration of one address.
    """

    method: str
    path: str
    body: dict[str, str | list[str]]
    signature: Literal["standard", "ironclad"] | Hmac
    registered: Listing | None = None
    url: str = ""
    key_path: str = ""


class Errors(Part, frozen=True):
    code: str
    detail: str


class Description(Part, frozen=True):
    name: str
    login: Login
    agreements: Listing
    agreement: str
    document: Document
    feed: EventFeed | ChangedFeed
    patch: Patch
    errors: Errors
    webhooks: Webhooks | None = None
    selection: Selection | None = None
    """Left out for a system that gives one agreement an answer."""

    def __post_init__(self) -> None:
        if bool(self.document.revision) == bool(self.document.changed_at):
            raise ValueError("document names either revision or changed_at")
        if isinstance(self.feed, ChangedFeed) and not self.document.changed_at:
            raise ValueError("a feed of what changed needs document.changed_at")
        if isinstance(self.patch.body, PropertyPatch) and self.document.properties is None:
            raise ValueError("a patch of properties needs document.properties")
        if "{id}" not in self.agreement or "{id}" not in self.patch.path:
            raise ValueError("the paths of agreement and patch contain {id}")


def load_description(name: str, folder: Path) -> Description:
    """A shipped description by its name, or a file of one beside `folder`. Raises DescriptionError."""
    shipped = {Path(one.name).stem: one for one in SHIPPED.iterdir() if one.name.endswith(".yml")}
    source = shipped.get(name) or folder / name
    try:
        text = source.read_text(encoding="utf-8")
        if len(text) > _LARGEST:
            raise DescriptionError(f"{source}: longer than {_LARGEST} characters; this is no description.")
        return msgspec.convert(yaml.load(text, Loader=yaml.CSafeLoader), Description)
    except OSError as error:
        raise DescriptionError(
            f"{source}: {error.strerror}. Name a file, or one of {', '.join(sorted(shipped))}."
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DescriptionError(f"{source}: not YAML: {' '.join(str(error).split())}") from error
    except msgspec.ValidationError as error:
        raise DescriptionError(f"{source}: {error}.") from error
