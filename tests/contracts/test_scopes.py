"""Claims about what keys may do, on which the gateway, which asks for it, and identity, which gives it, have to agree."""

import gateway.auth
import identity.domain


def test_every_scope_that_the_gateway_knows_can_be_given_to_a_key_and_no_other() -> None:
    assert [*gateway.auth.Scope] == [*identity.domain.Scope]
