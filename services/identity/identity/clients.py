"""What identity takes from outside its own tables: a pepper from the environment and the work of hashing."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from chassis.concurrency import off_the_hub
from chassis.wiring import Wiring


def api_key_pepper(wiring: Wiring) -> bytes:
    """Give the secret under which key digests are stored: whoever reads the database alone cannot test a key against it."""
    pepper: str = wiring.config.api_key_pepper
    return pepper.encode()


class Passwords:
    """Argon2id, by the parameters OWASP's Password Storage Cheat Sheet gives as the smallest in memory.

    19 MiB and two passes withstand an attack like its 46 MiB and one pass, and keep ten workers that hash at once under 200 MiB.
    The parameters are in each hash, so they can grow later.
    """

    def __init__(self, _wiring: Wiring) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Hash the password with a salt of its own, in a thread: the tens of milliseconds it takes would stall every other request."""
        hashed: str = off_the_hub(self._hasher.hash, password)
        return hashed

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Tell whether the hash is of this password, in a thread; where there is none, take as long to say no."""
        try:
            return off_the_hub(self._hasher.verify, password_hash or self._nobodys, password)
        except VerifyMismatchError:
            return False


class ResetPages:
    """Where the users of an account set a new password: the account's name in `reset_url_template`, never what a request says of itself."""

    def __init__(self, wiring: Wiring) -> None:
        self._template: str = wiring.config.reset_url_template

    def link(self, *, account_name: str, token: str) -> str:
        """Give the link that a mail holds."""
        return f"{self._template.format(name=account_name)}?token={token}"
