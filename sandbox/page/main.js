// Starts the page and passes the events of the live stream to its parts.

import * as listings from "./listings.js";
import * as orders from "./orders.js";
import * as panels from "./panels.js";
import { $, call, calm, dress, h, ltr, number } from "./tools.js";
import { lang, t } from "./labels.js";

const LISTING_EVENTS = new Set(["price", "stock", "listing"]);

async function loadFigures() {
  const state = await call("GET", "");
  $("#count-listings").textContent = number(state.listings);
  $("#count-orders").textContent = number(state.orders);
  $("#count-waiting").textContent = number(state.waiting);
  $("#address").replaceChildren(ltr(`${state.url}/api/v1/`));
}

const figuresChanged = calm(loadFigures, 250);

function loadAll() {
  orders.forget();
  return Promise.all([
    loadFigures(),
    listings.load(),
    orders.load(),
    panels.loadRequests(),
    panels.loadFaults(),
    panels.loadWebhook(),
    panels.loadBehaviour(),
  ]);
}

function receive(events) {
  if (events.some((event) => event.kind === "reset")) return loadAll();
  const kinds = new Set(events.map((event) => event.kind));
  const ofListings = events.filter((event) => LISTING_EVENTS.has(event.kind));
  if (ofListings.length) listings.changed(ofListings);
  if (kinds.has("order")) {
    orders.changed();
    figuresChanged();
  }
  if (kinds.has("request")) {
    const found = events.filter((event) => event.kind === "request").map((event) => event.request);
    panels.requests(found);
    if (found.some((entry) => entry.fault)) panels.faultsChanged();
  }
  if (kinds.has("webhook")) panels.webhookChanged();
  if (kinds.has("faults")) panels.faultsChanged();
  if (kinds.has("behaviour")) {
    panels.loadBehaviour();
    panels.webhookChanged();
  }
}

function listen() {
  const stream = new EventSource("/_sandbox/events");
  let lost = false;
  stream.onopen = () => {
    $("#live").className = "live on";
    $("#live").lastElementChild.textContent = t("live");
    if (lost) loadAll(); // the stream does not repeat missed events
    lost = false;
  };
  stream.onerror = () => {
    lost = true;
    $("#live").className = "live";
    $("#live").lastElementChild.textContent = t("offline");
  };
  stream.onmessage = (message) => receive(JSON.parse(message.data));
}

function showBasket() {
  const count = listings.basket.size;
  $("#place-open").replaceChildren(t("place"), ...(count ? [h("span", { class: "count" }, count)] : []));
}

dress();
$("#language").href = lang === "ar" ? "/" : "/?lang=ar";
$("#reset").addEventListener("click", () => confirm(t("resetSure")) && call("POST", "reset", {}));
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
await Promise.all([
  loadFigures(),
  listings.start(showBasket),
  listings.startPlacing(),
  orders.start(),
  panels.start(),
]);
listen();
document.body.classList.add("ready");
