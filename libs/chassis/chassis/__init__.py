"""What every Comptoir service stands on: messaging, transactions, configuration, observation. It knows no business word."""
