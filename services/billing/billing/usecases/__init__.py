"""The verbs of billing, one file per noun. Each is one transaction; each that follows from an event may come more than once."""
