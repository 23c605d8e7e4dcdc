// The lower half: request log, webhook, faults and the switches of open questions.

import { $, call, calm, clock, fill, h, ltr, notice, number, option } from "./tools.js";
import { lang, t } from "./labels.js";
import { switches } from "./switches.js";

const TAIL = 100;
const PRESETS = [
  ["500"],
  ["502"],
  ["429", { retry_after: 5 }],
  ["401"],
  ["422"],
  ["delay", { seconds: 3 }],
  ["hold", { seconds: 20 }],
  ["cut"],
  ["truncated"],
  ["odd_json"],
  ["html"],
  ["empty"],
  ["drip", { seconds: 5 }],
  ["redirect"],
];
const ANSWERED_WHOLE = new Set(["delay", "truncated", "drip"]);

export function start() {
  const tabs = ["requests", "webhook", "faults", "behaviour"];
  for (const name of tabs) {
    const tab = h("button", { role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` }, t(name));
    tab.addEventListener("click", () => choose(name));
    $("#tabs").append(tab);
  }
  choose("requests");
  startFaults();
  startWebhook();
  return Promise.all([loadRequests(), loadFaults(), loadWebhook(), loadBehaviour()]);
}

function choose(name) {
  for (const tab of document.querySelectorAll("#tabs button")) {
    const on = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", on);
    $(`#${tab.getAttribute("aria-controls")}`).hidden = !on;
  }
}

// === REQUESTS === //

export async function loadRequests() {
  const found = await call("GET", `requests?summary&limit=${TAIL}`);
  $("#request-rows").replaceChildren();
  requests(found);
}

/** Add new requests on top of the others. */
export function requests(found) {
  const body = $("#request-rows");
  body.prepend(...found.slice(-TAIL).reverse().map(requestRow));
  while (body.rows.length > TAIL) body.lastElementChild.remove();
  $("#no-requests").hidden = body.rows.length > 0;
}

function requestRow(entry) {
  const kind =
    entry.status === null ? "bad" : entry.status < 300 ? "good" : entry.status < 500 ? "warn" : "bad";
  const notes = [];
  if (entry.items != null) {
    notes.push(
      h("span", { class: entry.refused ? "tag wait" : "tag" }, t("lineCount", entry.items, entry.refused)),
    );
  }
  if (entry.token !== "right") {
    notes.push(h("span", { class: "tag wait" }, t(entry.token === "wrong" ? "wrongToken" : "missingToken")));
  }
  if (entry.fault) notes.push(h("span", { class: "tag bad" }, `${t("fault")} `, ltr(entry.fault)));
  const path = entry.path + (entry.query ? `?${decode(entry.query)}` : "");
  const fresh = Date.now() - entry.ms < 2000 ? "lit" : "";
  return h(
    "tr",
    {
      class: fresh,
      tabindex: 0,
      onclick: () => showRequest(entry.seq),
      onkeydown: (e) => e.key === "Enter" && showRequest(entry.seq),
    },
    h("td", { class: "soft" }, ltr(clock(entry.ms))),
    h(
      "td",
      {},
      h(
        "bdi",
        { dir: "ltr" },
        h("span", { class: "method" }, entry.method),
        h("span", { class: "path" }, path),
      ),
    ),
    h("td", {}, notes),
    h("td", {}, ltr(entry.status ?? "✕", { class: `code ${kind}` })),
    h("td", { class: "figure soft" }, ltr(`${number(entry.took_ms)} ms`)),
  );
}

function decode(query) {
  try {
    return decodeURIComponent(query.replaceAll("+", " "));
  } catch {
    return query;
  }
}

async function showRequest(seq) {
  const [entry] = await call("GET", `requests?seq=${seq}`);
  if (!entry) return;
  const sent = entry.body == null ? "" : JSON.stringify(entry.body, null, 2);
  let answer = entry.answer;
  try {
    answer = JSON.stringify(JSON.parse(answer), null, 2);
  } catch {
    // Cut at the log's limit, or not JSON: shown unchanged.
  }
  $("#request-title").replaceChildren(ltr(`${entry.method} ${entry.path}`));
  fill($("#request-body"), [
    sent && h("h3", {}, t("sent")),
    sent && h("pre", { dir: "ltr" }, sent.slice(0, 50_000)),
    h("h3", {}, t("received"), " ", ltr(entry.status ?? "✕")),
    h("pre", { dir: "ltr" }, answer),
  ]);
  $("#request").showModal();
}

// === WEBHOOK === //

function startWebhook() {
  const form = $("#webhook-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await call("PATCH", "webhook", {
      url: form.url.value.trim(),
      token: form.token.value.trim(),
      envelope: form.envelope.value,
      drop: form.drop.checked,
      own_changes: form.own_changes.checked,
    });
    notice(t("done"));
  });
}

export async function loadWebhook() {
  const state = await call("GET", "");
  const form = $("#webhook-form");
  if (form.contains(document.activeElement)) return;
  form.envelope.replaceChildren(...state.envelopes.map((row) => option(row, row, state.webhook.envelope)));
  form.url.value = state.webhook.url;
  form.token.value = state.webhook.token;
  form.drop.checked = state.webhook.drop;
  form.own_changes.checked = state.webhook.own_changes;
  const calls = await call("GET", "webhook/calls?limit=30");
  $("#webhook-rows").replaceChildren(...calls.reverse().map(webhookRow));
  $("#no-webhook").hidden = calls.length > 0;
}

