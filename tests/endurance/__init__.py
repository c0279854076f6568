"""The platform under load for minutes while each of its programs is killed once: what is answered, what is done, and how fast."""
