"""Refusals about transfers."""

from chassis.errors import Refusal


class TransferNotFound(Refusal):
    """No such transfer, or not this agency's, or not with this token: all look the same to whoever asks."""

    kind = "not_found"
    code = "transfer_not_found"
    message = "There is no transfer {transfer_id}."


class AccountToTransferNotFound(Refusal):
    """No account at this host, or its client has another address: whoever asks learns neither."""

    kind = "not_found"
    code = "account_to_transfer_not_found"
    message = "There is no account at {account_host} whose client has this e-mail address."


class AccountAlreadyYours(Refusal):
    """The agency asks for an account that it has."""

    kind = "conflict"
    code = "account_already_yours"
    message = "The account at {account_host} is yours already."
    field = "account_host"


class ClientEmailDiffers(Refusal):
    """The account's client has another address: the link to confirm goes to that one alone."""

    code = "client_email_differs"
    message = "The client of {account_host} has another e-mail address: give that one, or change it first."
    field = "client_email"


class AgencyEmailMissing(Refusal):
    """A request to take an account over names the agency's address (R0.54)."""

    code = "agency_email_missing"
    message = "Give agency_email: where the agency is told once it is done."
    field = "agency_email"


class AgencyEmailInvalid(Refusal):
    """No mail could be delivered to the agency's address."""

    code = "email_invalid"
    message = "«{given}» is not an e-mail address: write it like name@example.com."
    field = "agency_email"


class BrandingStillSet(Refusal):
    """An account leaves without its agency's branding (R0.57)."""

    kind = "conflict"
    code = "branding_still_set"
    message = "The account still has branding: reset it first."


class TransferUnderWay(Refusal):
    """Another transfer of the account has not ended."""

    kind = "conflict"
    code = "transfer_under_way"
    message = "A transfer of the account at {account_host} is under way already."


class TransferLinkUsed(Refusal):
    """The client has answered already, or can no longer."""

    kind = "gone"
    code = "transfer_link_used"
    message = "This link was used or has ended: the transfer is {state}."


class TransferExpired(Refusal):
    """The client did not answer in time."""

    kind = "gone"
    code = "transfer_expired"
    message = "The transfer could be confirmed until {expires_at}: the agency can ask for it again."


class TransferNotConfirmed(Refusal):
    """The client has to confirm before the platform completes (R0.56)."""

    kind = "conflict"
    code = "transfer_not_confirmed"
    message = "The transfer is {state}: only one that the client has confirmed can be completed."


class DestinationMismatch(Refusal):
    """An account that comes goes to who asked for it; of one that leaves the platform says where to."""

    code = "destination_mismatch"
    message = "Give to_agency_id for an account that leaves, and only for that."
    field = "to_agency_id"


class TransfersUnavailable(Refusal):
    """No secret is set to make links by."""

    kind = "unavailable"
    code = "transfers_unavailable"
    message = "Transfers are not possible right now: the platform's administrators have to set them up."
