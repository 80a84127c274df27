"""Importing this module fills the registry: one line per module of the library."""

from orgtwin.apex.library import (  # noqa: F401
    assertions,
    collections,
    crypto,
    databases,
    dates,
    events,
    http,
    interfaces,
    json,
    jsonstreams,
    objects,
    patterns,
    primitives,
    records,
    schemas,
    security,
    strings,
    systems,
    tests,
)
