"""A service that answers one question and hears of nothing: no subscriptions, no clients. `python -m toy.quiet`."""

from typing import Any

from chassis.doors import query
from chassis.runner import main
from chassis.schemas import Schema, fields
from chassis.wiring import Work
from toy.config import Config


class Question(Schema):
    what = fields.String(required=True)


class QuietService:
    """One door."""

    name = "quiet"
    work = Work()

    @query(request=Question, answer=None)
    def echo(self, request: dict[str, Any]) -> object:
        """The question."""
        return request["what"]


if __name__ == "__main__":
    main(package="toy", service="toy.quiet:QuietService", config=Config)
