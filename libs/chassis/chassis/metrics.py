"""What every process counts. Names follow Prometheus's conventions: base units, `_total` for counters."""

from prometheus_client import Counter, Gauge, Histogram

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CALLS = Counter("comptoir_rpc_requests_total", "RPC requests answered.", ["service", "method", "outcome"])
CALL_SECONDS = Histogram(
    "comptoir_rpc_request_seconds", "Time from taking an RPC request to its answer.", ["service", "method"], buckets=FAST
)
HANGING_REFUSALS = Counter("comptoir_rpc_hanging_refusals_total", "Calls refused because the service answers none.", ["service"])
EVENTS = Counter("comptoir_events_handled_total", "Events taken from the inbox.", ["service", "event", "outcome"])
EVENT_SECONDS = Histogram("comptoir_event_handling_seconds", "Time to handle an event.", ["service", "event"], buckets=FAST)
RETRIES = Counter("comptoir_event_retries_total", "Events sent to the retry ladder.", ["service", "event"])
PARKED = Counter("comptoir_messages_parked_total", "Messages put into the parking lot.", ["service"])
PARKING_LOT_SIZE = Gauge("comptoir_parking_lot_messages", "Messages in the parking lot, of all services.", multiprocess_mode="max")
DUE_RUNS = Counter("comptoir_due_runs_total", "Periods of due work that this replica did.", ["service", "job", "outcome"])
RELAYED = Counter("comptoir_outbox_relayed_total", "Events published and confirmed.", ["service"])
UNROUTABLE = Counter("comptoir_outbox_unroutable_total", "Events that no queue was bound for; they stay in the outbox.", ["service"])
OUTBOX_SIZE = Gauge("comptoir_outbox_messages", "Events waiting in the outbox.", ["service"])
OUTBOX_AGE = Gauge("comptoir_outbox_oldest_seconds", "Age of the oldest event waiting in the outbox.", ["service"])
POOL_IN_USE = Gauge("comptoir_database_connections_in_use", "Connections checked out of the pool.", ["service"])
BROKER_CONNECTED = Gauge("comptoir_broker_connected", "1 while this process has its broker connections.", ["service"])
