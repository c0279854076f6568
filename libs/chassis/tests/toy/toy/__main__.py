"""The wiring."""

from chassis.runner import main
from toy.config import Config

if __name__ == "__main__":
    main(package="toy", service="toy.service:ToyService", config=Config)