export const webhookChanged = calm(loadWebhook, 200);

function webhookRow(row) {
  const last = row.attempts.at(-1);
  const label = { waiting: "under" }[row.state] ?? row.state;
  const kind = { delivered: "good", failed: "bad", dropped: "bad" }[row.state] ?? "warn";
  return h(
    "tr",
    {},
    h("td", { class: "soft" }, ltr(clock(row.ms))),
    h("td", {}, ltr(row.hashed_id), " ", h("span", { class: "tag" }, t(`status_${row.status}`))),
    h("td", {}, h("span", { class: `code ${kind}` }, t(label)), " ", t("attempts", row.attempts.length)),
    h("td", { class: "soft" }, last ? ltr(last.error || `${last.status} ${last.answer.slice(0, 60)}`) : ""),
    h("td", { class: "figure soft" }, last ? ltr(`${number(last.took_ms)} ms`) : ""),
  );
}

// === FAULTS === //

function startFaults() {
  for (const [effect, values] of PRESETS) {
    const button = h(
      "button",
      { type: "button", onclick: () => addFault(effect, values) },
      t(`effect_${effect}`),
    );
    $("#presets").append(button);
  }
  const form = $("#fault-form");
  form.path.append(
    option("", t("everywhere")),
    option("supplier-product", t("products")),
    option("order/", t("orders")),
  );
  form.times.append(
    option("1", t("nextOne")),
    option("3", t("nextThree")),
    option("10", t("nextTen")),
    option("", t("always")),
    option("half", t("half")),
  );
  form.when.append(option("before", t("whenBefore")), option("after", t("whenAfter")));
  form.addEventListener("submit", (event) => event.preventDefault());
  $("#lift-all").addEventListener("click", () => call("DELETE", "faults"));
}

async function addFault(effect, values = {}) {
  const form = $("#fault-form");
  const often = form.times.value;
  const rule = { effect, path: form.path.value, ...values };
  if (!ANSWERED_WHOLE.has(effect)) rule.when = form.when.value;
  if (often === "half") rule.probability = 0.5;
  else if (often) rule.times = Number(often);
  await call("POST", "faults", rule);
}

export async function loadFaults() {
  const rules = await call("GET", "faults");
  const live = rules.filter((rule) => rule.times == null || rule.hits < rule.times);
  $("#tab-faults").classList.toggle("alert", live.length > 0);
  $("#lift-all").hidden = !rules.length;
  $("#no-faults").hidden = rules.length > 0;
  $("#rules").replaceChildren(...rules.map((rule) => ruleRow(rule, live.includes(rule))));
}

export const faultsChanged = calm(loadFaults, 200);

function ruleRow(rule, live) {
  const name = t(`effect_${rule.effect}`);
  const often =
    rule.probability < 1 ? t("half") : rule.times == null ? t("always") : `${rule.hits} / ${rule.times}`;
  const where = { "": "everywhere", "supplier-product": "products", "order/": "orders" }[rule.path];
  return h(
    "div",
    { class: `rule${live ? "" : " over"}` },
    h("b", {}, name.startsWith("effect_") ? rule.effect : name),
    h("span", { class: "tag" }, where ? t(where) : ltr(rule.path)),
    h("span", { class: "tag" }, t(rule.when === "after" ? "whenAfter" : "whenBefore")),
    h("span", { class: "soft" }, often, " · ", t("hits", rule.hits)),
    h(
      "button",
      { class: "plain", "aria-label": t("liftAll"), onclick: () => call("DELETE", `faults/${rule.id}`) },
      "✕",
    ),
  );
}

// === OPEN QUESTIONS === //

export async function loadBehaviour() {
  const rows = await call("GET", "behaviour?describe");
  $("#switches").replaceChildren(...rows.map(switchRow));
}

function switchRow(row) {
  const set = (value) => call("PATCH", "behaviour", { [row.name]: value });
  let input;
  if (row.choices.length) {
    input = h(
      "select",
      { onchange: (event) => set(event.target.value) },
      row.choices.map((choice) => option(choice, choice, row.value)),
    );
  } else if (typeof row.default === "boolean") {
    input = h("input", {
      type: "checkbox",
      checked: row.value,
      onchange: (event) => set(event.target.checked),
    });
  } else if (typeof row.default === "number") {
    input = h("input", {
      type: "number",
      min: 0,
      value: row.value,
      onchange: (event) => set(Number(event.target.value)),
    });
  } else {
    input = h("input", { value: row.value, onchange: (event) => set(event.target.value) });
  }
  const sentence = (lang === "ar" && switches[row.name]) || row.text;
  const text = h("span", { dir: "auto" }, sentence, row.question && h("sup", {}, ltr(row.question)));
  const other = row.value === row.default ? "" : " other";
  return h(
    "label",
    { class: `switch${other}` },
    input,
    h("span", { class: "text" }, ltr(row.name, { class: "key" }), text),
  );
}
