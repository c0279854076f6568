"""Accounts: the lifecycle of the hosted accounts that agencies resell."""
