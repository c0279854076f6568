"""What becomes of an account whose invoices are overdue, as billing tells it step by step."""

from enum import StrEnum


class DunningOutcome(StrEnum):
    """What billing says a step came to, as far as an account changes by it: another try changes nothing."""

    SUSPENDED = "suspended"
    EXHAUSTED = "exhausted"
    RECOVERED = "recovered"


UNAVAILABLE = {
    "en": "This account is not available at the moment. Please contact whoever set it up for you.",
    "fr": "Ce compte n’est pas disponible pour le moment. Contactez la personne qui vous l’a fourni.",
    "pt": "Esta conta não está disponível de momento. Contacte quem a configurou para si.",
    "es": "Esta cuenta no está disponible en este momento. Póngase en contacto con quien se la proporcionó.",
}
"""What the page of the account says meanwhile, by its language: that its agency owes something is not for the client to know (R0.73)."""


def outcome_of(told: str) -> DunningOutcome | None:
    """Read what billing says; None where nothing changes by it."""
    return next((outcome for outcome in DunningOutcome if outcome == told), None)


def message_for(language: str) -> str:
    """Give what the page of the account says while it is disabled because something is overdue."""
    return UNAVAILABLE.get(language, UNAVAILABLE["en"])
