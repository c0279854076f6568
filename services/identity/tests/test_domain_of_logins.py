"""How often a password may be tried, which one may be chosen, and what a mail says."""

import re
from datetime import timedelta
from string import Template

import pytest

from chassis.testing.clock import START
from identity import domain, errors
from identity.domain import Language, Tally

PEPPER = b"p" * 32
LOCKED = Tally(failures=5, last_failed_at=START, locked_until=START + timedelta(minutes=5))


def after(failures: int) -> Tally:
    tally = Tally()
    for _ in range(failures):
        tally = domain.begin_attempt(tally, now=START).tally
    return tally


def test_five_wrong_attempts_are_looked_at_and_the_fifth_locks_for_five_minutes() -> None:
    """R0.80."""
    for number in range(1, 6):
        attempt = domain.begin_attempt(after(number - 1), now=START)
        assert attempt.may_succeed
        assert attempt.tally.failures == number
        assert attempt.tally.locked_until == (START + timedelta(minutes=5) if number == 5 else None)


@pytest.mark.parametrize("seconds", [0, 1, 299.999999])
def test_nothing_is_looked_at_during_a_lock_and_nothing_prolongs_it(seconds: float) -> None:
    """R0.80, R0.83."""
    attempt = domain.begin_attempt(LOCKED, now=START + timedelta(seconds=seconds))
    assert not attempt.may_succeed
    assert attempt.tally == LOCKED


def test_after_five_minutes_the_count_begins_anew() -> None:
    """R0.80."""
    attempt = domain.begin_attempt(LOCKED, now=START + timedelta(minutes=5))
    assert attempt.may_succeed
    assert (attempt.tally.failures, attempt.tally.locked_until) == (1, None)


@pytest.mark.parametrize(("days", "failures"), [(6, 5), (7, 1)])
def test_wrong_attempts_are_forgotten_after_seven_quiet_days(days: int, failures: int) -> None:
    assert domain.begin_attempt(after(4), now=START + timedelta(days=days)).tally.failures == failures


def test_a_right_attempt_forgets_the_wrong_ones_even_as_the_fifth() -> None:
    for failures in range(5):
        attempt = domain.begin_attempt(after(failures), now=START)
        assert domain.after_success(attempt.tally, attempt=attempt) == Tally()


def test_a_right_attempt_leaves_a_lock_that_another_brought_about_meanwhile() -> None:
    attempt = domain.begin_attempt(after(3), now=START)
    assert domain.after_success(LOCKED, attempt=attempt) == LOCKED


def test_a_new_password_forgets_the_wrong_attempts_and_waits_for_the_end_of_a_lock() -> None:
    """R0.83."""
    assert domain.after_new_password(after(4), now=START) == Tally()
    assert domain.after_new_password(LOCKED, now=START) == LOCKED
    assert domain.after_new_password(LOCKED, now=START + timedelta(minutes=5)) == Tally()


def test_a_token_has_256_random_bits_and_can_stand_in_a_url() -> None:
    tokens = {domain.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_the_token_of_a_reset_follows_from_its_id_and_the_pepper_alone() -> None:
    token = domain.reset_token(pepper=PEPPER, reset_id="pwr_1")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert token == domain.reset_token(pepper=PEPPER, reset_id="pwr_1")
    assert token != domain.reset_token(pepper=PEPPER, reset_id="pwr_2")
    assert token != domain.reset_token(pepper=b"q" * 32, reset_id="pwr_1")


@pytest.mark.parametrize("password", ["p" * 12, "p" * 128, "correct horse battery"])
def test_a_password_of_12_to_128_characters_can_be_chosen(password: str) -> None:
    """R0.76."""
    domain.check_password(password, username="admin", account_name="acme")
    domain.check_password(password, username="admin", account_name=None)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("p" * 11, "fewer than 12"),
        ("p" * 129, "more than 128"),
        ("Marie.Sklodowska", "a name that others know"),
        (" LABORATORY-CURIE", "a name that others know"),
    ],
)
def test_a_password_that_is_short_long_or_a_name_is_refused_with_the_reason(password: str, reason: str) -> None:
    """R0.76."""
    with pytest.raises(errors.PasswordUnfit, match=reason) as refusal:
        domain.check_password(password, username="marie.sklodowska", account_name="laboratory-curie")
    assert refusal.value.details["least_length"] == 12


def test_names_are_kept_in_lower_case() -> None:
    assert domain.folded(" Marie@ACME.example ") == "marie@acme.example"


def test_a_drafted_user_does_not_show_its_password_when_printed() -> None:
    draft = domain.draft_user()
    assert draft.password not in repr(draft)


@pytest.mark.parametrize("language", Language)
def test_the_mail_says_in_every_language_whose_password_where_and_for_how_long(language: Language) -> None:
    """R0.77."""
    letter = domain.reset_letter(language=language, account_name="acme", username="marie", link="http://acme.example/?token=t")
    assert letter.language == language
    assert "acme" in letter.subject
    for part in ("acme", "marie", "30", "http://acme.example/?token=t"):
        assert part in letter.body
    assert "token" not in repr(letter)


def test_every_language_says_the_same_things() -> None:
    said = [
        {part: sorted(Template(text).get_identifiers()) for part, text in domain.TEXTS[language]["password_reset"].items()}
        for language in Language
    ]
    assert said == [said[0]] * len(Language)


@pytest.mark.parametrize("language", ["de", None])
def test_who_speaks_another_language_gets_english(language: str | None) -> None:
    letter = domain.reset_letter(language=language, account_name="acme", username="marie", link="l")
    assert letter.language == Language.ENGLISH
