"""The same agreements in the published shapes of another CLM: Ironclad's Public API v1, records and webhooks.

Sources: Ironclad's Public API reference ("List All Records", "Retrieve a Record", "Update Record Metadata", "Create a Webhook",
"Webhook Event Types", "Webhook Verification"). ASSUMED, because the reference is silent: `lastUpdated` includes the moment itself;
the members of a `record_contract_status_changed` payload are `event`, `recordID` and `status`.
"""
