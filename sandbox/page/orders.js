// Orders: the newest as cards; an opened one with its lines, money, history and actions.

import { $, call, calm, clock, fill, h, ltr, notice, number, option, pounds } from "./tools.js";
import { t } from "./labels.js";

const SHOWN = 40;
const STEPS = ["pending", "approved", "assigned_to_salesman", "delivered"];
const STATUSES = [
  "pending",
  "editing",
  "approved",
  "assigned_to_salesman",
  "delivered",
  "cancelled_by_retailer",
  "cancelled_by_supplier",
  "returned",
];
const FINAL = new Set(STATUSES.slice(4));

const versions = new Map(); // hashed_id -> version drawn last: a newer one is highlighted
let open = null;
let filter = "";

export function start() {
  $("#status-filter").append(
    option("", t("anyStatus")),
    ...STATUSES.map((status) => option(status, t(`status_${status}`))),
  );
  $("#status-filter").addEventListener("change", (event) => {
    filter = event.target.value;
    load();
  });
  $("#order").addEventListener("close", () => (open = null));
  return load();
}

export async function load() {
  const found = await call("GET", `orders?limit=${SHOWN}&status=${filter}`);
  const cards = found.map(card);
  if (!cards.length) cards.push(h("p", { class: "empty" }, t("noOrders")));
  $("#order-list").replaceChildren(...cards);
  if (open) draw(await call("GET", `orders/${open}`));
}

export const changed = calm(load, 150);

export function forget() {
  versions.clear();
  if ($("#order").open) $("#order").close();
}

const badge = (status) => h("span", { class: `badge ${status}` }, t(`status_${status}`));

function card(order) {
  const own = order.sandbox;
  const known = versions.get(order.hashed_id);
  versions.set(order.hashed_id, own.version);
  const news = known !== own.version && Date.now() - own.changed_ms < 4000;
  return h(
    "button",
    { class: `order${news ? " lit" : ""}`, onclick: () => show(order.hashed_id) },
    h(
      "div",
      { class: "line" },
      h("strong", { dir: "auto", class: "shop" }, order.retailer.retailer_name),
      badge(own.status),
    ),
    steps(own.status),
    h(
      "div",
      { class: "line soft" },
      h("span", {}, ltr(order.receipt_id || order.hashed_id), " · ", t("items", order.order_details.length)),
      h("span", { class: "total" }, ltr(pounds(order.total_price)), ` ${t("egp")}`),
    ),
    h(
      "div",
      { class: "line soft small" },
      h(
        "span",
        { class: "tags" },
        h("span", { class: own.waiting ? "tag wait" : "tag good" }, t(own.waiting ? "notSynced" : "synced")),
        own.needs_otp && h("span", { class: "tag" }, `${t("needsOtp")} `, ltr(own.otp)),
        order.delivered_by === "delivered_by_cartona" && h("span", { class: "tag" }, t("byCartona")),
      ),
      ltr(clock(own.changed_ms)),
    ),
  );
}

function steps(status) {
  const at = status === "editing" ? 0 : STEPS.indexOf(status);
  const bars = STEPS.map((_, index) => h("i", { class: at >= 0 && index <= at ? "on" : "" }));
  return h("div", { class: `steps ${at < 0 ? "off" : ""} ${status}` }, bars);
}

// === ONE ORDER === //

async function show(id) {
  open = id;
  draw(await call("GET", `orders/${id}`));
  if (!$("#order").open) $("#order").showModal();
}

function draw(order) {
  // Typing must not be lost to an event of the live stream.
  if ($("#order").contains(document.activeElement) && document.activeElement.matches("input")) return;
  const own = order.sandbox;
  fill($("#order-title"), [h("span", { dir: "auto" }, order.retailer.retailer_name), badge(own.status)]);
  const shop = order.retailer;
  fill($("#order-body"), [
    h(
      "p",
      { class: "soft" },
      ltr(order.receipt_id || ""),
      " · ",
      ltr(order.hashed_id),
      " · ",
      t(order.delivered_by === "delivered_by_cartona" ? "byCartona" : "bySupplier"),
    ),
    h("p", { dir: "auto" }, shop.retailer_address || ""),
    h("p", {}, ltr(shop.retailer_number || ""), " ", ltr(shop.retailer_code || "", { class: "tag" })),
    order.note_message && h("p", { class: "note", dir: "auto" }, order.note_message),
    steps(own.status),
    lines(order),
    sums(order),
    h("h3", {}, t("history")),
    history(own.history),
  ]);
  $("#order-actions").replaceChildren(...actions(order));
}

