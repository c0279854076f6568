"""The verbs of identity, one file per noun. Each is one transaction; each that follows from an event may come more than once."""

from identity.usecases.account_users import *
from identity.usecases.agencies import *
from identity.usecases.api_keys import *
from identity.usecases.clocks import *
from identity.usecases.logins import *
from identity.usecases.passwords import *
from identity.usecases.portal_users import *
