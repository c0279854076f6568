"""The toy with a driver that blocks the hub, as psycopg 3's binary one does: psycopg2 is not patched."""

import warnings

from chassis.runner import main
from toy.config import Config

if __name__ == "__main__":
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet

    patch = eventlet.monkey_patch
    eventlet.monkey_patch = lambda: patch(psycopg=False)
    main(package="toy", service="toy.service:ToyService", config=Config)
