"""Identity: agencies, their API keys, and the users of accounts."""
