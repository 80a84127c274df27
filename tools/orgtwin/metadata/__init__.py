"""Deploy, retrieve, list, describe: components that change the schema."""
