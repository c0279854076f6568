// One call by the incumbent's own `activecampaign` for Node: asked on standard input, answered on standard output, as JSON.

const ActiveCampaign = require("activecampaign");
const connector = require("activecampaign/lib/Connector");

// The calls that it has a function for; each other one goes by what those functions are made of.
const PATHS = { user_me: "user/me", group_view: "group/view", singlesignon: "singlesignon/singlesignon" };
const OWN = new Set(["add", "cancel", "edit", "list", "name_check", "plans", "status", "status_set", "view"]);

function pathOf(action) {
  const verb = action.startsWith("account_") ? action.slice("account_".length) : "";
  return OWN.has(verb) ? `account/${verb}` : PATHS[action];
}

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const client = new ActiveCampaign(asked.url, asked.key);
const form = asked.method === "POST" ? asked.parameters : {};
const query = asked.method === "POST" ? "" : new URLSearchParams(asked.parameters).toString();
const path = pathOf(asked.action);
const answer = path
  ? client.api(query ? `${path}?${query}` : path, form)
  : connector.curl(connector.prepare_url(asked.action, query), form);

// It fulfils what came with HTTP 200, and rejects all else.
answer.then(
  (said) => process.stdout.write(JSON.stringify({ status: 200, said })),
  (refused) => {
    process.stderr.write(JSON.stringify(refused) ?? "no answer");
    process.exitCode = 1;
  },
);
