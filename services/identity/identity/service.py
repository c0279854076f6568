"""The doors of identity."""

from typing import Any

from chassis.doors import command, due, query, subscribe
from chassis.events import Event
from chassis.mail import Mailer
from chassis.wiring import Wired, Work
from identity import clients, events, schemas, usecases


class IdentityService:
    """Agencies, their persons and API keys, and the users of accounts: who they are, and how they get in."""

    name = "identity"
    work = Work()
    pepper = Wired(clients.api_key_pepper)
    passwords = Wired(clients.Passwords)
    mailer = Wired(Mailer)
    reset_pages = Wired(clients.ResetPages)

    @query(request=schemas.AgencyReference, answer=schemas.Agency)
    def agency(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.agency(session, **request)

    @command(request=schemas.RegisterAgency, answer=schemas.Agency)
    def register_agency(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.register_agency, **request)

    @command(request=schemas.UpdateAgency, answer=schemas.Agency)
    def update_agency(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.update_agency, **request)

    @query(request=schemas.KeyDigest, answer=schemas.UsableKey)
    def key_by_digest(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            key = usecases.key_by_digest(session, pepper=self.pepper, **request)
        if key.use_unnoted:
            with self.work.begin() as uow:
                usecases.note_key_use(uow, key_id=key.key_id)
        return key

    @command(request=schemas.CreateApiKey, answer=schemas.CreatedApiKey)
    def create_api_key(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            draft = usecases.draft_api_key(session, agency_id=request["agency_id"], pepper=self.pepper)
        answer = self.work.once(usecases.create_api_key, draft=draft, **request)
        return usecases.reveal_secret(answer, draft=draft)

    @query(request=schemas.PageWanted, answer=schemas.ApiKeyPage)
    def api_keys(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.api_keys(session, **request)

    @query(request=schemas.ApiKeyReference, answer=schemas.ApiKey)
    def api_key(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.api_key(session, **request)

    @command(request=schemas.RotateApiKey, answer=schemas.CreatedApiKey)
    def rotate_api_key(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            draft = usecases.draft_api_key(session, agency_id=request["agency_id"], pepper=self.pepper)
        answer = self.work.once(usecases.rotate_api_key, draft=draft, **request)
        return usecases.reveal_secret(answer, draft=draft)

    @command(request=schemas.ApiKeyReference, answer=schemas.ApiKey)
    def revoke_api_key(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.revoke_api_key, **request)

    @query(request=schemas.PageWanted, answer=schemas.PortalUserPage)
    def portal_users(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.portal_users(session, **request)

    @query(request=schemas.PortalUserReference, answer=schemas.PortalUser)
    def portal_user(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.portal_user(session, **request)

    @command(request=schemas.InvitePortalUser, answer=schemas.InvitedPortalUser)
    def invite_portal_user(self, request: dict[str, Any]) -> object:
        draft = usecases.draft_invitation(pepper=self.pepper)
        answer = self.work.once(usecases.invite_portal_user, draft=draft, **request)
        return usecases.reveal_token(answer, draft=draft)

    @command(request=schemas.AcceptInvitation, answer=schemas.PortalUser)
    def accept_invitation(self, request: dict[str, Any]) -> object:
        keyed_digest = usecases.keyed_digest_of(request["digest"], pepper=self.pepper)
        with self.work.reading() as session:
            usecases.refuse_unknown_invitation(session, keyed_digest=keyed_digest)
        password_hash = self.passwords.hash(request["password"])
        with self.work.begin() as uow:  # not once(): an idempotency key would keep a fast hash of the password
            return usecases.accept_invitation(uow, keyed_digest=keyed_digest, password_hash=password_hash)

    @command(request=schemas.UpdatePortalUser, answer=schemas.PortalUser)
    def update_portal_user(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.update_portal_user, **request)

    @command(request=schemas.PortalUserReference, answer=None)
    def remove_portal_user(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.remove_portal_user, **request)

    @command(request=schemas.PrepareAdminUser, answer=schemas.AdminUser)
    def prepare_admin_user(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.prepare_admin_user, **request)

    @command(request=schemas.AccountReference, answer=schemas.Credentials)
    def claim_credentials(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            usecases.refuse_unclaimable(session, **request)
        password = usecases.new_password()
        password_hash = self.passwords.hash(password)
        with self.work.begin() as uow:  # not once(): an idempotency key would keep the password in plain
            return usecases.claim_credentials(uow, password=password, password_hash=password_hash, **request)

    @command(request=schemas.PrepareAdminUser, answer=schemas.Credentials)
    def issue_credentials(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            usecases.refuse_unissuable(session, agency_id=request["agency_id"], account_id=request["account_id"])
        password = usecases.new_password()
        password_hash = self.passwords.hash(password)
        with self.work.begin() as uow:  # not once(): as above
            return usecases.issue_credentials(uow, password=password, password_hash=password_hash, **request)

    @command(request=schemas.CreateTestClock, answer=schemas.TestClock)
    def create_test_clock(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.create_test_clock, **request)

    @command(request=schemas.AdvanceTestClock, answer=schemas.TestClock)
    def advance_test_clock(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.advance_test_clock, **request)

    @query(request=schemas.TestClockReference, answer=schemas.TestClock)
    def test_clock(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.test_clock(session, **request)

    @query(request=schemas.TestClocksWanted, answer=schemas.TestClockPage)
    def test_clocks(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.test_clocks(session, **request)

    # --- users of accounts --------------------------------------------------------------------------------------------------------------

    @query(request=schemas.AccountUsersWanted, answer=schemas.AccountUserPage)
    def account_users(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.account_users(session, **request)

    @query(request=schemas.AccountUserReference, answer=schemas.AccountUser)
    def account_user(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.account_user(session, **request)

    @command(request=schemas.CreateAccountUser, answer=schemas.CreatedAccountUser)
    def create_account_user(self, request: dict[str, Any]) -> object:
        new = usecases.draft_account_user(self.passwords)
        answer = self.work.once(usecases.create_account_user, new=new, **request)
        return usecases.reveal_password(answer, new=new)

    @command(request=schemas.UpdateAccountUser, answer=schemas.AccountUser)
    def update_account_user(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.update_account_user, **request)

    @command(request=schemas.AccountUserReference, answer=schemas.AccountUser)
    def remove_account_user(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.remove_account_user, **request)

    # --- logging in. Not once(): an idempotency key would keep a token in plain, or a hash over a password that is quick to try ----------

    @command(request=schemas.LogIn, answer=schemas.OpenedSession)
    def log_in(self, request: dict[str, Any]) -> object:
        return usecases.log_in(self.work, self.passwords, pepper=self.pepper, **request)

    @query(request=schemas.TokenDigest, answer=schemas.Session)
    def session(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:  # not reading(): whether it has expired is a question of the unit's time
            return usecases.session(uow, pepper=self.pepper, **request)

    @command(request=schemas.TokenDigest, answer=None)
    def log_out(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.log_out, pepper=self.pepper, **request)

    @command(request=schemas.AccountReference, answer=schemas.LoginLink)
    def create_login_link(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            return usecases.create_login_link(uow, pepper=self.pepper, **request)

    @command(request=schemas.LoginLinkToken, answer=schemas.OpenedSession)
    def use_login_link(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            return usecases.use_login_link(uow, pepper=self.pepper, **request)

    # --- passwords ----------------------------------------------------------------------------------------------------------------------

    @command(request=schemas.ChangePassword, answer=None)
    def change_password(self, request: dict[str, Any]) -> None:
        usecases.change_password(self.work, self.passwords, pepper=self.pepper, **request)

    @command(request=schemas.RequestPasswordReset, answer=None)
    def request_password_reset(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.request_password_reset, pepper=self.pepper, **request)

    @command(request=schemas.StartPasswordReset, answer=schemas.StartedPasswordReset)
    def start_password_reset(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.start_password_reset, pepper=self.pepper, **request)

    @command(request=schemas.ResetPassword, answer=schemas.ResetAccountUser)
    def reset_password(self, request: dict[str, Any]) -> object:
        return usecases.reset_password(self.work, self.passwords, pepper=self.pepper, **request)

    @subscribe("identity", "password_reset_requested", reads=events.PasswordResetToSend)
    def on_password_reset_requested(self, event: Event) -> None:
        usecases.send_password_reset(self.work, self.mailer, self.reset_pages, pepper=self.pepper, **event.data)

    @due(every_seconds=3600)
    def delete_ended(self) -> None:
        with self.work.begin() as uow:
            usecases.delete_ended(uow)

    @subscribe("accounts", "account_failed", reads=events.AccountFailed)
    def on_account_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.drop_failed_account, account_id=event.data["account_id"])

    @subscribe("accounts", "transfer_completed", reads=events.TransferCompleted)
    def on_transfer_completed(self, event: Event) -> None:
        self.work.handle(event, usecases.move_account, **event.data)
