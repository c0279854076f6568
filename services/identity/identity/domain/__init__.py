"""The rules of identity, one file per noun. Values in, decisions out, the time an argument."""

from identity.domain.account_users import *
from identity.domain.api_keys import *
from identity.domain.clocks import *
from identity.domain.letters import *
from identity.domain.logins import *
from identity.domain.passwords import *
from identity.domain.portal_users import *
from identity.domain.words import *
