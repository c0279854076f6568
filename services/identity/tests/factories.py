"""Ready-made parts of identity's world."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from chassis.unit_of_work import Units
from chassis.wiring import Wiring
from identity import clients, domain, models, usecases
from identity.config import Config

PEPPER = b"a pepper of the tests, long enough"
RIGHT = "correct horse battery"
WRONG = "incorrect horse battery"
EMAIL = "client@acme.example"

AGENCY: dict[str, Any] = {
    "name": "Atelier Démo",
    "programme": "reseller",
    "currency": "EUR",
    "discount_basis_points": 2000,
    "notification_email": "notices@atelier.example",
    "language": "fr",
    "entitlements": ["snapshots"],
    "test_mode": False,
}


def an_agency(work: Units, **changes: Any) -> models.Agency:
    """Register an agency like `AGENCY`."""
    with work.begin() as uow:
        return usecases.register_agency(uow, **{**AGENCY, **changes})


def a_key(work: Units, agency_id: str, *scopes: str, user_id: str | None = None) -> domain.DraftKey:
    """Keep a key of the agency, a program's or this person's; give it with its secret."""
    with work.reading() as session:
        draft = usecases.draft_api_key(session, agency_id=agency_id, pepper=PEPPER)
    with work.begin() as uow:
        wanted: dict[str, Any] = {"name": "the shop", "scopes": list(scopes or ("accounts:read",)), "user_id": user_id}
        usecases.create_api_key(uow, agency_id=agency_id, draft=draft, **wanted)
    return draft


def prepared(work: Units, *, agency_id: str, account_id: str, **more: str) -> str:
    """Prepare the account's first user; give its id."""
    with work.begin() as uow:
        return usecases.prepare_admin_user(uow, agency_id=agency_id, account_id=account_id, **more).id


def wiring(**settings: Any) -> Wiring:
    """What clients are made from, with these settings."""
    config = Config(database_url="postgresql://nowhere/identity", api_key_pepper=PEPPER.decode(), **settings)
    return Wiring(call=RpcClient(config.amqp_uri, name="test").call, config=config)


def token_in(mail: EmailMessage) -> str:
    """The token of the link in a mail."""
    found = re.search(r"http://acme\.localhost:8000/reset-password\?token=(\S+)", mail.get_content())
    assert found is not None
    return found[1]


@dataclass(frozen=True, kw_only=True)
class People:
    """An account called acme, with `admin`, whose password is `RIGHT`; and its users' verbs."""

    work: Units
    passwords: clients.Passwords
    agency_id: str = field(default_factory=lambda: new_id("agy"))
    account_id: str = field(default_factory=lambda: new_id("acc"))

    def settle(self) -> str:
        """Prepare the account, and have its credentials claimed; give the id of `admin`."""
        known = {"email": EMAIL, "account_name": "acme", "language": "fr"}
        user_id = prepared(self.work, agency_id=self.agency_id, account_id=self.account_id, **known)
        with self.work.begin() as uow:
            usecases.claim_credentials(uow, **self.account, password=RIGHT, password_hash=self.passwords.hash(RIGHT))
        return user_id

    @property
    def account(self) -> dict[str, str]:
        """How others name it."""
        return {"agency_id": self.agency_id, "account_id": self.account_id}

    def add(self, username: str, *, email: str | None = None, role: str = "editor") -> models.AccountUser:
        """Create a user."""
        new = usecases.draft_account_user(self.passwords)
        address = email or f"{username}@acme.example"
        with self.work.begin() as uow:
            return usecases.create_account_user(uow, **self.account, username=username, email=address, name=None, role=role, new=new)

    def log_in(self, password: str = RIGHT, *, username: str = "admin") -> usecases.OpenedSession:
        """Log in."""
        return usecases.log_in(self.work, self.passwords, account_id=self.account_id, username=username, password=password, pepper=PEPPER)

    def session(self, token: str) -> models.LoginSession:
        """Show a session's token."""
        with self.work.begin() as uow:
            return usecases.session(uow, token_digest=domain.digest_of(token), pepper=PEPPER)

    def change_password(self, token: str, new: str, *, current: str | None = RIGHT) -> None:
        """Set a new password in the settings."""
        usecases.change_password(
            self.work,
            self.passwords,
            token_digest=domain.digest_of(token),
            current_password=current,
            new_password=new,
            pepper=PEPPER,
        )

    def ask_reset(self, email: str = EMAIL, **more: Any) -> models.PasswordReset | None:
        """Ask for a link with an e-mail address."""
        asked: dict[str, Any] = {"language": None, "started_by": "client", **more}
        with self.work.begin() as uow:
            return usecases.request_password_reset(uow, account_id=self.account_id, email=email, pepper=PEPPER, **asked)

    def reset(self, token: str, new: str) -> models.AccountUser:
        """Set a new password by a link."""
        return usecases.reset_password(self.work, self.passwords, token=token, new_password=new, pepper=PEPPER)
