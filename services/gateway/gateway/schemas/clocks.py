"""Test clocks: the time of an agency in test mode."""

from chassis.schemas import Schema, fields
from gateway.schemas import example


class TestClockRequest(Schema):
    now = fields.Instant(
        load_default=None,
        allow_none=True,
        metadata=example("2026-02-28T10:00:00Z", "Where the clock begins: now (null), or at most two years from now."),
    )


class TestClockAdvance(Schema):
    to = fields.Instant(
        required=True,
        metadata=example("2026-02-28T10:00:00Z", "Later than the clock stands, by two years at most; further in several steps."),
    )


class TestClock(Schema):
    id = fields.Id("clk", required=True)
    now = fields.Instant(required=True, metadata=example("2026-02-28T10:00:00Z", "The agency's time, until the clock is advanced."))
    created_at = fields.Instant(required=True)
