"""The setup audit trail: who changed what of the setup, and when, as rows of SetupAuditTrail.

    trail.py         writes rows; the one place that does
    entries.py       an entry, and the words that its texts need
    components.py    a deployed component -> entries: the table of types
    fields.py        a custom field -> entries
    permissions.py   the content of a permission set -> entries
    records.py       a saved setup record (user, assignment ...) -> entries

Source: "SetupAuditTrail" (Object Reference). The documentation names two codes; the others, with section and text, are those of
rows that orgs have shown in public exports of the trail. Where none was found the row says ASSUMED.
"""
