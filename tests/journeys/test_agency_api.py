"""Programs that agencies have already, on libraries that others wrote, do what they always did; and no key of theirs is left anywhere."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import phpserialize
import pytest
import requests

from chassis.testing import eventually
from local_servers import RabbitNode
from tests.architecture.tree import ROOT

from .clients import LIBRARIES, Program
from .clients.usual_program import CLIENT, PLUS, PREPAID_MINOR_UNITS, PREVIEWS, SECRET, StepWrong, UsualProgram, buy_credit, plan_like
from .conftest import Agency, Platform, unique_name
from .wiretap import Wiretap

STRANGE = f"ck_live_{'z' * 43}"
MD5 = hashlib.md5(b"a password", usedforsecurity=False).hexdigest()
"""What programs send as `api_pass` elsewhere."""


class Watched(Program):
    """A program of which we remember what it was given that opens something."""

    given: ClassVar[set[str]] = set()

    def call(self, method: str, action: str, **parameters: str) -> dict[str, Any]:
        """As ever."""
        said = super().call(method, action, **parameters)
        self.given.update(said[name] for name in SECRET & said.keys())
        return said


@pytest.fixture(params=LIBRARIES)
def program(request: pytest.FixtureRequest, platform: Platform, agency: Agency) -> Program:
    return Watched(request.param, url=platform.url, key=agency.key)


@pytest.fixture(scope="module")
def agency(platform: Platform) -> Agency:
    return platform.agency()


@pytest.fixture(scope="module", autouse=True)
def no_key_is_left_anywhere(platform: Platform, agency: Agency, rabbit: RabbitNode) -> Iterator[None]:
    """After everything here was done: in no output, no metric, no trace, no row of any database; nor what accounts are opened by."""
    wire = Wiretap(rabbit, platform.amqp_uri)
    yield
    own = hashlib.md5(agency.key.encode(), usedforsecurity=False).hexdigest()
    by_md5 = requests.get(f"{platform.url}/api.php", params={"api_user": "shop", "api_pass": own, "api_action": "user_me"}, timeout=15)
    assert "<result_code>1</result_code>" in by_md5.text
    for secret in (STRANGE, MD5):
        for options in places_of(secret):
            said = requests.get(f"{platform.url}/api.php?api_action=user_me&api_output=json", timeout=15, **options).json()
            assert said["result_message"] == f"Authentication for API key '{secret[:8]}{'*' * (len(secret) - 8)}' failed."
    for secret in (agency.key, STRANGE):
        for request in unreadable(secret):
            assert raw(platform.http_port, request).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: "/admin/api.php" in platform.processes["gateway serve"].text(), what="the access log")
    headers, bodies = wire.heard()
    told = "".join(process.text() for process in platform.processes.values())
    told += "".join(requests.get(f"http://127.0.0.1:{process.port}/metrics", timeout=5).text for process in platform.processes.values())
    told += "".join(database.everything() for database in platform.databases.values())
    assert "comptoir_http_request_seconds" in told
    assert "traceparent" in headers
    assert agency.id in told
    assert agency.id in headers
    for key in (agency.key, STRANGE, own):
        assert key not in told + headers + bodies
        assert key[8:] not in told + headers + bodies
    assert [secret for secret in {MD5, *Watched.given} if secret in told + headers] == []


def places_of(secret: str) -> list[dict[str, Any]]:
    """Where programs put a key."""
    return [
        {"params": {"api_key": secret}},
        {"params": {"api_user": "shop", "api_pass": secret}},
        {"headers": {"Api-Token": secret}},
        {"headers": {"Authorization": f"Bearer {secret}"}},
    ]


def unreadable(secret: str) -> list[bytes]:
    """Calls that HTTP itself stands in the way of: 400, 413, 414 and 431 elsewhere."""
    begun = f"POST /api.php?api_key={secret}&api_action=user_me".encode()
    rest = f" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nApi-Token: {secret}\r\n".encode()
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    return [
        begun + rest + b"no header\r\n\r\n",
        begun + rest + form + b"Content-Length: 9000000\r\n\r\n",
        begun + rest + form + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        begun + b"&search=" + b"a" * 9000 + rest + b"\r\n",
        begun + rest + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n",
    ]


def raw(port: int, request: bytes) -> bytes:
    """Send bytes; give what comes first."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def opened(program: Program, name: str, **changes: str) -> dict[str, Any]:
    """Open an account on the plan Plus; give what the program got."""
    plus = plan_like(program.call("GET", "account_plans")["plans"], PLUS)
    return program.call("POST", "account_add", **{"account": name, "email": f"owner@{name}.example", "plan": plus, **CLIENT, **changes})


