"""The verbs of accounts, one file per noun. Each is one transaction; each that follows from an event may come more than once."""

from accounts.usecases.agencies import *
from accounts.usecases.branding import *
from accounts.usecases.credentials import *
from accounts.usecases.domains import *
from accounts.usecases.due import *
from accounts.usecases.dunning import *
from accounts.usecases.history import *
from accounts.usecases.lifecycle import *
from accounts.usecases.openings import *
from accounts.usecases.overview import *
from accounts.usecases.pages import *
from accounts.usecases.plan_changes import *
from accounts.usecases.quotes import *
from accounts.usecases.settings import *
from accounts.usecases.states import *
from accounts.usecases.suspensions import *
from accounts.usecases.transfers import *
from accounts.usecases.views import *
