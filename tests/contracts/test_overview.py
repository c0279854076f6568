"""Claims about the overview that two services have to agree on: attributes and columns."""

from accounts import domain
from gateway.schemas.accounts import FILTERS, RANGES, ListedAccount


def test_the_gateway_filters_by_every_attribute_that_accounts_filters_by() -> None:
    """R0.4."""
    assert set(FILTERS) == set(domain.ATTRIBUTES)
    assert set(RANGES) == {*domain.NUMBERS, *domain.MOMENTS}


def test_a_view_names_the_columns_that_the_gateway_shows() -> None:
    """R0.11."""
    assert tuple(ListedAccount().fields) == domain.COLUMNS
