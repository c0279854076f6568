"""The links that notifications writes are the links that accounts knows again."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from accounts.domain import TransferLinks
from chassis.ids import new_id
from notifications import domain


@given(secret=st.binary(min_size=1, max_size=64))
def test_accounts_knows_the_token_that_notifications_writes_and_no_other(secret: bytes) -> None:
    """R0.56."""
    transfer_id = new_id("trf")
    page = domain.transfer_link(login_url="https://acme.comptoir.example/login", account_host="acme", transfer_id=transfer_id)
    asked = parse_qs(urlsplit(domain.TransferLinks(secret=secret).confirming(page)).query)
    assert asked["transfer"] == [transfer_id]
    [token] = asked["token"]
    assert TransferLinks(secret=secret).knows(transfer_id, token)
    assert not TransferLinks(secret=secret).knows(new_id("trf"), token)
