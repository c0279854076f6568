"""The tables of identity."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from chassis.tables import service_metadata


class Base(DeclarativeBase):
    """Identity's tables, beside those of the chassis."""

    metadata = service_metadata()
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), list[str]: ARRAY(Text)}  # noqa: RUF012  SQLAlchemy reads it so


class Agency(Base):
    """A partner business."""

    __tablename__ = "agencies"
    __table_args__ = (
        CheckConstraint("programme IN ('reseller', 'commission')", name="programme"),
        CheckConstraint("language IN ('en', 'fr', 'pt', 'es')", name="language"),
        CheckConstraint("discount_basis_points BETWEEN 0 AND 10000", name="discount_basis_points"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    programme: Mapped[str]
    currency: Mapped[str]
    discount_basis_points: Mapped[int]
    notification_email: Mapped[str]
    language: Mapped[str]
    entitlements: Mapped[list[str]]
    test_mode: Mapped[bool]
    created_at: Mapped[datetime]


class ApiKey(Base):
    """What is kept of a key: never the key. `keyed_digest` is HMAC-SHA256(pepper, SHA-256 of the key in hexadecimal).

    `keyed_md5_digest`: the same of the key's md5 in hexadecimal; null where the release before made the key, which kept none.

    `user_id`: the person whose key it is, also one who was removed; null: a program's. `line_id`: the first of the keys that rotating made
    one of the other, itself for a first one; null where the release before made it, which knew of no lines: then itself.
    """

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("cardinality(scopes) > 0", name="scopes"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agencies.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    user_id: Mapped[str | None]
    line_id: Mapped[str | None]
    prefix: Mapped[str]
    keyed_digest: Mapped[bytes] = mapped_column(unique=True)
    keyed_md5_digest: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PortalUser(Base):
    """A person of an agency; the same address in another agency is another row, with a password of its own.

    `invitation_digest` is kept of the invitation's token as `ApiKey.keyed_digest` of a key. `version` grows by one with each change.
    """

    __tablename__ = "portal_users"
    __table_args__ = (
        UniqueConstraint("agency_id", "email_folded"),
        CheckConstraint("role IN ('owner', 'admin', 'billing', 'support', 'viewer')", name="role"),
        CheckConstraint("language IN ('en', 'fr', 'pt', 'es')", name="language"),
        CheckConstraint("password_hash LIKE '$argon2id$%'", name="password_hash"),
        CheckConstraint(
            "CASE status WHEN 'invited' THEN invitation_digest IS NOT NULL AND invitation_ends_at IS NOT NULL AND password_hash IS NULL"
            " WHEN 'active' THEN invitation_digest IS NULL AND invitation_ends_at IS NULL AND password_hash IS NOT NULL ELSE false END",
            name="status",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agencies.id"))
    email: Mapped[str]
    email_folded: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    language: Mapped[str]
    status: Mapped[str]
    invitation_id: Mapped[str | None]
    invitation_digest: Mapped[bytes | None] = mapped_column(unique=True)
    invitation_ends_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once and wants a plain dict


class Account(Base):
    """An account somebody asked a user for, or that failed before anybody did: the row on which the two wait for each other."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    language: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AccountUser(Base):
    """A person inside an account. `password_hash` is Argon2id, absent until the credentials are claimed or a password is set.

    `username` and `email` are kept in lower case; `version` grows by one with each change.
    """

    __tablename__ = "account_users"
    __table_args__ = (
        UniqueConstraint("account_id", "username"),
        UniqueConstraint("account_id", "email"),
        CheckConstraint("role IN ('admin', 'editor', 'viewer')", name="role"),
        CheckConstraint("password_hash LIKE '$argon2id$%'", name="password_hash"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    username: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    credentials_claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    email: Mapped[str | None]
    name: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once and wants a plain dict


class LoginTally(Base):
    """The wrong attempts at one username of one account; the username need not be anybody's."""

    __tablename__ = "login_tallies"

    account_id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_failed_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
    touched_at: Mapped[datetime] = mapped_column(index=True)


class LoginSession(Base):
    """Somebody who is logged in. `keyed_digest` is HMAC-SHA256(pepper, SHA-256 of the token in hexadecimal)."""

    __tablename__ = "login_sessions"
    __table_args__ = (CheckConstraint("via IN ('password', 'sso')", name="via"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("account_users.id", ondelete="CASCADE"), index=True)
    keyed_digest: Mapped[bytes] = mapped_column(unique=True)
    via: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    user: Mapped[AccountUser] = relationship(lazy="joined", innerjoin=True)


class LoginLink(Base):
    """A way in for the agency (SSO), once; its token is kept like that of a session."""

    __tablename__ = "login_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("account_users.id", ondelete="CASCADE"), index=True)
    keyed_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class PasswordReset(Base):
    """A new password asked for with an e-mail address; without a user where the address is nobody's, and then nothing is sent.

    Its token follows from its id and the pepper; what is kept of it is like that of a session.
    """

    __tablename__ = "password_resets"
    __table_args__ = (
        CheckConstraint("started_by IN ('client', 'agency')", name="started_by"),
        Index(None, "account_id", "email", "requested_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    email: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("account_users.id", ondelete="CASCADE"), index=True)
    language: Mapped[str | None]
    started_by: Mapped[str]
    keyed_digest: Mapped[bytes] = mapped_column(unique=True)
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    sending_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    refused_because: Mapped[str | None]


class TestClock(Base):
    """The clock of an agency in test mode: `now` is its time until it is told to move. `version` grows by one with each move."""

    __tablename__ = "test_clocks"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agencies.id"), unique=True)
    now: Mapped[datetime]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once and wants a plain dict
