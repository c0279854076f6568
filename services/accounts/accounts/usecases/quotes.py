"""What billing says, asked before the unit of work."""

from typing import Any

from accounts import clients, domain, errors


def get_quote(
    billing: clients.Billing,
    *,
    agency_id: str,
    account_id: str | None,
    quote_id: str | None,
    selection: dict[str, Any] | None,
    country: str | None = None,
    effective: domain.Effective | None = None,
) -> domain.Quote:
    """Get the quote that was given, or have the selection that was given quoted; exactly one of the two must be."""
    if quote_id is not None and selection is None:
        answer = billing.quote(agency_id=agency_id, quote_id=quote_id)
    elif selection is not None and quote_id is None:
        domain.check_selection(domain.Selection(**selection))
        answer = billing.create_quote(agency_id=agency_id, account_id=account_id, selection=selection, country=country, effective=effective)
    else:
        raise errors.QuoteOrSelection
    quoted = domain.Selection(**answer["selection"])
    domain.check_selection(quoted)
    return domain.Quote(**{**answer, "selection": quoted})
