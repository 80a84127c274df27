"""WebServiceCallout and WebServiceMock: the calls of classes that were generated from a WSDL. They go to the test's mock.

Sources: "WebServiceMock Interface", "WebServiceCallout Class" (Apex Reference Guide), "Test Web Service Callouts" (Apex Developer
Guide). Outside of a test they are refused by name.
"""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.signatures import system_class, system_interface
from orgtwin.apex.values import ApexList, ApexMap, Value

_MOCKS = ("mock:system.webservicemock", "mock:webservicemock")


def _invoke(stub: Value, request: Value, response: ApexMap, call: ApexList) -> None:
    """`call`: endpoint, SOAP action, namespace and name of the request, namespace, name and type of the response."""
    engine = context.engine()
    engine.transaction.usage.charge("Callouts")
    mock = next((found for key in _MOCKS if (found := engine.test_state.get(key)) is not None), None)
    if mock is not None:
        endpoint, action, _, request_name, *answer = call.items
        call_method(mock, "doInvoke", stub, request, response, endpoint, action, request_name, *answer)
    elif engine.is_testing:
        raise throw("TypeException", "Methods defined as TestMethod do not support Web service callouts")
    else:
        engine.refuse("apex.WebServiceCallout.invoke", "WebServiceCallout.invoke in Apex")


system_class("WebServiceCallout", {"static void invoke(Object,Object,Object,List<String>)": _invoke})
system_interface(
    "WebServiceMock", "void doInvoke(Object,Object,Map<String,Object>,String,String,String,String,String,String)"
)
