"""schemathesis against the whole platform: whatever is asked, what is answered is what docs/openapi.json says.

The same requests each time, for a moment; `make fuzz` asks the running platform for as long as one likes, something else each time.
"""

from .conftest import Platform
from .fuzz import ask

RUNS = (
    ("--phases", "examples,fuzzing", "--max-examples", "3", "--generation-deterministic"),
    ("--phases", "stateful", "--max-examples", "100", "--generation-deterministic"),
)
"""What is sent alone, right and wrong; and what follows links. Some ten seconds each."""
MOST_SECONDS = 120
"""On a machine that is busy with other things."""


def test_nothing_that_is_asked_finds_a_failure_or_an_answer_that_the_document_does_not_name(platform: Platform) -> None:
    codes = []
    for arguments in RUNS:
        agency = platform.agency()
        [own] = agency.get("/v1/api-keys").json()["data"]
        codes.append(ask(*arguments, url=agency.url, key=agency.key, key_id=own["id"], most_seconds=MOST_SECONDS))
    assert codes == [0] * len(RUNS), "schemathesis says above what it found"
    assert platform.bus.parked() == []
