"""Contract data between a CLM and Salesforce: one mapping spec, generated, deployed, kept the same and proven."""
