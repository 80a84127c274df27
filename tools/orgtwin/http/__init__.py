"""The org's web surfaces, one thin module each.

A surface is a module with handlers `def handler(request: Request) -> Response` and a tuple ROUTES, listed in surfaces.py:

    message.py     Request, Response, json_response, no_content
    routing.py     Route(method, "/services/data/{version}/...", handler, door, envelope, max_body)
    twin.py        request.twin: the org and what stands around it; request.twin.part(Kind) is the one Kind(org) of this twin
    doors.py       who is let in; require_session(request, token) for surfaces that carry the session in the body (SOAP)
    envelopes.py   how a SalesforceError reads on each surface
    app.py         the ASGI application; serve.py its listeners; tls.py their certificates; ready.py how others find them
    start.py       a new twin with its users and client app; house.py where its org lives; in_process.py a client without sockets
"""