def units(agency: Agency, kind: str, account_id: str) -> int:
    """What the account has of a kind of credit, as REST says it."""
    return int(agency.get(f"/v1/credits/{kind}?account_id={account_id}").json()["units"])


def test_the_usual_program_runs_unchanged(program: Program, agency: Agency) -> None:
    """R0.116, R0.117, R0.119. As `make foreign` runs it; and REST says that it was done."""
    name = unique_name()
    told: list[str] = []
    UsualProgram(program, name=name, tell=told.append).run()
    assert len(Watched.given) >= 2, "a password and a token: they are looked for in the end"
    assert [line for line in told if "ck_live_" in line and "*" * 43 not in line] == []
    (account,) = agency.get(f"/v1/accounts?q={name}").json()["data"]
    assert (account["status"], account["plan"]["plan"], account["cancellation_reason"]) == ("cancelled", "Pro", "The client has gone.")
    assert units(agency, "prepaid", account["id"]) == PREPAID_MINOR_UNITS, "given once, though sent twice"
    assert units(agency, "inbox-preview", account["id"]) == PREVIEWS


def test_a_program_that_gets_a_wrong_answer_says_which_step(platform: Platform) -> None:
    program = Program("activecampaign", url=platform.url, key=platform.agency().key)
    with pytest.raises(StepWrong, match=r"^account_name_check: result_code is 0 and should be 1: The name admin "):
        UsualProgram(program, name="admin").run()


def test_the_same_call_sent_again_is_done_and_charged_once_and_has_a_password_that_opens(program: Program, agency: Agency) -> None:
    name = unique_name()
    first, again = opened(program, name), opened(program, name)
    assert (first["result_code"], again["result_code"], first["account"]) == (1, 1, again["account"])
    assert first["password"] != again["password"]
    other = opened(program, name, email=f"other@{name}.example")
    assert (other["result_code"], "taken" in other["result_message"]) == (0, True)
    usual = UsualProgram(program, name=name)
    usual.until("active")
    usual.log_in(again)
    (account,) = agency.get(f"/v1/accounts?q={name}").json()["data"]
    invoices = agency.get(f"/v1/accounts/{account['id']}/invoices").json()
    assert (invoices["total"], invoices["data"][0]["status"]) == (1, "paid")


def test_what_was_refused_is_done_when_it_is_mended_and_sent_again(platform: Platform) -> None:
    """Trap: within ten minutes the refusal is given again, whatever was mended."""
    agency = platform.agency()
    program = Program("activecampaign", url=platform.url, key=agency.key)
    name = unique_name()
    opened(program, name)
    usual = UsualProgram(program, name=name)
    usual.until("active")
    given = {"account": name, "credits": str(PREVIEWS)}
    assert program.call("POST", "account_emailtest_credits_apply", **given)["result_code"] == 0
    buy_credit(program)
    usual.soon("POST", "account_emailtest_credits_apply", **given)


def test_without_a_platform_the_program_says_what_to_start(platform: Platform) -> None:
    command = [sys.executable, "-m", "tests.journeys.clients"]
    environment = {**os.environ, "COMPTOIR_URL": "http://127.0.0.1:1", "COMPTOIR_API_KEY": "none"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "start the platform first, with `make up`" in ended.stderr


def test_xml_and_php_say_what_json_says(platform: Platform, agency: Agency) -> None:
    query = {"api_key": agency.key, "api_action": "account_name_check", "account": "admin"}
    said = {
        output: requests.get(f"{platform.url}/api.php", params={**query, "api_output": output}, timeout=15)
        for output in ("json", "serialize")
    }
    assert phpserialize.loads(said["serialize"].content, decode_strings=True) == {**said["json"].json(), "result_output": "serialize"}
    xml = requests.get(f"{platform.url}/api.php", params=query, timeout=15)
    assert "<result_code>0</result_code>" in xml.text
