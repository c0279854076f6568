"""The rules of billing, one file per noun: catalogue, period, offer, invoice. Values in, decisions out, the time an argument."""
