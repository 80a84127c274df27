"""Spec to plan of files to rendered Salesforce project."""
