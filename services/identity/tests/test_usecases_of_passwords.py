"""New passwords in a real database, and the mail with the link on a real mail server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis.ids import new_id
from chassis.mail import Mailer, MailUnavailable
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.mail import MailServer
from chassis.unit_of_work import Units
from identity import clients, domain, errors, models, usecases

from .factories import EMAIL, PEPPER, RIGHT, WRONG, People, prepared, token_in, wiring

NEW = "another horse battery"


@pytest.fixture
def people(work: Units, passwords: clients.Passwords) -> People:
    people = People(work=work, passwords=passwords)
    people.settle()
    return people


def lock(people: People) -> None:
    for _ in range(5):
        with pytest.raises((errors.LoginFailed, errors.LoginLocked)):
            people.log_in(WRONG)


def by_sso(people: People) -> str:
    with people.work.begin() as uow:
        token = usecases.create_login_link(uow, **people.account, pepper=PEPPER).token
    with people.work.begin() as uow:
        return usecases.use_login_link(uow, token=token, pepper=PEPPER).session_token


def send(people: People, mailer: Mailer, reset: models.PasswordReset | None) -> None:
    assert reset is not None
    usecases.send_password_reset(people.work, mailer, clients.ResetPages(wiring()), reset_id=reset.id, pepper=PEPPER)


def start(people: People, **changes: str | None) -> models.PasswordReset:
    asked: dict[str, Any] = {**people.account, "username": None, **changes}
    with people.work.begin() as uow:
        return usecases.start_password_reset(uow, **asked, pepper=PEPPER)


def token_of(reset: models.PasswordReset | None) -> str:
    assert reset is not None
    return domain.reset_token(pepper=PEPPER, reset_id=reset.id)


def changes_told(database: ServiceDatabase) -> list[str]:
    return [data["changed_by"] for name, data in database.emitted() if name == "account_password_changed"]


def test_a_user_changes_its_password_in_the_settings_and_every_session_ends(people: People, database: ServiceDatabase) -> None:
    """R0.76."""
    here, elsewhere = people.log_in(), people.log_in()
    people.change_password(here.session_token, NEW)
    for opened in (here, elsewhere):
        with pytest.raises(errors.InvalidSession):
            people.session(opened.session_token)
    with pytest.raises(errors.LoginFailed):
        people.log_in(RIGHT)
    assert people.log_in(NEW).user.password_changed_at is not None
    told = {"account_id": people.account_id, "user_id": here.user.id, "username": "admin", "changed_by": "settings"}
    assert ("account_password_changed", told) in database.emitted()


@pytest.mark.parametrize("current", [WRONG, "", None])
def test_the_current_password_must_be_right(people: People, current: str | None, database: ServiceDatabase) -> None:
    opened = people.log_in()
    with pytest.raises(errors.CurrentPasswordWrong):
        people.change_password(opened.session_token, NEW, current=current)
    assert people.session(opened.session_token).ended_at is None
    assert changes_told(database) == []


def test_wrong_current_passwords_count_like_wrong_attempts_to_log_in(people: People) -> None:
    """R0.80."""
    opened = people.log_in()
    for _ in range(2):
        with pytest.raises(errors.LoginFailed):
            people.log_in(WRONG)
    for _ in range(2):
        with pytest.raises(errors.CurrentPasswordWrong):
            people.change_password(opened.session_token, NEW, current=WRONG)
    with pytest.raises(errors.LoginLocked):
        people.change_password(opened.session_token, NEW, current=WRONG)
    with pytest.raises(errors.LoginLocked):
        people.change_password(opened.session_token, NEW)
    with pytest.raises(errors.LoginLocked):
        people.log_in()


def test_an_unfit_password_changes_nothing_and_counts_as_no_attempt(people: People) -> None:
    opened = people.log_in()
    for _ in range(6):
        with pytest.raises(errors.PasswordUnfit):
            people.change_password(opened.session_token, "short", current=WRONG)
    assert people.log_in().via == "password"


def test_who_came_by_a_login_link_sets_a_password_without_the_current_one(people: People, database: ServiceDatabase) -> None:
    """R0.79."""
    people.change_password(by_sso(people), NEW, current=None)
    assert people.log_in(NEW).user.username == "admin"
    assert changes_told(database) == ["sso"]


def test_a_password_set_before_the_credentials_were_claimed_is_not_drawn_again(work: Units, passwords: clients.Passwords) -> None:
    """R0.52, R0.79."""
    people = People(work=work, passwords=passwords)
    prepared(work, **people.account)
    people.change_password(by_sso(people), NEW, current=None)
    with work.reading() as session, pytest.raises(errors.CredentialsAlreadyClaimed):
        usecases.refuse_unclaimable(session, **people.account)


def test_a_password_is_not_changed_without_a_session(people: People) -> None:
    with pytest.raises(errors.InvalidSession):
        people.change_password("nothing", NEW)


def test_a_forgotten_password_is_set_by_a_link_that_is_mailed(
    people: People, mailer: Mailer, mail_server: MailServer, database: ServiceDatabase
) -> None:
    """R0.77."""
    opened = people.log_in()
    send(people, mailer, people.ask_reset(" Client@ACME.example"))
    (mail,) = mail_server.messages
    assert (mail["To"], mail["Content-Language"]) == (EMAIL, "fr")
    assert "acme" in mail["Subject"]
    token = token_in(mail)
    assert token not in database.everything()
    assert people.reset(token, NEW).username == "admin"
    assert people.log_in(NEW).via == "password"
    with pytest.raises(errors.InvalidSession):
        people.session(opened.session_token)
    assert changes_told(database) == ["reset"]


def test_the_mail_is_in_the_language_of_the_page_that_it_was_asked_on(people: People, mailer: Mailer, mail_server: MailServer) -> None:
    send(people, mailer, people.ask_reset(language="pt"))
    assert mail_server.messages[0]["Content-Language"] == "pt"


def test_the_agency_has_the_same_link_sent(people: People, mailer: Mailer, mail_server: MailServer) -> None:
    """R0.78."""
    people.add("marie")
    for reset in (start(people), start(people, username="Marie")):
        send(people, mailer, reset)
    assert [mail["To"] for mail in mail_server.messages] == [EMAIL, "marie@acme.example"]
    assert people.reset(token_in(mail_server.messages[1]), NEW).username == "marie"


def test_the_agency_is_told_why_no_link_can_be_sent(people: People, work: Units) -> None:
    with pytest.raises(errors.AccountUserNotFound):
        start(people, username="nobody")
    with pytest.raises(errors.AccountUserNotFound):
        start(people, agency_id=new_id("agy"))
    without_address = new_id("acc")
    prepared(work, agency_id=people.agency_id, account_id=without_address)
    with pytest.raises(errors.AccountUserUnreachable):
        start(people, account_id=without_address)
    for _ in range(5):
        start(people)
    with pytest.raises(errors.TooManyPasswordResets) as caught:
        start(people)
    assert caught.value.details["retry_after_seconds"] == 3600


def test_an_address_that_is_nobodys_gets_no_mail_and_leaves_the_same_behind(
    people: People, mailer: Mailer, mail_server: MailServer, database: ServiceDatabase
) -> None:
    """R0.77: nobody learns whose address has a login."""
    for email in (EMAIL, "nobody@acme.example"):
        send(people, mailer, people.ask_reset(email))
    assert [mail["To"] for mail in mail_server.messages] == [EMAIL]
    rows = database.query("SELECT account_id, started_by, requested_at, expires_at, used_at FROM password_resets")
    assert rows[0] == rows[1]
    assert [set(data) for _, data in database.emitted()] == [{"reset_id", "account_id"}] * 2


def test_the_token_of_a_reset_that_is_nobodys_opens_nothing(people: People) -> None:
    with pytest.raises(errors.InvalidResetToken):
        people.reset(token_of(people.ask_reset("nobody@acme.example")), NEW)


@pytest.mark.parametrize("email", [EMAIL, "nobody@acme.example"])
def test_five_links_an_hour_are_sent_to_an_address_and_the_surplus_is_ignored(people: People, email: str, clock: MovingClock) -> None:
    with ThreadPoolExecutor(max_workers=10) as pool:
        asked = list(pool.map(lambda _: people.ask_reset(email), range(12)))
    assert [reset is None for reset in asked].count(False) == 5
    clock.advance(minutes=59)
    assert people.ask_reset(email) is None
    clock.advance(minutes=1)
    assert people.ask_reset(email) is not None


def test_a_link_works_once_however_many_use_it_at_once(people: People, database: ServiceDatabase) -> None:
    token = token_of(people.ask_reset())

    def attempt(number: int) -> str:
        try:
            return people.reset(token, f"{NEW} {number}").username
        except errors.InvalidResetToken as refusal:
            return refusal.code

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sorted(pool.map(attempt, range(8))) == ["admin"] + ["invalid_reset_token"] * 7
    assert changes_told(database) == ["reset"]


def test_a_link_works_for_half_an_hour(people: People, mailer: Mailer, mail_server: MailServer, clock: MovingClock) -> None:
    first, second = people.ask_reset(), people.ask_reset()
    clock.advance(minutes=30)
    for reset in (first, second):
        with pytest.raises(errors.InvalidResetToken):
            people.reset(token_of(reset), NEW)
    send(people, mailer, second)
    assert mail_server.messages == []


def test_an_unfit_password_leaves_the_link_as_it_is(people: People) -> None:
    token = token_of(people.ask_reset())
    with pytest.raises(errors.PasswordUnfit):
        people.reset(token, "short")
    assert people.reset(token, NEW).username == "admin"


def test_a_new_password_makes_every_other_link_useless(people: People) -> None:
    first, second = people.ask_reset(), people.ask_reset()
    people.reset(token_of(first), NEW)
    with pytest.raises(errors.InvalidResetToken):
        people.reset(token_of(second), NEW)


def test_a_new_address_makes_the_links_to_the_old_one_useless(people: People) -> None:
    reset = people.ask_reset()
    admin_id = people.log_in().user.id
    with people.work.begin() as uow:
        usecases.update_account_user(
            uow, **people.account, user_id=admin_id, email="new@acme.example", name=None, role=None, expected_version=None
        )
    with pytest.raises(errors.InvalidResetToken):
        people.reset(token_of(reset), NEW)


def test_the_reset_path_stays_open_during_a_lock_and_the_new_password_waits_for_its_end(people: People, clock: MovingClock) -> None:
    """R0.82, R0.83."""
    lock(people)
    people.reset(token_of(people.ask_reset()), NEW)
    with pytest.raises(errors.LoginLocked):
        people.log_in(NEW)
    clock.advance(minutes=5)
    assert people.log_in(NEW).via == "password"


def test_a_new_password_forgets_the_wrong_attempts_at_the_old_one(people: People) -> None:
    for _ in range(4):
        with pytest.raises(errors.LoginFailed):
            people.log_in(WRONG)
    people.reset(token_of(people.ask_reset()), NEW)
    with pytest.raises(errors.LoginFailed):
        people.log_in(WRONG)
    assert people.log_in(NEW).via == "password"


def test_a_mail_is_sent_once_however_often_it_is_asked_for(people: People, mailer: Mailer, mail_server: MailServer) -> None:
    reset = people.ask_reset()
    for _ in range(3):
        send(people, mailer, reset)
    assert len(mail_server.messages) == 1


def test_of_two_deliveries_at_once_one_waits_for_the_other(people: People, mailer: Mailer, database: ServiceDatabase) -> None:
    reset = people.ask_reset()
    database.execute("UPDATE password_resets SET sending_until = requested_at + interval '1 minute'")
    with pytest.raises(errors.PasswordResetBeingSent):
        send(people, mailer, reset)


def test_a_delivery_that_crashed_is_followed_after_a_minute(
    people: People, mailer: Mailer, mail_server: MailServer, database: ServiceDatabase, clock: MovingClock
) -> None:
    reset = people.ask_reset()
    database.execute("UPDATE password_resets SET sending_until = requested_at + interval '1 minute'")
    clock.advance(minutes=1)
    send(people, mailer, reset)
    assert len(mail_server.messages) == 1


def test_a_mail_server_that_is_away_is_tried_again(people: People, mailer: Mailer, mail_server: MailServer) -> None:
    reset = people.ask_reset()
    mail_server.stop()
    with pytest.raises(MailUnavailable):
        send(people, mailer, reset)
    mail_server.start()
    send(people, mailer, reset)
    assert len(mail_server.messages) == 1


def test_a_mailbox_that_is_refused_for_good_is_not_tried_again(
    people: People, mailer: Mailer, mail_server: MailServer, database: ServiceDatabase
) -> None:
    reset = people.ask_reset()
    mail_server.answers[EMAIL] = "550 No such mailbox"
    send(people, mailer, reset)
    mail_server.answers.clear()
    send(people, mailer, reset)
    assert mail_server.messages == []
    assert "550 No such mailbox" in database.query("SELECT refused_because FROM password_resets")[0]["refused_because"]
