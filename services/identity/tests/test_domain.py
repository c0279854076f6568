import re
import time

import pytest

from identity import domain

PEPPER = b"p" * 32


def test_a_key_of_a_live_agency_says_so_and_holds_43_random_characters() -> None:
    draft = domain.draft_key(test_mode=False, pepper=PEPPER)
    assert re.fullmatch(r"ck_live_[A-Za-z0-9]{43}", draft.secret)


def test_a_key_of_an_agency_in_test_mode_says_so() -> None:
    assert domain.draft_key(test_mode=True, pepper=PEPPER).secret.startswith("ck_test_")


def test_the_prefix_shows_four_random_characters_and_no_more() -> None:
    draft = domain.draft_key(test_mode=False, pepper=PEPPER)
    assert draft.prefix == draft.secret[:12]


def test_no_two_keys_are_alike() -> None:
    drafts = [domain.draft_key(test_mode=False, pepper=PEPPER) for _ in range(100)]
    assert len({draft.secret for draft in drafts}) == len({draft.keyed_digest for draft in drafts}) == 100


def test_what_is_kept_of_a_key_follows_from_its_digest_and_the_pepper_alone() -> None:
    draft = domain.draft_key(test_mode=False, pepper=PEPPER)
    digest = domain.digest_of(draft.secret)
    assert domain.keyed_digest(pepper=PEPPER, digest=digest) == draft.keyed_digest
    assert domain.keyed_digest(pepper=b"another pepper", digest=digest) != draft.keyed_digest


def test_a_keyed_digest_is_hmac_sha256() -> None:
    """RFC 4231, test case 2."""
    kept = domain.keyed_digest(pepper=b"Jefe", digest="what do ya want for nothing?")
    assert kept.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_checking_a_key_costs_microseconds() -> None:
    digest = domain.digest_of(domain.draft_key(test_mode=False, pepper=PEPPER).secret)
    began = time.process_time()
    for _ in range(1000):
        domain.keyed_digest(pepper=PEPPER, digest=digest)
    assert time.process_time() - began < 0.1, "100 microseconds each"


def test_a_password_is_four_groups_of_characters_that_cannot_be_confused() -> None:
    for _ in range(200):
        assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}", domain.readable_password())


def test_no_two_passwords_are_alike() -> None:
    assert len({domain.readable_password() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "secretive",
    [domain.draft_key(test_mode=False, pepper=PEPPER), domain.Credentials(username="admin", password="ck_live_ password")],
)
def test_what_holds_a_secret_does_not_show_it_when_printed(secretive: object) -> None:
    assert not re.search(r"ck_live_[A-Za-z0-9]{43}|password", repr(secretive))
