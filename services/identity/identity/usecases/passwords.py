"""Passwords of account users: changed in the settings, and set anew by a mailed link."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chassis.ids import new_id
from chassis.mail import Mailer, MailRefused, MailUnavailable
from chassis.unit_of_work import UnitOfWork, Units
from identity import clients, domain, errors, events, models, repository
from identity.usecases.logins import accept, forgive, prove_password, session

SENDING_TIME = timedelta(seconds=60)
"""How long a delivery keeps a mail to itself, longer than sending can take: one that crashes while it sends is followed after that."""

BY_RESET = "reset"
BY_SSO = "sso"
IN_SETTINGS = "settings"


@dataclass(frozen=True, kw_only=True)
class ResetMail:
    """The mail of one password reset, ready to be sent; its body holds the token."""

    recipient: str
    letter: domain.Letter = field(repr=False)
    written_at: datetime


def change_password(
    work: Units, passwords: clients.Passwords, *, token_digest: str, current_password: str | None, new_password: str, pepper: bytes
) -> None:
    """Give the session's user a new password (R0.76), and end all of its sessions.

    The current one must be right, and is counted like an attempt to log in; a session by a login link needs none (R0.79).
    Raises `InvalidSession`, `PasswordUnfit`, `CurrentPasswordWrong` and `LoginLocked`.
    """
    with work.begin() as uow:
        found = session(uow, token_digest=token_digest, pepper=pepper)
        user = found.user
        _refuse_unfit(uow, user=user, password=new_password)
    by_sso = found.via == domain.Via.SSO
    try:
        proven = (
            None
            if by_sso
            else prove_password(work, passwords, account_id=user.account_id, username=user.username, password=current_password or "")
        )
        password_hash = passwords.hash(new_password)
        with work.begin() as uow:
            session(uow, token_digest=token_digest, pepper=pepper)
            if proven is not None:
                accept(uow, proven)
            _set_password(uow, user=user, password_hash=password_hash, changed_by=BY_SSO if by_sso else IN_SETTINGS)
    except errors.LoginFailed as refusal:
        raise errors.CurrentPasswordWrong from refusal


def request_password_reset(
    uow: UnitOfWork, *, account_id: str, email: str, language: str | None, started_by: str, pepper: bytes
) -> models.PasswordReset | None:
    """Have a link sent to this address if it is that of a user of the account (R0.77, R0.82).

    What happens here is the same whether it is or not; only nothing is sent to an address that is nobody's. None where five were asked
    for within an hour: the surplus is ignored.
    """
    address = domain.folded(email)
    counted_since = uow.platform_now - domain.RESETS_COUNTED_OVER
    asked = repository.count_resets_for_update(uow.session, account_id=account_id, email=address, since=counted_since)
    if asked >= domain.MOST_RESETS:
        return None
    account = repository.account(uow.session, account_id=account_id)
    user = repository.user_of_account_by_email(uow.session, account_id=account_id, email=address)
    reset_id = new_id("pwr")
    token = domain.reset_token(pepper=pepper, reset_id=reset_id)
    reset = models.PasswordReset(
        id=reset_id,
        account_id=account_id,
        email=address,
        user_id=user.id if user is not None and account is not None and account.name is not None else None,
        language=language,
        started_by=started_by,
        keyed_digest=domain.keyed_digest(pepper=pepper, digest=domain.digest_of(token)),
        requested_at=uow.platform_now,
        expires_at=uow.platform_now + domain.RESET_LASTS,
    )
    uow.session.add(reset)
    agency_id = repository.agency_of_account(uow.session, account_id=account_id)
    uow.emit(events.PasswordResetRequested(subject=account_id, agency_id=agency_id, reset_id=reset_id, account_id=account_id))
    return reset


def start_password_reset(uow: UnitOfWork, *, agency_id: str, account_id: str, username: str | None, pepper: bytes) -> models.PasswordReset:
    """Have the same link sent to a user of the agency's account; without a username to `admin` (R0.78).

    Raises `AccountUserNotFound`, `AccountUserUnreachable` and `TooManyPasswordResets`.
    """
    wanted = domain.ADMIN_USERNAME if username is None else domain.folded(username)
    user = repository.account_user(uow.session, account_id=account_id, username=wanted)
    if user is None or user.agency_id != agency_id:
        raise errors.AccountUserNotFound(account_id=account_id, username=wanted)
    account = repository.account(uow.session, account_id=account_id)
    if user.email is None or account is None or account.name is None:
        raise errors.AccountUserUnreachable(username=wanted)
    reset = request_password_reset(
        uow, account_id=account_id, email=user.email, language=None, started_by=domain.StartedBy.AGENCY, pepper=pepper
    )
    if reset is None:
        since = uow.platform_now - domain.RESETS_COUNTED_OVER
        first = repository.first_reset_asked_at(uow.session, account_id=account_id, email=user.email, since=since)
        seconds = domain.seconds_to_next_reset(first, now=uow.platform_now)
        raise errors.TooManyPasswordResets(most=domain.MOST_RESETS, retry_after_seconds=seconds)
    return reset


def send_password_reset(work: Units, mailer: Mailer, pages: clients.ResetPages, *, reset_id: str, pepper: bytes) -> None:
    """Send the mail of a reset, outside of any transaction, once: each delivery of its event goes on where the last one ended.

    Raises `PasswordResetBeingSent`, and `MailUnavailable`, the mail put back.
    """
    with work.begin() as uow:
        mail = _take_mail(uow, pages, reset_id=reset_id, pepper=pepper)
    if mail is None:
        return
    letter = mail.letter
    try:
        mailer.send(
            message_id=reset_id,
            recipient=mail.recipient,
            language=letter.language,
            subject=letter.subject,
            body=letter.body,
            written_at=mail.written_at,
        )
    except MailRefused as refusal:
        with work.begin() as uow:
            repository.reset_for_update(uow.session, reset_id=reset_id).refused_because = refusal.text
    except MailUnavailable:
        with work.begin() as uow:
            repository.reset_for_update(uow.session, reset_id=reset_id).sending_until = None
        raise
    else:
        with work.begin() as uow:
            repository.reset_for_update(uow.session, reset_id=reset_id).sent_at = uow.platform_now


def reset_password(work: Units, passwords: clients.Passwords, *, token: str, new_password: str, pepper: bytes) -> models.AccountUser:
    """Set a new password by a mailed link, which opens nothing after that; a lock stays until its end (R0.77, R0.83).

    Raises `InvalidResetToken` for everybody but the first, and `PasswordUnfit`, after which the link still works.
    """
    keyed_digest = domain.keyed_digest(pepper=pepper, digest=domain.digest_of(token))
    with work.begin() as uow:
        _refuse_unfit(uow, user=_user_of_reset(uow, keyed_digest=keyed_digest), password=new_password)
    password_hash = passwords.hash(new_password)
    with work.begin() as uow:
        user = _user_of_reset(uow, keyed_digest=keyed_digest)
        return _set_password(uow, user=user, password_hash=password_hash, changed_by=BY_RESET)


def _take_mail(uow: UnitOfWork, pages: clients.ResetPages, *, reset_id: str, pepper: bytes) -> ResetMail | None:
    reset = repository.reset_for_update(uow.session, reset_id=reset_id)
    over = reset.sent_at or reset.used_at or reset.refused_because
    if reset.user_id is None or over is not None or reset.expires_at <= uow.platform_now:
        return None
    if reset.sending_until is not None and reset.sending_until > uow.platform_now:
        raise errors.PasswordResetBeingSent(reset_id=reset_id)
    reset.sending_until = uow.platform_now + SENDING_TIME
    user = repository.user_known(uow.session, user_id=reset.user_id)
    account = repository.account_known(uow.session, account_id=reset.account_id)
    account_name = str(account.name)  # a reset is somebody's only where the account's name is known
    letter = domain.reset_letter(
        language=reset.language or account.language,
        account_name=account_name,
        username=user.username,
        link=pages.link(account_name=account_name, token=domain.reset_token(pepper=pepper, reset_id=reset_id)),
    )
    return ResetMail(recipient=reset.email, letter=letter, written_at=reset.requested_at)


def _user_of_reset(uow: UnitOfWork, *, keyed_digest: bytes) -> models.AccountUser:
    reset = repository.usable_reset_for_update(uow.session, keyed_digest=keyed_digest, now=uow.platform_now)
    if reset is None or reset.user_id is None:
        raise errors.InvalidResetToken
    return repository.user_known(uow.session, user_id=reset.user_id)


def _refuse_unfit(uow: UnitOfWork, *, user: models.AccountUser, password: str) -> None:
    account = repository.account_known(uow.session, account_id=user.account_id)
    domain.check_password(password, username=user.username, account_name=account.name)


def _set_password(uow: UnitOfWork, *, user: models.AccountUser, password_hash: str, changed_by: str) -> models.AccountUser:
    """Keep the new hash; end the user's sessions, and the links to other new passwords."""
    forgive(uow, user=user)  # before the user is locked, as a login locks them in this order
    changed = repository.user_known_for_update(uow.session, user_id=user.id)
    changed.password_hash = password_hash
    changed.password_changed_at = uow.platform_now
    changed.credentials_claimed_at = changed.credentials_claimed_at or uow.platform_now  # what its holder chose is not drawn again
    repository.end_sessions(uow.session, user_id=user.id, now=uow.platform_now)
    repository.use_resets_up(uow.session, user_id=user.id, now=uow.platform_now)
    fact = events.AccountPasswordChanged(
        subject=user.account_id,
        agency_id=user.agency_id,
        account_id=user.account_id,
        user_id=user.id,
        username=user.username,
        changed_by=changed_by,
    )
    uow.emit(fact)
    return changed
