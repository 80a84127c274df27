"""PageReference and ApexPages messages: what controllers use without a page being rendered.

Source: "PageReference Class", "ApexPages Class" (Apex Reference Guide). Rendering is refused by name.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, quote_plus, urlsplit

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.properties import add_property
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.types import BOOLEAN, Type
from orgtwin.apex.values import ApexList, ApexMap, EnumConstant, Value

_STRING_MAP = type_of("Map<String,String>")
_PARAMETER = 4  # ticks of a parameter that is written into an address; ASSUMED, as the whole CPU model is


class Parameters(ApexMap):
    """The query of a page: a name is found in any case, and kept as it was written first. Source: "PageReference Class"."""

    __slots__ = ()

    def find_key(self, key: Value) -> Value:
        wanted = key.lower() if isinstance(key, str) else key
        context.spend(len(self.items) >> 4)
        return next((kept for kept in self.items if isinstance(kept, str) and kept.lower() == wanted), key)


class Page:
    """A PageReference: an address with parameters, headers and cookies. The page that a test starts on has no address."""

    def __init__(self, address: str | None) -> None:
        parts = urlsplit(address or "")
        self.path = None if address is None else address.partition("#")[0].partition("?")[0]
        self.anchor = parts.fragment
        self.parameters = Parameters(_STRING_MAP, dict(parse_qsl(parts.query, keep_blank_values=True)))
        self.headers = ApexMap(_STRING_MAP)
        self.cookies = ApexMap(type_of("Map<String,Cookie>"))
        self.values: dict[str, Value] = {"redirect": False}

    @property
    def apex_type(self) -> Type:
        return declare("PageReference").type

    @property
    def url(self) -> str | None:
        """The parameters from A to Z (ASSUMED; public tests compare whole addresses)."""
        if self.path is None:
            return None
        context.spend(_PARAMETER * len(self.parameters.items))
        named = sorted((str(name), value) for name, value in self.parameters.items.items())
        pairs = [f"{quote_plus(name)}={quote_plus(str(value or ''))}" for name, value in named]
        return self.path + ("?" + "&".join(pairs) if pairs else "") + (f"#{self.anchor}" if self.anchor else "")

    def __str__(self) -> str:
        return f"System.PageReference[{self.url}]"


def _page_at(address: str | None) -> Page:
    """The text of the exception is that which the test of Salesforce's own LightningForgotPasswordController expects."""
    if address is None:
        raise argument_null("1")
    return Page(address)


def _page_of(operand: Value) -> Page:
    if isinstance(operand, SObject):
        return Page("/" + str(operand.fields.get("Id") or ""))
    return Page(operand)


def _set_anchor(this: Page, anchor: str) -> Page:
    this.anchor = anchor
    return this


def _set_redirect(this: Page, value: bool) -> Page:
    this.values["redirect"] = value
    return this


def _set_cookies(this: Page, cookies: ApexList) -> None:
    this.cookies.items.update((cookie.name, cookie) for cookie in cookies.items)


def _of_resource(name: str | None, path: str | None = None) -> Page:
    """The address that $Resource gives: /resource/, when the resource was changed, its name.

    Source: "forResource" (PageReference Class), "Static Resources" (Visualforce Developer Guide). ASSUMED: that a name nobody
    knows is an exception, which public tests expect, and its text.
    """
    query = "SELECT Name, SystemModstamp FROM StaticResource WHERE Name = :name"
    rows = context.engine().port.query(query, {"name": name}, user_mode=False)
    if isinstance(rows, int) or not rows:
        raise throw("VisualforceException", f"Static Resource named {name} does not exist. Check spelling.")
    found = rows[0].fields
    moment = found["SystemModstamp"]
    changed = int(moment.timestamp() * 1000) if isinstance(moment, datetime) else 0
    return Page(f"/resource/{changed}/{found['Name']}" + (f"/{path.lstrip('/')}" if path else ""))


