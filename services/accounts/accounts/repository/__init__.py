"""The questions that accounts asks its database, by name, one file per noun."""

from accounts.repository.accounts import *
from accounts.repository.agencies import *
from accounts.repository.branding import *
from accounts.repository.domains import *
from accounts.repository.history import *
from accounts.repository.lifecycle import *
from accounts.repository.openings import *
from accounts.repository.overview import *
from accounts.repository.pages import *
from accounts.repository.plan_changes import *
from accounts.repository.transfers import *
from accounts.repository.views import *
