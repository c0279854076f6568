"""A service with nothing to say, for the tests of the chassis."""
