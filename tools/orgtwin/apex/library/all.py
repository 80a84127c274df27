"""Importing this module fills the registry: one line per module of the library."""

from orgtwin.apex.library import (  # noqa: F401
    assertions,
    caches,
    collections,
    crypto,
    cursors,
    databases,
    dates,
    events,
    field_sets,
    http,
    interfaces,
    json,
    jsonstreams,
    mail,
    notifications,
    objects,
    pages,
    patterns,
    platform,
    primitives,
    records,
    schemas,
    searches,
    security,
    sites,
    strings,
    systems,
    tests,
)
from orgtwin.apex.library.documented import add_documented

add_documented()
