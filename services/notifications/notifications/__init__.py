"""Notifications: who is told what, by e-mail and in the event feed."""
