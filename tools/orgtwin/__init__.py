"""A Salesforce org on one machine: the witness for the Salesforce side."""
