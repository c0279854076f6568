"""The verbs of the ledger, one file per noun. Each is one transaction; each may come more than once, and before what it follows from."""

from credits.usecases.accounts import *
from credits.usecases.allocations import *
from credits.usecases.balances import *
from credits.usecases.credit_notes import *
from credits.usecases.expiry import *
from credits.usecases.history import *
from credits.usecases.movements import *
from credits.usecases.payments import *
from credits.usecases.purchases import *
from credits.usecases.settings import *
from credits.usecases.transfers import *
