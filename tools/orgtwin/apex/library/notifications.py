"""Messaging.PushNotification and CustomNotification: what would go to phones and desktops goes to the twin's outbox.

Source: "PushNotification Class", "PushNotificationPayload Class", "CustomNotification Class" (Apex Reference Guide), "Push
Notification Limits". ASSUMED: of a custom notification, that its type exists and that it has a title and a body is not asked.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.properties import Properties, settable_class
from orgtwin.apex.library.signatures import system_class, type_of
from orgtwin.apex.text import to_text
from orgtwin.apex.values import ApexMap, ApexSet, Value

MOST_RECIPIENTS = 2000
_PAYLOAD = type_of("Map<String,Object>")


def _send(this: Properties, application: str | None, users: ApexSet | None) -> None:
    """Charge one call and keep what would be sent. ASSUMED: the exceptions' texts."""
    if application is None or users is None:
        raise argument_null("application" if application is None else "users")
    engine = context.engine()
    engine.transaction.usage.charge("MobilePushApexCalls")
    if len(users.items) > MOST_RECIPIENTS:
        text = f"A push notification has at most {MOST_RECIPIENTS} recipients: {len(users.items)}"
        raise throw("InvalidParameterValueException", text)
    if this.values.get("payload") is None:
        raise throw("InvalidParameterValueException", "A push notification needs a payload")
    engine.outbox.append(
        {
            "kind": "push",
            "application": application,
            "users": [str(user) for user in users.items],
            "payload": to_text(this.values["payload"]),
        }
    )


settable_class(
    "PushNotification",
    {"payload": "Map<String,Object>", "ttl": "Integer"},
    namespace="Messaging",
    methods={"void send(String,Set<String>)": _send},
)


_NOTIFICATION = {
    "notificationTypeId": "String",
    "senderId": "String",
    "title": "String",
    "body": "String",
    "targetId": "String",
    "targetPageRef": "String",
}


def _notify(this: Properties, users: ApexSet | None) -> None:
    if users is None:
        raise argument_null("users")
    told = {
        name: to_text(this.values[name.lower()]) for name in _NOTIFICATION if this.values.get(name.lower()) is not None
    }
    context.engine().outbox.append({"kind": "notification", **told, "users": [str(user) for user in users.items]})


_CUSTOM = settable_class(
    "CustomNotification", _NOTIFICATION, namespace="Messaging", methods={"void send(Set<String>)": _notify}
)


def _filled(*values: Value) -> Properties:
    made = Properties(_CUSTOM.type)
    made.values.update(zip((name.lower() for name in _NOTIFICATION), values, strict=True))
    return made


system_class("CustomNotification", {}, namespace="Messaging", constructors={f"({','.join(['String'] * 6)})": _filled})


def _apple(*names: str) -> Callable[..., ApexMap]:
    """A payload for Apple devices from its parts; blank parts are left out."""

    def make(*parts: Value) -> ApexMap:
        *told, own = parts
        items = {name: value for name, value in zip(names, told, strict=True) if value is not None}
        if isinstance(own, ApexMap):
            items.update(own.items)
        return ApexMap(_PAYLOAD, items)

    return make


_LONG = ("alertBody", "actionLocKey", "locKey", "locArgs", "launchImage", "sound", "badgeCount")
system_class(
    "PushNotificationPayload",
    {
        "static Map<String,Object> apple(String,String,Integer,Map<String,Object>)": _apple(
            "alert", "sound", "badgeCount"
        ),
        "static Map<String,Object> apple(String,String,String,List<String>,String,String,Integer,Map<String,Object>)": (
            _apple(*_LONG)
        ),
    },
    namespace="Messaging",
)
