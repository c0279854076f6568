"""Refusals of what an account does not allow now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from chassis.errors import Refusal, Unavailable


class NotNow(Refusal):
    """The lifecycle does not allow this in the account's status; the details say in which it would, and what is allowed now, until when.

    `until` holds the moments (RFC 3339) at which what is possible now stops being so; what is not in it stays possible.
    """

    kind = "conflict"
    code = "not_in_this_status"
    message = "{action} is not possible while the account is {status}: it is while the account is {possible_while}. {instead}"

    def __init__(self, *, action: str, status: str, possible_while: Sequence[str], possible_now: Mapping[str, datetime | None]) -> None:
        untils = {verb: until.isoformat() for verb, until in possible_now.items() if until is not None}
        named = [f"{verb} until {untils[verb]}" if verb in untils else verb for verb in possible_now]
        super().__init__(
            action=action,
            status=status,
            possible_while=" or ".join(possible_while),
            instead=f"Possible now: {', '.join(named)}." if named else "Nothing is possible now.",
        )
        self.details |= {"possible_while": list(possible_while), "possible_now": list(possible_now), "until": untils}


class PaidPeriodUnknown(Unavailable):
    """The account was paid for a moment ago, and until when has not reached this service yet."""

    code = "paid_period_unknown"
    message = "The payment is being settled, so the end of the paid period is not known yet: try again in a moment."


class SuspensionNotYours(Refusal):
    """The account is disabled for reasons that only the platform lifts; the details name them."""

    kind = "conflict"
    code = "suspension_not_yours"
    message = "The account stays disabled because of: {remaining}. An agency lifts only its own suspension."
    SAID: ClassVar[Mapping[str, str]] = {"payment": "payment is overdue (it is lifted as soon as that is paid)"}

    def __init__(self, *, remaining: Sequence[str]) -> None:
        super().__init__(remaining=", ".join(self.SAID.get(reason, reason) for reason in remaining))
        self.details["remaining"] = list(remaining)


class RenewByPlanChange(Refusal):
    """What has expired does not come back on its previous plan (R0.93): a plan is chosen anew."""

    kind = "conflict"
    code = "renew_by_plan_change"
    message = "The account has expired, so it is not renewed on its previous plan: choose a paid plan with change_plan, until {until}."


class RenewOnceArchived(Refusal):
    """An expired sandbox has no plan to change to; it is brought back from the archive."""

    kind = "conflict"
    code = "renew_once_archived"
    message = "An expired sandbox is renewed from the archive, where it goes at {archived_at}, for a year from then on."


class ArchivedTooLong(Refusal):
    """More than a year in the archive: never again (R0.94)."""

    kind = "conflict"
    code = "archived_too_long"
    message = "The account was archived at {archived_at} and could be renewed until {until}: open a new account."


class TrialNotRenewable(Refusal):
    """An archived trial has no paid plan to be renewed on."""

    kind = "conflict"
    code = "trial_not_renewable"
    message = "An archived trial is not renewed: open a paid account for the client."


class PlanChangeWaiting(Refusal):
    """One change of plan waits already: there is at most one."""

    kind = "conflict"
    code = "plan_change_waiting"
    message = "A change of plan is scheduled for {due_at}: drop it first with drop_plan_change."


class NoPlanChangeWaiting(Refusal):
    """No change of plan waits that could be dropped."""

    kind = "conflict"
    code = "no_plan_change_waiting"
    message = "No change of plan is scheduled, so there is none to drop: changes at the end of a period are made with change_plan."


class PlanUnchanged(Refusal):
    """The account has exactly this already."""

    kind = "conflict"
    code = "plan_unchanged"
    message = "The account is on this plan already, with as many contacts: choose another plan or another number of contacts."
    field = "selection"


class KindStays(Refusal):
    """A sandbox never becomes paid (R0.95), and neither a paid account nor a trial ever becomes a sandbox (R1.14)."""

    kind = "conflict"
    code = "kind_stays"
    message = "A {account_kind} account cannot become a {wanted} account: open a new account for that."
    field = "selection"


class OnlyAtOnce(Refusal):
    """Only a downgrade can wait for the end of the period; a period that is over, or a trial, has none to wait for."""

    code = "only_at_once"
    message = "This change takes effect at once: leave effective out, or give «now»."
    field = "effective"
