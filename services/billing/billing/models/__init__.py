"""The tables of billing, one file per noun. What was promised, issued or charged is never changed: the database itself refuses."""

from billing.models.accounts import *
from billing.models.base import *
from billing.models.billing_profiles import *
from billing.models.cards import *
from billing.models.catalogues import *
from billing.models.dunnings import *
from billing.models.invoices import *
from billing.models.payments import *
from billing.models.plan_numbers import *
from billing.models.provider_events import *
from billing.models.provider_for_tests import *
from billing.models.quotes import *
from billing.models.renewals import *
from billing.models.subscriptions import *
