"""What an org has and the twin has not: refused by name (501, TWIN_UNSUPPORTED, ledger key) instead of guessed at.

Resources that are in no table of the twin do not exist at all: 404.
"""

from __future__ import annotations

from orgtwin.errors import Unsupported
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Door, Handler, Route

# resource under /services/data/vNN.0 -> what it is, for the reader of the message
RESOURCES = {
    "actions": "invocable actions",
    "analytics": "reports and dashboards",
    "appMenu": "the app menu",
    "async-queries": "asynchronous SOQL",
    "chatter": "Chatter",
    "commerce": "commerce",
    "connect": "Connect REST API",
    "consent": "consent",
    "contact-tracing": "contact tracing",
    "dedupe": "duplicate jobs",
    "domino": "the domino resource",
    "eclair": "geodata for charts",
    "emailConnect": "e-mail connections",
    "fingerprint": "device fingerprints",
    "folders": "folders over REST",
    "iot": "IoT",
    "jsonxform": "JSON transformation",
    "knowledgeManagement": "knowledge management",
    "licensing": "licensing",
    "localizedvalue": "localized values",
    "match": "matching over REST",
    "mobile": "mobile settings",
    "nouns": "nouns",
    "payments": "payments",
    "process": "process rules and approvals over REST",
    "quickActions": "quick actions",
    "serviceTemplates": "service templates",
    "smartdatadiscovery": "Einstein Discovery",
    "support": "knowledge support",
    "theme": "themes",
    "ui-api": "User Interface API",
    "wave": "CRM Analytics",
}
# resource under /services/data/vNN.0/sobjects/X -> the same
OF_AN_OBJECT = {
    "describe/approvalLayouts": "approval layouts",
    "describe/layouts": "page layouts over REST",
    "describe/namedLayouts": "named layouts",
    "listviews": "list views over REST",
    "quickActions": "quick actions of an object",
}
# resource under /services/data/vNN.0/tooling -> the same
OF_TOOLING = {"completions": "code completions", "search": "searches over Tooling objects"}
# Source: "Generating Your WSDL Documents" (SOAP API Developer Guide), which Setup downloads from these addresses
WSDL = ("/services/wsdl", "/soap/wsdl.jsp")
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def ledger_key(name: str, area: str = "") -> str:
    """The row of ledger.yml for a refused resource."""
    return f"rest.{area}{name.rpartition('/')[2].lower()}"


def _refuse(key: str, what: str) -> Handler:
    def handler(_request: Request) -> Response:
        raise Unsupported(key, what)

    return handler


_ROOT = "/services/data/{version}"
# path -> ledger key and what it is
REFUSED = {
    **{f"{_ROOT}/{name}": (ledger_key(name), what) for name, what in RESOURCES.items()},
    **{
        f"{_ROOT}/sobjects/{{sobject_type}}/{name}": (ledger_key(name, "object-"), what)
        for name, what in OF_AN_OBJECT.items()
    },
    **{f"{_ROOT}/tooling/{name}": (ledger_key(name, "tooling-"), what) for name, what in OF_TOOLING.items()},
    **dict.fromkeys(WSDL, ("soap.wsdl", "WSDL documents")),
}
_TOOLING_OBJECTS = ("tooling.describe-global", "the list of Tooling objects")
ROUTES = (
    *(
        Route(method, f"{path}/**", _refuse(key, what), Door.OPEN if path in WSDL else Door.SESSION)
        for path, (key, what) in REFUSED.items()
        for method in _METHODS
    ),
    Route("GET", f"{_ROOT}/tooling/sobjects", _refuse(*_TOOLING_OBJECTS)),
)
