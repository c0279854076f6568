"""The auditor: proves over the whole database what must be true of it, and says what is not (`python -m credits audit`)."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from credits import repository


def findings(session: Session) -> list[str]:
    """Name each breach of each rule, as `<rule>: <what breaks it>`; none in a sound database."""
    return [f"{rule}: {breach}" for rule in repository.RULES for breach in repository.breaches(session, rule)]


def figures(session: Session) -> Mapping[str, int]:
    """Give the figures that billing has too, by what they are of: prepaid paid by payment, prepaid granted by credit note."""
    return {**repository.prepaid_spent_by_payment(session), **repository.granted_by_credit_note(session)}
