"""The questions billing asks its database, one file per noun.

Locks are taken in one order: account, quote or invoice, payment or dunning, document counter.
"""

from billing.repository.accounts import *
from billing.repository.audit import *
from billing.repository.billing_profiles import *
from billing.repository.cards import *
from billing.repository.catalogues import *
from billing.repository.credit_notes import *
from billing.repository.credits import *
from billing.repository.dunnings import *
from billing.repository.invoices import *
from billing.repository.lists import *
from billing.repository.payments import *
from billing.repository.provider_events import *
from billing.repository.quotes import *
from billing.repository.renewals import *
from billing.repository.statements import *
from billing.repository.subscriptions import *
