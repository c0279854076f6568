"""Claims about what the terminal shows."""

from pathlib import Path

import pytest

from local_platform.output import LAST_LINES, Output


def test_while_the_platform_starts_lines_go_to_their_files_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(tmp_path)
    output.line("accounts.serve", b"hello")
    output.show_lines()
    output.line("accounts.serve", b"again")
    output.close()
    assert (tmp_path / "accounts.serve.log").read_text() == "hello\nagain\n"
    assert capsys.readouterr().out == "accounts.serve       | again\n"


def test_an_alarm_brings_the_last_words_of_the_process_it_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(tmp_path)
    for number in range(LAST_LINES + 5):
        output.line("billing.relay", f"line {number}".encode())
    output.line("accounts.serve", b"nothing to do with it")
    output.alarm("billing.relay ended", about="billing.relay")
    output.close()
    printed = capsys.readouterr().out.splitlines()
    assert printed == [*(f"billing.relay        | line {number}" for number in range(5, LAST_LINES + 5)), "billing.relay ended"]
