"""Saved views of the overview."""

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import Length

from chassis.schemas import Schema, fields
from gateway.schemas import SHORT, example

FILTERS = example(
    {"status": "archived", "q": "acme", "created_at": {"from": "2026-01-01"}},
    "A value by attribute, or `from` and `to`, as in the `filter[…]` of the list; what is searched as `q`.",
)
SORT = example("-created_at", "As the `sort` of the list.")
COLUMNS = example(["name", "status", "button"], "Fields of the list's accounts, in their order; none: all.")


class View(Schema):
    id = fields.Id("viw", required=True)
    name = fields.String(required=True, metadata=example("To renew"))
    filters = fields.Dict(required=True, metadata=FILTERS)
    sort = fields.String(required=True, metadata=SORT)
    columns = fields.List(fields.String(), required=True, metadata=COLUMNS)
    created_at = fields.Instant(required=True)
    updated_at = fields.Instant(required=True)


class ViewRequest(Schema):
    """A list of accounts as one likes to see it (R0.9, R0.11)."""

    name = fields.String(required=True, validate=Length(min=1, max=100), metadata=example("To renew", "No other view of yours has it."))
    filters = fields.Dict(keys=fields.String(validate=SHORT), load_default=dict, metadata=FILTERS)
    sort = fields.String(load_default="-created_at", validate=SHORT, metadata=SORT)
    columns = fields.List(fields.String(validate=SHORT), load_default=list, metadata=COLUMNS)


class ViewChange(Schema):
    """What is given is changed; filters and columns as a whole."""

    name = fields.String(validate=Length(min=1, max=100), metadata=example("To renew"))
    filters = fields.Dict(keys=fields.String(validate=SHORT), metadata=FILTERS)
    sort = fields.String(validate=SHORT, metadata=SORT)
    columns = fields.List(fields.String(validate=SHORT), metadata=COLUMNS)

    @validates_schema
    def something(self, request: dict[str, Any], **_options: object) -> None:
        """Refuse to change nothing."""
        if not request:
            raise ValidationError("Give what is to be changed: name, filters, sort or columns.")
