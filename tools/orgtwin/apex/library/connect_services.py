"""Services of ConnectApi that run: what an organization is, and posts and comments in feeds. The others are refused by name.

Sources: "Organization Class", "ChatterFeeds Class", "ConnectApi Output Classes", "Testing ConnectApi Code" (Apex Reference Guide,
Apex Developer Guide): whatever the service, a test that does not see the org's data gets an exception. A post is a FeedItem, a
comment a FeedComment, written with the rights of the running user. ASSUMED: what markup becomes in the Body of the row; settings
that the twin has no notion of are null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.database import run_dml
from orgtwin.apex.faults import argument_null
from orgtwin.apex.library.connect_api import SPACE, find_connect_class, require_data
from orgtwin.apex.library.properties import Properties
from orgtwin.apex.library.signatures import add_signature, type_of
from orgtwin.apex.records import SObject, to_id
from orgtwin.apex.types import Kind
from orgtwin.apex.values import ApexList, Value

_MARKUP = {
    "Bold": "b", "Code": "code", "Hyperlink": "a", "Italic": "i", "ListItem": "li", "OrderedList": "ol", "Paragraph": "p",
    "Strikethrough": "s", "Underline": "u", "UnorderedList": "ul",
}  # fmt: skip
_ME = "me"


def _made(kind: str, /, **values: Value) -> Properties:
    """An object of a value class."""
    made = Properties(type_of(f"{SPACE}.{kind}"))
    made.values.update({key.lower(): value for key, value in values.items()})
    return made


def _constant(enum: str, name: str) -> Value:
    found = find_connect_class(f"connectapi.{enum.lower()}")
    return None if found is None else found.constants[name.lower()]


def _given(this: Properties | None, name: str) -> Value:
    return None if this is None else this.values.get(name.lower())


# Organization


def _settings() -> Properties:
    engine = context.engine()
    port, user = engine.port, engine.port.user()
    settings = _made(
        "UserSettings",
        userId=to_id(user.user_id),
        userLocale=user.locale,
        userDefaultCurrencyIsoCode=user.currency,
        timeZone=_made("TimeZone", name=user.time_zone),
        hasChatter=True,
        canFollow=True,
        externalUser=user.user_type != "Standard",
        hasAccessToInternalOrg=user.user_type == "Standard",
    )
    features = _made("Features", chatter=True, files=True, defaultCurrencyIsoCode=user.currency)
    return _made(
        "OrganizationSettings", orgId=to_id(port.org_id), name=port.org_name, features=features, userSettings=settings
    )


# Segments: from what is given to what is told, and to the text of the row


def _text_segment(given: Properties) -> Properties:
    return _made("TextSegment", type=_constant("MessageSegmentType", "Text"), text=_given(given, "text"))


def _mention_segment(given: Properties) -> Properties:
    name, value = ("Id", _given(given, "id")) if _given(given, "id") else ("Username", _given(given, "username"))
    query = f"SELECT Id, Name FROM User WHERE {name} = :value"  # noqa: S608
    rows = context.engine().port.query(query, {"value": None if value is None else str(value)}, user_mode=False)
    row = rows[0].fields if isinstance(rows, list) and rows else {"Id": value, "Name": None}
    record = _made("UserSummary", id=row["Id"], name=row["Name"], type="User")
    kind = _constant("MessageSegmentType", "Mention")
    shown = {"name": row["Name"], "text": f"@{row['Name']}", "record": record, "user": record, "accessible": True}
    return _made("MentionSegment", type=kind, **shown)


def _hashtag_segment(given: Properties) -> Properties:
    tag = _given(given, "tag")
    return _made("HashtagSegment", type=_constant("MessageSegmentType", "Hashtag"), tag=tag, text=f"#{tag}")


def _link_segment(given: Properties) -> Properties:
    url = _given(given, "url")
    return _made("LinkSegment", type=_constant("MessageSegmentType", "Link"), url=url, text=url)


def _entity_segment(given: Properties) -> Properties:
    reference = _made("Reference", id=_given(given, "entityId"))
    kind = _constant("MessageSegmentType", "EntityLink")
    return _made("EntityLinkSegment", type=kind, reference=reference, text=_given(given, "entityId"))


def _image_segment(given: Properties) -> Properties:
    alt = _given(given, "altText")
    thumbnails = _made("FilePreviewCollection", fileId=_given(given, "fileId"))
    kind = _constant("MessageSegmentType", "InlineImage")
    return _made("InlineImageSegment", type=kind, altText=alt, text=alt, thumbnails=thumbnails)


def _markup_segment(name: str, form: str) -> Callable[[Properties], Properties]:
    def made(given: Properties) -> Properties:
        markup = _given(given, "markupType")
        tag = None if markup is None else _MARKUP[markup.name]
        kind = _constant("MessageSegmentType", name.removesuffix("Segment"))
        return _made(name, type=kind, markupType=markup, htmlTag=tag, text=form.format(tag))

    return made


_SEGMENTS: Mapping[str, Callable[[Properties], Properties]] = {
    "TextSegmentInput": _text_segment,
    "MentionSegmentInput": _mention_segment,
    "HashtagSegmentInput": _hashtag_segment,
    "LinkSegmentInput": _link_segment,
    "EntityLinkSegmentInput": _entity_segment,
    "InlineImageSegmentInput": _image_segment,
    "MarkupBeginSegmentInput": _markup_segment("MarkupBeginSegment", "<{}>"),
    "MarkupEndSegmentInput": _markup_segment("MarkupEndSegment", "</{}>"),
}


def _body(given: Properties | None) -> Properties:
    """What a body becomes: its segments, and all of their texts."""
    items = _given(given, "messageSegments")
    segments = [] if items is None else [_SEGMENTS[i.apex_type.name.rpartition(".")[2]](i) for i in items.items]
    text = "".join(str(_given(segment, "text") or "") for segment in segments)
    is_rich = any(_given(segment, "markupType") is not None for segment in segments)
    listed = ApexList(type_of("List<ConnectApi.MessageSegment>"), list(segments))
    return _made("FeedBody", text=text, messageSegments=listed, isRichText=is_rich)


def _plain_body(text: str | None) -> Properties:
    segments = ApexList(type_of("List<ConnectApi.MessageSegmentInput>"), [_made("TextSegmentInput", text=text)])
    return _body(_made("MessageBodyInput", messageSegments=segments))


# Feeds


def _stored(sobject_type: str, values: Mapping[str, Value]) -> SObject:
    engine = context.engine()
    record = SObject(engine.get_sobject_type(sobject_type), dict(values))
    run_dml(engine, "insert", record, True)
    return record


def _author() -> Properties:
    user = context.engine().port.user()
    name = f"{user.first_name} {user.last_name}".strip()
    return _made("UserSummary", id=to_id(user.user_id), name=name, type="User", isActive=True)


def _post(subject_id: Value, body: Properties, visibility: Value = None) -> Properties:
    """A text post on the wall of a record or user; `me` is the running user."""
    if subject_id is None:
        raise argument_null("subjectId")
    author = _author()
    parent_id = _given(author, "id") if subject_id == _ME else to_id(subject_id)
    seen = visibility or _constant("FeedItemVisibilityType", "AllUsers")
    values = {"ParentId": parent_id, "Body": _given(body, "text"), "Type": "TextPost", "Visibility": seen.name}
    record = _stored("FeedItem", {**values, "IsRichText": _given(body, "isRichText")})
    described = context.engine().port.schema.find_by_prefix(str(parent_id)[:3])
    kind = described.api_name if described is not None else None
    parent = _made("UserSummary" if kind == "User" else "RecordSummary", id=parent_id, type=kind)
    now = context.engine().port.now()
    return _made(
        "FeedItem",
        id=record.fields["Id"],
        body=body,
        parent=parent,
        actor=author,
        feedElementType=_constant("FeedElementType", "FeedItem"),
        type=_constant("FeedItemType", "TextPost"),
        visibility=seen,
        createdDate=now,
        modifiedDate=now,
        event=False,
        capabilities=_made("FeedElementCapabilities"),
    )


def _post_text(community: Value, subject_id: Value, kind: Value, text: Value) -> Properties:
    if kind is not None and kind.name != "FeedItem":
        context.engine().refuse("apex.ConnectApi.ChatterFeeds.postFeedElement", f"feed elements of type {kind.name}")
    return _post(subject_id, _plain_body(text))


def _post_input(community: Value, given: Properties | None) -> Properties:
    if given is None:
        raise argument_null("feedElement")
    if _given(given, "capabilities") is not None or _given(given, "attachment") is not None:
        context.engine().refuse("apex.ConnectApi.ChatterFeeds.postFeedElement", "feed elements with capabilities")
    return _post(_given(given, "subjectId"), _body(_given(given, "body")), _given(given, "visibility"))


def _comment(element_id: Value, body: Properties) -> Properties:
    if element_id is None:
        raise argument_null("feedElementId")
    record = _stored("FeedComment", {"FeedItemId": to_id(element_id), "CommentBody": _given(body, "text")})
    return _made(
        "Comment",
        id=record.fields["Id"],
        body=body,
        user=_author(),
        feedElement=_made("Reference", id=to_id(element_id)),
        type=_constant("CommentType", "TextComment"),
        createdDate=context.engine().port.now(),
    )


def _comment_text(community: Value, element_id: Value, text: Value) -> Properties:
    return _comment(element_id, _plain_body(text))


def _comment_input(community: Value, element_id: Value, given: Properties | None, upload: Value = None) -> Properties:
    if upload is not None or _given(given, "capabilities") is not None or _given(given, "attachment") is not None:
        context.engine().refuse("apex.ConnectApi.ChatterFeeds.postCommentToFeedElement", "comments with capabilities")
    return _comment(element_id, _body(_given(given, "body")))


_SERVICES: Mapping[str, Mapping[str, Callable[..., Value]]] = {
    "Organization": {"static ConnectApi.OrganizationSettings getSettings()": _settings},
    "ChatterFeeds": {
        "static ConnectApi.FeedElement postFeedElement(String,String,ConnectApi.FeedElementType,String)": _post_text,
        "static ConnectApi.FeedElement postFeedElement(String,ConnectApi.FeedElementInput)": _post_input,
        "static ConnectApi.Comment postCommentToFeedElement(String,String,String)": _comment_text,
        "static ConnectApi.Comment postCommentToFeedElement(String,String,ConnectApi.CommentInput,ConnectApi.BinaryInput)": (
            _comment_input
        ),
    },
}


def find_service(key: str) -> ApexClass | None:
    """A service of which something runs, by lower-case name with its namespace."""
    return services().get(key) if key.startswith("connectapi.") else None


@cache
def services() -> Mapping[str, ApexClass]:
    """The services of which something runs, by lower-case full name."""
    find_connect_class("connectapi.")
    found: dict[str, ApexClass] = {}
    for name, table in _SERVICES.items():
        cls = ApexClass(name, namespace=SPACE)
        cls.type.kind = Kind.SYSTEM
        for text, function in table.items():
            add_signature(cls, text, _guarded(function))
        found[f"{SPACE}.{name}".lower()] = cls
    return found


def _guarded(function: Callable[..., Value]) -> Callable[..., Value]:
    def call(*args: Value) -> Value:
        require_data()
        return function(*args)

    return call
