"""What accounts refuses, by name, and what it would allow instead; one file per noun."""

from accounts.errors.accounts import *
from accounts.errors.applications import *
from accounts.errors.branding import *
from accounts.errors.domains import *
from accounts.errors.lifecycle import *
from accounts.errors.overview import *
from accounts.errors.selections import *
from accounts.errors.settings import *
from accounts.errors.transfers import *
from accounts.errors.views import *
