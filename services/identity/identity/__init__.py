"""Identity: agencies, their persons and API keys, and the users of accounts."""
