"""What the programs of agencies usually do: name check, add, status until active, log in, list, edit, disable, enable, credits, cancel."""

import time
from collections.abc import Callable
from typing import Any

import requests

from . import Program

PLUS = {"tier": "Plus", "style": "EM", "term": "1", "limit_sub": "1000"}
PRO = {**PLUS, "tier": "Pro"}
CLIENT = {"name": "Boulangerie Martin", "language": "french", "timezone": "Europe/Paris"}
WAIT_SECONDS = 60
POLL_SECONDS = 0.5
REQUEST_SECONDS = 15
PREPAID, PREPAID_MINOR_UNITS = "10.00", 1000
PREVIEWS = 30
"""What the account is given."""
ENVELOPE = {"result_code", "result_message", "result_output", "success", "error"}
"""Of every answer; some libraries say the first two twice."""
SECRET = {"password", "token"}
Answer = dict[str, Any]


class StepWrong(Exception):
    """An answer is not what such programs expect."""


def nothing(_line: str) -> None:
    """Tell nobody."""


class UsualProgram:
    """The program, for one new account; `tell` gets a line for each step."""

    def __init__(self, program: Program, *, name: str, tell: Callable[[str], object] = nothing) -> None:
        self.name = name
        self._program = program
        self._tell = tell

    def run(self) -> None:
        """Do all of it. Raises `StepWrong`, and `ClientFailed` where the library gives up."""
        self.ask("GET", "user_me")
        self.ask("GET", "group_view", id="3")
        plans = self.ask("GET", "account_plans")["plans"]
        plus, pro = plan_like(plans, PLUS), plan_like(plans, PRO)
        added = self.add(plus)
        self.log_in(added)
        self.row(account=added["account"], planid=plus, reseller_status="0", cancelled="false")
        self.ask("GET", "account_view", account=self.name, expecting={"account": added["account"], "subscriber_limit": "1000"})
        self.ask("POST", "account_edit", account=self.name, plan=pro, notification=f"ops@{self.name}.example")
        self.row(planid=pro, notification=f"ops@{self.name}.example")
        self.ask("GET", "account_status_set", account=added["account"], status="1", message="Please call us.")
        self.ask("GET", "account_status", account=self.name, expecting={"status": "disabled"})
        self.row(reseller_status="1")
        self.ask("GET", "account_status_set", account=self.name, status="0")
        self.until("active")
        self.row(reseller_status="0")
        self.give_credit()
        self.sign_on(added["account"])
        self.soon("GET", "account_cancel", account=self.name, reason="The client has gone.")
        self.ask("GET", "account_status", account=self.name, expecting={"status": "cancelled"})
        self.row(cancelled="true")

    def add(self, plan: str) -> Answer:
        """Open the account, unless its name is taken, and wait until it is active."""
        self.ask("GET", "account_name_check", account=self.name)
        asked = {"account": self.name, "email": f"owner@{self.name}.example", "plan": plan, **CLIENT}
        added = self._told("account_add", self._call("POST", "account_add", **asked), code=1, expecting={"username": "admin"})
        taken = self.ask("GET", "account_name_check", account=self.name, code=0)
        if "taken" not in taken["result_message"]:
            raise StepWrong("account_name_check: the name is used, and the message has not the word «taken».")
        self.until("active")
        return added

    def log_in(self, added: Answer) -> None:
        """Log in as a person would by a browser, with what `account_add` gave."""
        page = requests.get(f"{self._program.url}/login", headers={"Host": added["account"]}, timeout=REQUEST_SECONDS)
        cookie = page.headers.get("Set-Cookie", "").partition(";")[0]
        form = {"form_token": cookie.partition("=")[2], **{name: added[name] for name in ("username", "password")}}
        self._enter(added["account"], "log in", "POST", "/login", data=form, headers={"Cookie": cookie})

    def sign_on(self, host: str) -> None:
        """Get in without a password."""
        token = self.ask("POST", "singlesignon", account=self.name, sso_addr="192.0.2.1", sso_user="admin", sso_duration="15")["token"]
        self._enter(host, "open main.php", "GET", "/admin/main.php", params={"_ssot": token}, headers={})

    def give_credit(self) -> None:
        """Give the account prepaid credit and inbox previews; prepaid twice by the same call, which counts once."""
        buy_credit(self._program)
        first = self.soon("GET", "account_credits_apply", account=self.name, credits=PREPAID)
        again = self.ask("GET", "account_credits_apply", account=self.name, credits=PREPAID)
        if again["result_message"] != first["result_message"]:
            raise StepWrong("account_credits_apply: the same call within ten minutes is not answered as the first, so it was done twice.")
        self.soon("POST", "account_emailtest_credits_apply", account=self.name, credits=str(PREVIEWS))

    def row(self, **expected: str) -> None:
        """Find the account in the list, with these members."""
        rows = self.ask("GET", "account_list", search=self.name, expecting={"count": "1"})["accounts"]
        self._compare("account_list", rows[0], expected)

    def until(self, status: str) -> None:
        """Ask for the status until it is this one."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (said := self._call("GET", "account_status", account=self.name)).get("status") == "creating":
            if time.monotonic() > deadline:
                raise StepWrong(f"account_status: it is still creating after {WAIT_SECONDS} s.")
            time.sleep(POLL_SECONDS)
        self._told("account_status", said, code=1, expecting={"status": status})

    def soon(self, method: str, action: str, **parameters: str) -> Answer:
        """Make a call that can be refused as long as one of the services has not heard of what was done before."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (said := self._call(method, action, **parameters))["result_code"] and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return self._told(action, said, code=1, expecting={})

    def ask(self, method: str, action: str, *, code: int = 1, expecting: dict[str, str] | None = None, **parameters: str) -> Answer:
        """Make a call; raise `StepWrong` where it went otherwise than expected."""
        return self._told(action, self._call(method, action, **parameters), code=code, expecting=expecting or {})

    def _call(self, method: str, action: str, **parameters: str) -> Answer:
        return self._program.call(method, action, **parameters)

    def _told(self, action: str, said: Answer, *, code: int, expecting: dict[str, str]) -> Answer:
        self._tell(f"{action:<33}{said.get('result_code')}  {said.get('result_message')} {shown(said)}".rstrip())
        if said.get("result_code") != code:
            raise StepWrong(f"{action}: result_code is {said.get('result_code')} and should be {code}: {said.get('result_message')}")
        self._compare(action, said, expecting)
        return said

    def _compare(self, action: str, said: Answer, expected: dict[str, str]) -> None:
        for member, value in expected.items():
            if said.get(member) != value:
                raise StepWrong(f"{action}: {member} is {said.get(member)!r} and should be {value!r}.")

    def _enter(self, host: str, what: str, method: str, path: str, *, headers: dict[str, str], **options: Any) -> None:
        """Ask for one of the account's own pages, which sends on to its first one whoever may enter."""
        url, headers = self._program.url + path, {"Host": host, **headers}
        answer = requests.request(method, url, headers=headers, allow_redirects=False, timeout=REQUEST_SECONDS, **options)
        self._tell(f"{what:<33}   HTTP {answer.status_code}, on {host}")
        if (answer.status_code, answer.headers.get("Location")) != (requests.codes.see_other, "/"):
            raise StepWrong(f"{what}: HTTP {answer.status_code} and not a redirect to the account's first page.")


