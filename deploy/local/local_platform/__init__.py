"""`make up`: the whole platform on one machine, started, watched and stopped together."""
