import pytest

from chassis.config import ConfigurationError
from identity.config import Config

ENVIRONMENT = {"DATABASE_URL": "postgresql://nowhere/identity"}


def test_a_pepper_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="API_KEY_PEPPER"):
        Config.from_environment({**ENVIRONMENT, "API_KEY_PEPPER": "short"})


def test_identity_does_not_start_without_a_pepper() -> None:
    with pytest.raises(ConfigurationError, match="API_KEY_PEPPER"):
        Config.from_environment(ENVIRONMENT)


def test_a_long_pepper_is_taken_as_it_is() -> None:
    assert Config.from_environment({**ENVIRONMENT, "API_KEY_PEPPER": "p" * 32}).api_key_pepper == "p" * 32
