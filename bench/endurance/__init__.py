"""A load that goes on for minutes while every process is killed once, and what must be true afterwards."""
