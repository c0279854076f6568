"""What billing refuses, by name, and what it would allow instead; one file per noun."""

from billing.errors.accounts import *
from billing.errors.billing_profiles import *
from billing.errors.credits import *
from billing.errors.invoices import *
from billing.errors.payments import *
from billing.errors.quotes import *
from billing.errors.selections import *
