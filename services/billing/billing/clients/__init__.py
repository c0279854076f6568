"""What billing asks of others, one file per other: credits for prepaid, the payment provider for cards."""

from billing.clients.choice import *
from billing.clients.ledger import *
from billing.clients.printing import *
from billing.clients.provider import *
from billing.clients.provider_for_tests import *
