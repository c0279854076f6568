"""What billing is asked, and what it answers, one file per noun; and the shape of the catalogue's data."""

from billing.schemas.billing_profiles import *
from billing.schemas.catalogue import *
from billing.schemas.catalogue_files import *
from billing.schemas.credit_notes import *
from billing.schemas.credits import *
from billing.schemas.invoices import *
from billing.schemas.lists import *
from billing.schemas.plans import *
from billing.schemas.quotes import *
from billing.schemas.statements import *
from billing.schemas.webhooks import *
