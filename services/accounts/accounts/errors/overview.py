"""Refusals about lists."""

from accounts.errors.accounts import OneOf
from chassis.errors import Refusal


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


class FilterUnknown(OneOf):
    """Not an attribute the list can be filtered by (R0.4)."""

    code = "filter_unknown"
    field = "filter"


class FilterValueInvalid(Refusal):
    """The attribute is never like this."""

    code = "filter_value_invalid"
    message = "The filter on {attribute} takes {wanted}."
    field = "filter"


class FilterGivenTwice(Refusal):
    """One attribute was filtered in two ways."""

    code = "filter_given_twice"
    message = "The filter on {attribute} was given twice: give it once."
    field = "filter"


class SearchWithoutWord(Refusal):
    """No letter and no digit is searched: there is no index of anything else."""

    code = "search_without_word"
    message = "«{given}» has neither a letter nor a digit: search for a part of a word."
    field = "q"


class SortUnknown(OneOf):
    """Not a column the list can be sorted by."""

    code = "sort_unknown"
    field = "sort"


class ColumnUnknown(OneOf):
    """Not a column of the list, or one that was named already."""

    code = "column_unknown"
    field = "columns"
