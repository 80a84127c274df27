"""What is said of an API version that an org had once: each API has its own word.

Source: "API End-of-Life" (REST API Developer Guide), "SOAP API End-of-Life Policy" (SOAP API Developer Guide), "Salesforce Platform
API Versions 21.0 through 30.0 Retirement" (Salesforce Help 000354473). ASSUMED: the text.
"""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.http.routing import Envelope

OLDEST_EVER = 7
_TEXT = "The requested API version has been retired."
RETIRED = SalesforceError("GONE", _TEXT, status=410)
_SOAP = SalesforceError("UNSUPPORTED_API_VERSION", _TEXT, status=500)
_BULK = SalesforceError("InvalidVersion", _TEXT)
_ELSEWHERE = {
    Envelope.BULK1: _BULK,
    Envelope.SOAP: _SOAP,
    Envelope.PARTNER: _SOAP,
    Envelope.ENTERPRISE: _SOAP,
}


def refusal_of_version(error: SalesforceError, envelope: Envelope) -> SalesforceError:
    """The refusal in the word of the API; any other refusal as it is."""
    return _ELSEWHERE.get(envelope, error) if error is RETIRED else error