function lines(order) {
  const editable = ["pending", "editing"].includes(order.sandbox.status);
  const body = order.order_details.map((line) => {
    const discounts = Number(line.applied_supplier_discount) + Number(line.applied_cartona_discount);
    const amount = editable
      ? h("input", {
          type: "number",
          min: 0,
          step: "any",
          value: line.amount,
          "data-line": line.id,
          "aria-label": t("amount"),
        })
      : ltr(number(line.amount));
    return h(
      "tr",
      {},
      h(
        "td",
        { dir: "auto" },
        line.product_name,
        line.comment && h("span", { class: "tag", dir: "auto" }, line.comment),
      ),
      h("td", { class: "figure" }, amount),
      h(
        "td",
        { class: "figure" },
        ltr(pounds(line.selling_price)),
        discounts > 0 && h("small", { class: "soft" }, " −", ltr(pounds(discounts))),
      ),
      h("td", { class: "figure" }, ltr(pounds(line.selling_price * line.amount))),
    );
  });
  const heads = ["product", "amount", "price", "total"].map((key) =>
    h("th", { class: key === "product" ? "" : "figure" }, t(key)),
  );
  return h("table", { class: "lines" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body));
}

function sums(order) {
  const own = order.sandbox;
  const rows = [
    ["total", order.total_price],
    ["credit", order.cartona_credit],
    ["installment", order.installment_cost],
    ["topUp", order.wallet_top_up],
    ["collect", own.to_collect],
    ["owedByCartona", own.owed_by_cartona],
  ].filter(([key, value]) => Number(value) || key === "total" || key === "collect");
  return h(
    "dl",
    { class: "sums" },
    rows.map(([key, value]) => [
      h("dt", {}, t(key)),
      h("dd", { class: key === "collect" ? "strong" : "" }, ltr(pounds(value))),
    ]),
    own.needs_otp && [h("dt", {}, t("otp")), h("dd", {}, ltr(own.otp))],
  );
}

function history(entries) {
  const rows = entries.map((entry) => {
    const what = entry.what.startsWith("status ")
      ? t("what_status", t(`status_${entry.what.slice(7)}`))
      : t(`what_${entry.what}`);
    return h(
      "li",
      {},
      ltr(clock(entry.ms), { class: "soft" }),
      h("b", {}, t(`who_${entry.who}`)),
      h("span", {}, what),
    );
  });
  return h("ol", { class: "history" }, rows.reverse());
}

function actions(order) {
  const { status } = order.sandbox;
  const editing = status === "editing";
  const mayEdit = status === "pending" || editing;
  const list = [
    mayEdit && act("saveEdit", () => save(order), "primary"),
    status === "pending" && act("hold", () => post(order, "edit", { hold: true })),
    ["pending", "approved"].includes(status) && act("cancel", () => post(order, "cancel"), "danger"),
    order.delivered_by === "delivered_by_cartona" &&
      STEPS.includes(status) &&
      status !== "delivered" &&
      act("advance", () => post(order, "advance"), "primary"),
    !FINAL.has(status) && act("adminEdit", () => post(order, "admin-edit", { lines: null, fields: {} })),
    act("touch", () => post(order, "touch")),
    act("callWebhook", () => post(order, "webhook")),
  ];
  return list.filter(Boolean);
}

const act = (key, work, kind = "") => h("button", { class: kind, onclick: work }, t(key));

async function post(order, action, values = {}) {
  await call("POST", `orders/${order.hashed_id}/${action}`, values);
  notice(t("done"));
}

/** Send the amounts in the inputs as the shop's edit; 0 removes a line. */
async function save(order) {
  const wish = order.order_details.map((line) => ({
    supplier_product_id: line.supplier_product_id,
    amount: Number($(`#order [data-line="${line.id}"]`).value),
    selling_price: Number(line.selling_price),
    applied_supplier_discount: Number(line.applied_supplier_discount),
    applied_cartona_discount: Number(line.applied_cartona_discount),
    comment: line.comment,
  }));
  document.activeElement.blur();
  await post(order, "edit", { lines: wish.filter((line) => line.amount > 0) });
}
