"""Saved views."""

from marshmallow.validate import And, Length, Range

from accounts import domain
from accounts.schemas.lists import LONGEST_CURSOR, PRINTABLE, SHORT, Listed
from accounts.schemas.overview import Filters
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields


class View(Schema):
    id = fields.Id("viw")
    name = fields.String()
    filters = Filters()
    sort = fields.String()
    columns = fields.List(fields.String())
    created_at = fields.Instant()
    updated_at = fields.Instant()
    version = fields.Integer()


class _OwnersView(Schema):
    agency_id = fields.Id("agy", required=True)
    owner = fields.String(required=True, validate=SHORT)


class ListViews(_OwnersView):
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=LONGEST_CURSOR))


class ViewPage(Listed):
    data = fields.List(fields.Nested(View))


class ViewReference(_OwnersView):
    view_id = fields.String(required=True, validate=SHORT)


class CreateView(_OwnersView):
    name = fields.String(required=True, validate=And(Length(max=100), PRINTABLE))
    filters = Filters(load_default=dict)
    sort = fields.String(load_default=domain.NEWEST_FIRST, validate=SHORT)
    columns = fields.List(fields.String(validate=SHORT), load_default=list, validate=Length(max=len(domain.COLUMNS)))


class ChangeView(ViewReference):
    name = fields.String(load_default=None, allow_none=True, validate=And(Length(max=100), PRINTABLE))
    filters = Filters(load_default=None, allow_none=True)
    sort = fields.String(load_default=None, allow_none=True, validate=SHORT)
    columns = fields.List(fields.String(validate=SHORT), load_default=None, allow_none=True, validate=Length(max=len(domain.COLUMNS)))
