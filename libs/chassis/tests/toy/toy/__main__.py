"""The wiring."""

import sys

from chassis.runner import main
from toy.config import Config

if __name__ == "__main__":
    if sys.argv[1] == "relay":  # a process that serves arranges for its death after eventlet has patched
        from toy import dying

        dying.arrange()
    main(package="toy", service="toy.service:ToyService", config=Config)
