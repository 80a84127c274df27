"""Custom labels, by `Label.x` and by name. Source: "Label Class" (Apex Reference Guide)."""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.signatures import system_class
from orgtwin.apex.library.sites import SITE_LABELS


def label_text(name: str | None, namespace: str | None = None) -> str:
    """The text of a label, of a managed package's by its namespace; the org's own may stand there too. Translations are not kept.

    Raises NoDataFoundException where the org has none (ASSUMED text).
    """
    if name is None:
        raise argument_null("label")
    find = context.engine().port.find_label
    found = (find(f"{namespace}__{name}") if namespace else None) or find(name)
    if found is None and (namespace or "").lower() == "site":
        found = SITE_LABELS.get(name.lower())
    if found is None:
        raise throw("NoDataFoundException", f"Label does not exist: {name}")
    return found


system_class(
    "Label",
    {
        "static String get(String,String)": lambda namespace, label: label_text(label, namespace),
        "static String get(String,String,String)": lambda namespace, label, language: label_text(label, namespace),
        "static Boolean translationExists(String,String,String)": lambda namespace, label, language: False,
    },
)
