"""Claims about what the terminal shows."""

import pytest

from local_platform.output import LAST_LINES, Output


def test_while_the_platform_starts_lines_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.line("accounts.serve", b"hello")
    output.show_lines()
    output.line("accounts.serve", b"again")
    assert capsys.readouterr().out == "accounts.serve       | again\n"


def test_an_alarm_brings_the_last_words_of_the_process_it_is_about_once(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    for number in range(LAST_LINES + 5):
        output.line("billing.relay", f"line {number}".encode())
    output.line("accounts.serve", b"nothing to do with it")
    output.alarm("billing.relay ended", about="billing.relay")
    output.alarm("billing.relay ended again", about="billing.relay")
    printed = capsys.readouterr().out.splitlines()
    last_lines = [f"billing.relay        | line {number}" for number in range(5, LAST_LINES + 5)]
    assert printed == [*last_lines, "billing.relay ended", "billing.relay ended again"]