def _content(_this: Page) -> bytes:
    engine = context.engine()
    if engine.is_testing:
        raise throw("VisualforceException", "Methods defined as TestMethod do not support getContent call")
    engine.refuse("apex.PageReference.getContent", "PageReference.getContent")
    return b""


_PAGE = system_class(
    "PageReference",
    {
        "static PageReference forResource(String)": _of_resource,
        "static PageReference forResource(String,String)": _of_resource,
        "String getUrl()": lambda this: this.url,
        "Map<String,String> getParameters()": lambda this: this.parameters,
        "Map<String,String> getHeaders()": lambda this: this.headers,
        "Map<String,Cookie> getCookies()": lambda this: this.cookies,
        "String getAnchor()": lambda this: this.anchor,
        "PageReference setAnchor(String)": _set_anchor,
        "Boolean getRedirect()": lambda this: this.values["redirect"],
        "PageReference setRedirect(Boolean)": _set_redirect,
        "void setCookies(List<Cookie>)": _set_cookies,
        "PageReference setRedirectCode(Integer)": lambda this, code: this,
        "Blob getContent()": _content,
        "Blob getContentAsPDF()": _content,
        "String toString()": str,
    },
    constructors={"(String)": _page_at, "(SObject)": _page_of},
)
add_property(_PAGE, "redirect", BOOLEAN)


# ApexPages

SEVERITY = system_enum("Severity", "CONFIRM ERROR FATAL INFO WARNING", namespace="ApexPages")


class Message:
    """ApexPages.Message."""

    def __init__(
        self, severity: EnumConstant, summary: str, detail: str | None = None, component: str | None = None
    ) -> None:
        self.severity = severity
        self.summary = summary
        self.detail = summary if detail is None else detail
        self.component = component

    @property
    def apex_type(self) -> Type:
        return declare("Message", namespace="ApexPages").type

    def __str__(self) -> str:
        return f'ApexPages.Message["{self.summary}"]'


system_class(
    "Message",
    {
        "ApexPages.Severity getSeverity()": lambda this: this.severity,
        "String getSummary()": lambda this: this.summary,
        "String getDetail()": lambda this: this.detail,
        "String getComponentLabel()": lambda this: None,  # that of an inputField, and no page is rendered here
    },
    namespace="ApexPages",
    constructors={
        "(ApexPages.Severity,String)": Message,
        "(ApexPages.Severity,String,String)": Message,
        "(ApexPages.Severity,String,String,String)": Message,
    },
)


def _messages() -> list[Message]:
    found: list[Message] = context.engine().test_state.setdefault("page messages", [])
    return found


def _has_messages(severity: EnumConstant) -> bool:
    found = _messages()
    context.spend(len(found) >> 2)
    return any(message.severity is severity for message in found)


def _add_exception(error: Value) -> None:
    _messages().append(Message(SEVERITY.constants["error"], str(error.message)))


def _current() -> Page | None:
    """A test has a page from the start, on which it sets parameters (ASSUMED; public tests rely on it)."""
    engine = context.engine()
    if engine.is_testing:
        engine.test_state.setdefault("page", Page(None))
    found: Page | None = engine.test_state.get("page")
    return found


def _set_current(page: Page) -> None:
    context.engine().test_state["page"] = page


system_class(
    "ApexPages",
    {
        "static void addMessage(ApexPages.Message)": lambda message: _messages().append(message),
        "static void addMessages(Exception)": _add_exception,
        "static List<ApexPages.Message> getMessages()": lambda: ApexList(
            type_of("List<ApexPages.Message>"), list(_messages())
        ),
        "static Boolean hasMessages()": lambda: bool(_messages()),
        "static Boolean hasMessages(ApexPages.Severity)": _has_messages,
        "static PageReference currentPage()": _current,
    },
)
system_class("System", {"static PageReference currentPageReference()": _current})
system_class(
    "Test",
    {
        "static void setCurrentPage(PageReference)": _set_current,
        "static void setCurrentPageReference(PageReference)": _set_current,
    },
)


