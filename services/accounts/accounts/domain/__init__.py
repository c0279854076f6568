"""The rules of accounts, one file per noun. Values in, decisions out, time an argument."""

from accounts.domain.applications import *
from accounts.domain.branding import *
from accounts.domain.domains import *
from accounts.domain.dunning import *
from accounts.domain.images import *
from accounts.domain.lifecycle import *
from accounts.domain.moves import *
from accounts.domain.openings import *
from accounts.domain.overview import *
from accounts.domain.selections import *
from accounts.domain.settings import *
from accounts.domain.states import *
from accounts.domain.transfers import *
from accounts.domain.views import *
from accounts.domain.words import *
