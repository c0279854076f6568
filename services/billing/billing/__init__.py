"""Billing: the catalogue, quotes, billing profiles, invoices, payments, credit notes."""
