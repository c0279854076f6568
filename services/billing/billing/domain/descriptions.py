"""What the lines of documents are for: kept in English as they were issued, said on paper in the agency's language.

A line keeps its text alone, and never changes; so what it says of a plan or of credit is read from the text again. What cannot be read (an
older wording, a code that no language has a word for) is printed as it is kept.
"""

import re

from babel.numbers import format_decimal

from billing.domain.credits import PIECES, PREPAID_CREDIT
from billing.domain.words import Words

OF_PIECES = re.compile(rf"(?P<pieces>{'|'.join(PIECES.values())}): (?P<number>\d+)")
OF_SELECTION = re.compile(r"(?P<plan>[^,]+), (?P<contacts>\d+) contacts, (?P<frequency>monthly|annual)(?P<options>(?:, [^,]+)*)")
OF_LIMIT = re.compile(r"(?P<number>\d+) (?P<item>.+)")


def in_language(description: str, words: Words, language: str) -> str:
    """Say a line's description, as `describe`, `credit_lines` and `piece_lines` write it, in the words of a language."""
    if description == PREPAID_CREDIT:
        return words.prepaid
    if pieces := OF_PIECES.fullmatch(description):
        kind = next(kind for kind, name in PIECES.items() if name == pieces["pieces"])
        return words.pieces[kind].format(number=_number(pieces["number"], language))
    if selection := OF_SELECTION.fullmatch(description):
        contacts = words.contacts.format(number=_number(selection["contacts"], language))
        options = [_option(option, words, language) for option in selection["options"].split(", ")[1:]]
        return ", ".join([selection["plan"], contacts, words.frequencies[selection["frequency"]], *options])
    return description


def _option(option: str, words: Words, language: str) -> str:
    """Say a limit by its number, or an add-on."""
    if limit := OF_LIMIT.fullmatch(option):
        item = limit["item"].replace(" ", "_")
        return words.limits.get(item, f"{limit['item']}: {{number}}").format(number=_number(limit["number"], language))
    return words.add_ons.get(option, option)


def _number(digits: str, language: str) -> str:
    return format_decimal(int(digits), locale=language)
