"""What accounts is asked, and what it answers, one file per noun: shapes and bounds; the rules of the fields are the domain's."""

from accounts.schemas.account_users import *
from accounts.schemas.accounts import *
from accounts.schemas.branding import *
from accounts.schemas.lifecycle import *
from accounts.schemas.lists import *
from accounts.schemas.overview import *
from accounts.schemas.pages import *
from accounts.schemas.plan_changes import *
from accounts.schemas.selections import *
from accounts.schemas.transfers import *
from accounts.schemas.views import *
