// The page: which account, which citizen, what was said. Everything shown is drawn from `state`.

import * as api from "./api.js";
import { avatar, element, icon, render, summary } from "./bubbles.js";
import { choices } from "./choices.js";
import { follow } from "./live.js";
import { ask, choosePlace, showPicture } from "./sheets.js";

const TYPING_MS = 20000;
const NAMES = { wechat: "微信", sms: "短信" };
const at = (id) => document.getElementById(id);

const state = {
  accounts: [], places: [], samples: [], account: null, citizens: [], citizen: null,
  said: new Map(), // address → messages by key
  unread: new Map(), // address → count
  typingUntil: 0, typingTimer: 0, stop: () => {},
};

const keyOf = (message) => (message.type === "in" ? `in:${message.id}` : `out:${message.outbox_id}`);

function conversation(address) {
  if (!state.said.has(address)) state.said.set(address, new Map());
  return state.said.get(address);
}

function ordered(address) {
  return [...conversation(address).values()].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.seq ?? Infinity) - (b.seq ?? Infinity),
  );
}

/* drawing */

function drawTabs() {
  at("tabs").replaceChildren(...state.accounts.map((account) => {
    const tab = element("button", "", NAMES[account.persona]);
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(account === state.account));
    tab.addEventListener("click", () => openAccount(account));
    return tab;
  }));
}

function drawCitizens() {
  at("citizens").replaceChildren(...state.citizens.map((citizen) => {
    const button = element("button");
    button.type = "button";
    button.dataset.address = citizen.address;
    button.setAttribute("aria-current", String(citizen.address === state.citizen?.address));
    const who = element("span", "who");
    who.append(element("span", "name", citizen.name));
    const idle = state.account.persona === "sms" ? citizen.address : summary(null);
    who.append(element("span", "last", citizen.last ? summary(citizen.last) : idle));
    button.append(avatar(citizen), who);
    const unread = state.unread.get(citizen.address);
    if (unread) button.append(element("span", "badge", String(unread)));
    button.addEventListener("click", () => { document.body.dataset.view = "chat"; openCitizen(citizen); });
    const item = element("li");
    item.append(button);
    return item;
  }));
}

function drawChat() {
  const messages = ordered(state.citizen.address);
  const typing = Date.now() < state.typingUntil;
  render(at("messages"), messages, {
    base: state.account.base, persona: state.account.persona, citizen: state.citizen, typing,
    onPicture: showPicture, onResend: deliver,
  });
  at("title").textContent = state.account.title;
  const number = state.account.persona === "sms" ? ` ${state.citizen.address}` : "";
  at("subtitle").textContent = typing ? "对方正在输入…" : `我是${state.citizen.name}${number}`;
  const events = messages.filter((message) => message.event);
  at("follow-label").textContent = events.at(-1)?.event === "subscribe" ? "取消关注" : "关注";
  drawChips(typing ? null : messages.at(-1));
}

function drawChips(last) {
  const options = last?.type === "out" ? choices(last.text) : [];
  at("chips").replaceChildren(...options.map(({ number, label }) => {
    const chip = element("button");
    chip.type = "button";
    chip.append(element("b", "", String(number)), label);
    chip.addEventListener("click", () => say({ kind: "text", text: String(number) }));
    return chip;
  }));
}

function drawComposer() {
  const text = at("text");
  at("composer").classList.toggle("blank", !text.value.trim());
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 120)}px`;
}

function drawSamples() {
  at("samples").replaceChildren(...state.samples.map((sample) => {
    const button = element("button", "", sample);
    button.type = "button";
    button.addEventListener("click", () => {
      document.body.dataset.view = "chat";
      at("text").value = sample;
      drawComposer();
      at("text").focus();
    });
    return button;
  }));
}

/* opening */

async function openAccount(account, address) {
  state.stop();
  state.account = account;
  document.body.dataset.persona = account.persona;
  const [citizens, now] = await Promise.all([api.citizens(account.base), api.since(account.base, Number.MAX_SAFE_INTEGER)]);
  if (state.account !== account) return;
  state.citizens = citizens;
  drawTabs();
  state.stop = follow(account.base, now.seq, receive);
  await openCitizen(state.citizens.find((citizen) => citizen.address === address) ?? state.citizens[0]);
}

async function openCitizen(citizen) {
  if (!citizen) return;
  state.citizen = citizen;
  state.unread.delete(citizen.address);
  waitForAnswer(false);
  history.replaceState(null, "", `#${state.account.account}/${citizen.address}`);
  drawCitizens();
  drawChat();
  const { messages } = await api.messages(state.account.base, citizen.address);
  messages.forEach((message) => conversation(citizen.address).set(keyOf(message), message));
  if (state.citizen === citizen) drawChat();
}

