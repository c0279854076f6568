"""Every question to the ledger has a name here, and every lock is taken here; one file per noun."""

from credits.repository.accounts import *
from credits.repository.audit import *
from credits.repository.balances import *
from credits.repository.expiry import *
from credits.repository.history import *
from credits.repository.movements import *
from credits.repository.payments import *
from credits.repository.settings import *
