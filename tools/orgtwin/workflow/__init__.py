"""Workflow rules and assignment rules inside the saves of an org.

    Workflow(org, components)     from then on the active rules run in every save: steps 9 and 11 of the order of execution

Source: "Triggers and Order of Execution" (Apex Developer Guide); "Workflow", "AssignmentRules" (Metadata API Developer Guide).
"""