def plan_like(plans: dict[str, dict[str, str]], wanted: dict[str, str]) -> str:
    """The number of a plan, as a program finds it."""
    found = [number for number, plan in plans.items() if wanted.items() <= plan.items()]
    if len(found) != 1:
        raise StepWrong(f"account_plans: {len(found)} plans are {wanted}, and should be one.")
    return found[0]


def shown(said: Answer) -> str:
    """The call's own members in brief; what opens something is left out."""
    return " ".join(f"{name}={_brief(name, value)}" for name, value in said.items() if name not in ENVELOPE)


def _brief(name: str, value: object) -> str:
    if name in SECRET:
        return "…"
    return f"({len(value)})" if isinstance(value, (list, dict)) else str(value)


def buy_credit(program: Program) -> None:
    """Have the agency buy what it gives away, by REST: the agency API sells none."""
    for kind, enough, asked in (
        ("inbox-preview", PREVIEWS, {"units": 1000}),
        ("prepaid", PREPAID_MINOR_UNITS, {"amount": {"amount": 10 * PREPAID_MINOR_UNITS, "currency": "EUR"}}),
    ):
        if _units(program, kind) < enough:
            bought = requests.post(
                f"{program.url}/v1/credits/{kind}/purchases", json=asked, headers=_rest(program), timeout=REQUEST_SECONDS
            )
            if bought.status_code != requests.codes.accepted:
                raise StepWrong(f"buying {kind}: HTTP {bought.status_code}: {bought.text}")
        deadline = time.monotonic() + WAIT_SECONDS
        while _units(program, kind) < enough:
            if time.monotonic() > deadline:
                raise StepWrong(f"buying {kind}: it is not there after {WAIT_SECONDS} s.")
            time.sleep(POLL_SECONDS)


def _units(program: Program, kind: str) -> int:
    answer = requests.get(f"{program.url}/v1/credits/{kind}", headers=_rest(program), timeout=REQUEST_SECONDS)
    return int(answer.json()["units"])


def _rest(program: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {program.key}"}
