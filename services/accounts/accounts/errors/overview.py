"""Refusals about lists."""

from accounts.errors.accounts import OneOf


class StatusFilterUnknown(OneOf):
    """Not a status of the filter (R0.5)."""

    code = "status_filter_unknown"
    field = "status"


class PlanFilterUnknown(OneOf):
    """Not a plan of the filter (R0.6)."""

    code = "plan_filter_unknown"
    field = "plan"


class KindFilterUnknown(OneOf):
    """Not a kind of account."""

    code = "kind_filter_unknown"
    field = "kind"


class SortUnknown(OneOf):
    """Not a column the list can be sorted by."""

    code = "sort_unknown"
    field = "sort"
