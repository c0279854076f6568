"""The numbers of a trial are catalogue data; where accounts counts its days by itself, it counts as many."""

from datetime import timedelta

from accounts.domain.states import TRIAL_TIME
from billing.domain.catalogue import Catalogue, Selection
from billing.schemas import shipped_catalogue


def test_a_trial_lasts_fifteen_days_with_a_hundred_contacts_and_a_hundred_sends() -> None:
    """R0.84, R0.85, R3.6."""
    trial = Catalogue.read(shipped_catalogue()).plan_of(Selection(pricing_version="V1", product="EM", plan="Trial"))
    assert (trial.days, trial.contacts, trial.monthly_sends) == (15, 100, 100)
    assert timedelta(days=trial.days or 0) == TRIAL_TIME