class StandardController:
    """ApexPages.StandardController of one record."""

    def __init__(self, record: SObject) -> None:
        self.record = record

    @property
    def apex_type(self) -> Type:
        return declare("StandardController", namespace="ApexPages").type


def _save(this: StandardController) -> Page:
    from orgtwin.apex.database import run_dml

    verb = "update" if this.record.fields.get("Id") is not None else "insert"
    run_dml(context.engine(), verb, this.record, False)
    return _page_of(this.record)


def _delete(this: StandardController) -> Page:
    from orgtwin.apex.database import run_dml

    run_dml(context.engine(), "delete", this.record, False)
    return Page("/" + str(this.record.fields["Id"])[:3])


system_class(
    "StandardController",
    {
        "SObject getRecord()": lambda this: this.record,
        "String getId()": lambda this: None if this.record.fields.get("Id") is None else str(this.record.fields["Id"]),
        "PageReference save()": _save,
        "PageReference delete()": _delete,
        "PageReference view()": lambda this: _page_of(this.record),
        "PageReference edit()": lambda this: Page("/" + str(this.record.fields.get("Id")) + "/e"),
        "PageReference cancel()": lambda this: _page_of(this.record),
        "void addFields(List<String>)": lambda this, names: None,
        "void reset()": lambda this: None,
    },
    namespace="ApexPages",
    constructors={"(SObject)": StandardController},
)


class StandardSetController:
    """ApexPages.StandardSetController of a list of records."""

    def __init__(self, records: Value) -> None:
        self.records = records if isinstance(records, ApexList) else records.rows
        self.selected = ApexList(self.records.type, [])
        self.prototype = SObject(self.records.items[0].type) if self.records.items else None
        self.size = 20
        self.number = 1

    @property
    def apex_type(self) -> Type:
        return declare("StandardSetController", namespace="ApexPages").type

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.records.items) // self.size))


def _select(this: StandardSetController, records: ApexList) -> None:
    this.selected = records


def _go(this: StandardSetController, number: int) -> None:
    this.number = min(max(1, number), this.pages)


def _shown(this: StandardSetController) -> ApexList:
    start = (this.number - 1) * this.size
    return ApexList(this.records.type, this.records.items[start : start + this.size])


def _save_all(this: StandardSetController) -> Page:
    """Updates the records of the set, those selected by what is set in the prototype. Source: "StandardSetController Class".

    ASSUMED: it leads home, for nobody came from a page.
    """
    from orgtwin.apex.database import run_dml

    given = {} if this.prototype is None else this.prototype.fields
    for record in this.selected.items:
        record.fields.update(given)

    run_dml(context.engine(), "update", this.records, False)
    return Page("/home/home.jsp")


def _resize(this: StandardSetController, size: int) -> None:
    this.size = size


system_class(
    "StandardSetController",
    {
        "List<SObject> getRecords()": _shown,
        "List<SObject> getSelected()": lambda this: this.selected,
        "void setSelected(List<SObject>)": _select,
        "Integer getResultSize()": lambda this: len(this.records.items),
        "Integer getPageSize()": lambda this: this.size,
        "void setPageSize(Integer)": _resize,
        "Integer getPageNumber()": lambda this: this.number,
        "void setPageNumber(Integer)": _go,
        "Boolean getHasNext()": lambda this: this.number < this.pages,
        "Boolean getHasPrevious()": lambda this: this.number > 1,
        "void next()": lambda this: _go(this, this.number + 1),
        "void previous()": lambda this: _go(this, this.number - 1),
        "void first()": lambda this: _go(this, 1),
        "void last()": lambda this: _go(this, this.pages),
        "SObject getRecord()": lambda this: this.prototype,
        "PageReference cancel()": lambda this: Page("/"),
        "PageReference save()": _save_all,
        "void addFields(List<String>)": lambda this, names: None,
        "Boolean getCompleteResult()": lambda this: True,
    },
    namespace="ApexPages",
    constructors={"(List<SObject>)": StandardSetController, "(Database.QueryLocator)": StandardSetController},
)
