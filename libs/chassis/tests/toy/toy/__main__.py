"""The wiring."""

import sys

from chassis.runner import Command, main
from toy.config import Config

OWN = {"repeat": Command(help="say the words", runs="toy.repeating:repeat", takes_arguments=True)}

if __name__ == "__main__":
    if sys.argv[1] == "relay":  # a process that serves arranges for its death after eventlet has patched
        from toy import dying

        dying.arrange()
    main(package="toy", service="toy.service:ToyService", config=Config, own=OWN)
