"""What the payment provider tells of its own accord, and the cards that browsers hand over to it."""

from datetime import timedelta

import structlog

from billing import clients, errors, repository
from billing.usecases.billing_profiles import note_card
from billing.usecases.payments import settle_told
from chassis.unit_of_work import UnitOfWork, Units

log = structlog.get_logger()

TOLD_AGAIN_WITHIN = timedelta(days=30)
"""Stripe repeats for three days, and by hand for thirty."""


def hear(uow: UnitOfWork, *, told: clients.ProviderTold) -> dict[str, bool]:
    """Do what follows from something that the provider told, once, in whatever order it comes; tell whether anything did.

    Payments that are not ours, and everything else it tells, are taken and change nothing: the provider would tell them for days.
    """
    if not repository.keep_provider_event(uow.session, event_id=told.event_id, type_=told.type, now=uow.platform_now):
        return {"effect": False}
    if told.card is not None:
        return {"effect": note_card(uow, described=told.card)}
    if told.payment_id is None or told.charged is None:
        return {"effect": False}
    try:
        return {"effect": settle_told(uow, payment_id=told.payment_id, charged=told.charged)}
    except errors.PaymentNotFound:
        return {"effect": False}


def forget_old_provider_events(uow: UnitOfWork) -> None:
    """Forget what the provider told longer ago than it repeats anything."""
    repository.forget_provider_events(uow.session, before=uow.platform_now - TOLD_AGAIN_WITHIN)


def forget_cards(work: Units, *, provider: clients.PaymentProvider, limit: int) -> None:
    """Have the provider forget at most `limit` cards that no billing profile has any more; where it is away, later again."""
    with work.begin() as uow:
        tokens = []
        for card in repository.cards_to_forget(uow.session, limit=limit):
            card.asked_at = uow.platform_now
            tokens.append(card.token)
    for token in tokens:
        try:
            provider.forget(payment_method=token)
        except errors.ProviderUnavailable as refusal:
            log.warning("a card is not forgotten yet", reason=refusal.text)
            continue
        with work.begin() as uow:
            repository.drop_card_to_forget(uow.session, token=token)


def card_handed_over(
    provider: clients.PaymentProvider, *, agency_id: str, payment_method: str | None, setup_intent: str | None
) -> clients.PaymentMethod:
    """Have the provider say which card is meant, by a token or by a setup intent of the agency.

    Outside of any transaction. Raises what `PaymentProvider.describe` and `describe_setup` raise.
    """
    if setup_intent is not None:
        return provider.describe_setup(setup_intent=setup_intent, agency_id=agency_id)
    return provider.describe(payment_method=payment_method or "", agency_id=agency_id)