/* what comes */

function receive(record) {
  if (record.type === "citizen") {
    api.citizens(state.account.base).then((citizens) => { state.citizens = citizens; drawCitizens(); }, () => {});
    return;
  }
  conversation(record.address).set(keyOf(record), record);
  const citizen = state.citizens.find((each) => each.address === record.address);
  if (citizen) citizen.last = record;
  if (record.address === state.citizen?.address) {
    if (record.type === "out") waitForAnswer(false);
    drawChat();
  } else if (record.type === "out") {
    state.unread.set(record.address, (state.unread.get(record.address) ?? 0) + 1);
  }
  drawCitizens();
}

function waitForAnswer(yes) {
  clearTimeout(state.typingTimer);
  state.typingUntil = yes ? Date.now() + TYPING_MS : 0;
  if (yes) state.typingTimer = setTimeout(drawChat, TYPING_MS + 50);
}

/* what goes */

function say(content) {
  const id = crypto.randomUUID ? crypto.randomUUID() : `m-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  return deliver({ type: "in", id, address: state.citizen.address, at: new Date().toISOString(), base: state.account.base, ...content });
}

async function deliver(message) {
  const said = conversation(message.address);
  said.set(keyOf(message), { ...message, state: "waiting" });
  if (!message.event) waitForAnswer(true);
  drawChat();
  const { id, address, kind, text, picture, place, event } = message;
  try {
    await api.send(message.base, { id, address, kind, text, picture, place, event });
    // the journal's own record, when it came first, wins
    if (said.get(keyOf(message)).state === "waiting") said.set(keyOf(message), { ...message, state: undefined });
  } catch (error) {
    waitForAnswer(false);
    said.set(keyOf(message), { ...message, state: "failed", problem: error.message });
  }
  drawChat();
}

async function sendPhoto(file) {
  try {
    const { picture } = await api.keepPicture(state.account.base, file);
    await say({ kind: "image", picture });
  } catch (error) {
    at("subtitle").textContent = error.message;
  }
}

/* wiring */

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value;
  if (!text.trim()) return;
  at("text").value = "";
  drawComposer();
  say({ kind: "text", text });
});
at("text").addEventListener("input", drawComposer);
at("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("composer").requestSubmit();
});
at("more").addEventListener("click", () => {
  at("panel").hidden = !at("panel").hidden;
  at("more").setAttribute("aria-expanded", String(!at("panel").hidden));
  at("messages").scrollTop = at("messages").scrollHeight;
});
at("photo").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) sendPhoto(file);
});
at("place").addEventListener("click", () => {
  const makeButton = (place) => {
    const button = element("button");
    button.type = "button";
    button.append(icon("place"), place.label);
    return button;
  };
  choosePlace(state.places, makeButton, (place) => say({ kind: "location", place }));
});
at("follow").addEventListener("click", () => {
  const event = at("follow-label").textContent === "关注" ? "subscribe" : "unsubscribe";
  say({ kind: "event", event });
});
at("new-citizen").addEventListener("click", () => ask("citizen", async (data) => {
  const citizen = await api.addCitizen(state.account.base, data);
  state.citizens = await api.citizens(state.account.base);
  document.body.dataset.view = "chat";
  await openCitizen(state.citizens.find((each) => each.address === citizen.address));
  if (state.account.persona === "wechat") await say({ kind: "event", event: "subscribe" });
}));
at("restart").addEventListener("click", () => ask("restart", async () => {
  const citizen = await api.restart(state.account.base, state.citizen.address);
  state.citizens = await api.citizens(state.account.base);
  await openCitizen(state.citizens.find((each) => each.address === citizen.address));
}));
at("back").addEventListener("click", () => { document.body.dataset.view = "list"; drawCitizens(); });

async function begin() {
  const { accounts, places, samples } = await api.settings();
  Object.assign(state, { accounts, places, samples });
  drawSamples();
  const [name, address] = decodeURIComponent(location.hash.slice(1)).split("/");
  const known = accounts.find((account) => account.account === name);
  if (known && address) document.body.dataset.view = "chat";
  await openAccount(known ?? accounts[0], address);
  drawComposer();
}

begin().catch((error) => { at("subtitle").textContent = error.message; });
