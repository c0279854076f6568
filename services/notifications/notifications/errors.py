"""What notifications refuses, by name. What leaves a handler brings its event back later."""

from chassis.errors import Refusal


class AgencyUnknown(Refusal):
    """A fact came before the one that says how to write to its agency; events come in any order."""

    kind = "not_found"
    code = "agency_unknown"
    message = "The agency {agency_id} is not known yet: its agency_registered has not arrived."


class AccountUnknown(Refusal):
    """A fact came before the one that says how the account is called and whom to write to about it."""

    kind = "not_found"
    code = "account_unknown"
    message = "The account {account_id} is not known yet: its account_requested has not arrived."


class ClientAddressUnknown(Refusal):
    """The client of a commission account has to be told (R0.126), and no fact has said where."""

    kind = "not_found"
    code = "client_address_unknown"
    message = "The address of the client of account {account_id} is not known."


class NoticeBeingSent(Refusal):
    """Another delivery of the same event is sending its notice at this moment."""

    kind = "conflict"
    code = "notice_being_sent"
    message = "The notice {notice_id} is being sent."


class TransferLinksUnavailable(Refusal):
    """This installation has no secret to make the links by that confirm transfers."""

    kind = "conflict"
    code = "transfer_links_unavailable"
    message = "Links to confirm transfers cannot be made: TRANSFER_LINK_SECRET is not set."
