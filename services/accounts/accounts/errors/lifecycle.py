"""Refusals of what an account does not allow now."""

from collections.abc import Sequence

from chassis.errors import Refusal


class NotNow(Refusal):
    """The lifecycle does not allow this in the account's status; the details say in which it would, and what is allowed now."""

    kind = "conflict"
    code = "not_in_this_status"
    message = "{action} is not possible while the account is {status}: it is while the account is {possible_while}."

    def __init__(self, *, action: str, status: str, possible_while: Sequence[str], possible_now: Sequence[str]) -> None:
        super().__init__(action=action, status=status, possible_while=" or ".join(possible_while))
        self.details |= {"possible_while": list(possible_while), "possible_now": list(possible_now)}


class PlanUnchanged(Refusal):
    """The account has exactly this already."""

    kind = "conflict"
    code = "plan_unchanged"
    message = "The account is on this plan already, with as many contacts: choose a dearer plan or more contacts."
    field = "selection"


class NotAnUpgrade(Refusal):
    """The change would take something away, or move to another product or billing frequency; the details say what is possible."""

    kind = "conflict"
    code = "not_an_upgrade"
    message = "Only upgrades are possible: {product}, billed {frequency}, {plans}, {contacts} contacts or more."
    field = "selection"

    def __init__(self, *, product: str, frequency: str | None, plans: Sequence[str], contacts: int) -> None:
        super().__init__(product=product, frequency=frequency, plans=" or ".join(plans), contacts=contacts)
        self.details["plans"] = list(plans)


class TrialNotConvertible(Refusal):
    """A trial is not converted by a change of plan; a paid account for the client is opened beside it."""

    kind = "conflict"
    code = "trial_not_convertible"
    message = "A trial cannot be changed to {plan}: open a paid account for the client, with pricing version V3."
    field = "selection"


class KindStays(Refusal):
    """A sandbox never becomes paid (R0.95), and neither a paid account nor a trial ever becomes a sandbox (R1.14)."""

    kind = "conflict"
    code = "kind_stays"
    message = "A {account_kind} account cannot become a {wanted} account: open a new account for that."
    field = "selection"


class OnlyAtOnce(Refusal):
    """An upgrade takes effect at once."""

    code = "only_at_once"
    message = "An upgrade takes effect at once: leave effective out, or give «now»."
    field = "effective"
