"""The questions billing asks its database, one file per noun. Locks are taken in one order: account, quote or payment, document counter."""

from billing.repository.accounts import *
from billing.repository.billing_profiles import *
from billing.repository.catalogues import *
from billing.repository.credit_notes import *
from billing.repository.invoices import *
from billing.repository.lists import *
from billing.repository.payments import *
from billing.repository.quotes import *
from billing.repository.statements import *
from billing.repository.subscriptions import *
