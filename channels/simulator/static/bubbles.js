// One conversation as elements. Text is only ever set as text.

import { pictureUrl } from "./api.js";
import { when } from "./time.js";

const TONES = 6;
const GAP_MS = 5 * 60 * 1000;
const EVENTS = { subscribe: "已关注公众号", unsubscribe: "已取消关注" };
const HINTS = {
  wechat: "说说您遇到的事：什么事、在哪里。\n也可以发照片和位置。",
  sms: "发条短信说说您遇到的事：\n什么事、在哪里。",
};

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function avatar(citizen) {
  const tone = [...citizen.name].reduce((sum, c) => sum + c.codePointAt(0), 0) % TONES;
  const made = element("span", `avatar tone-${tone}`, [...citizen.name].slice(0, 1).join(""));
  made.setAttribute("aria-hidden", "true");
  return made;
}

function officeAvatar() {
  const made = element("span", "avatar office");
  const image = element("img");
  image.src = "icon.svg";
  image.alt = "";
  made.append(image);
  return made;
}

function content(message, base, onPicture) {
  if (message.picture) {
    const bubble = element("div", "bubble photo");
    const open = element("button");
    open.type = "button";
    open.setAttribute("aria-label", "看大图");
    const image = element("img");
    image.src = message.preview || pictureUrl(base, message.picture);
    image.alt = "照片";
    open.append(image);
    open.addEventListener("click", () => onPicture(image.src));
    bubble.append(open);
    return bubble;
  }
  if (message.place) {
    const bubble = element("div", "bubble spot");
    bubble.append(element("strong", "", message.place.label || "我的位置"));
    bubble.append(element("small", "", `${message.place.latitude.toFixed(4)}, ${message.place.longitude.toFixed(4)}`));
    const map = element("div", "map");
    map.append(icon("place"));
    bubble.append(map);
    return bubble;
  }
  return element("div", "bubble", message.text || "");
}

function row(message, { base, citizen, onPicture, onResend }) {
  const mine = message.type === "in";
  const item = element("li", mine ? "message mine" : "message");
  item.append(mine ? avatar(citizen) : officeAvatar(), content(message, base, onPicture));
  if (message.state === "waiting") item.append(element("span", "state waiting"));
  if (message.state === "failed") {
    const again = element("button", "state failed", "!");
    again.type = "button";
    again.title = message.problem;
    again.setAttribute("aria-label", `没有发出：${message.problem}。点这里重发`);
    again.addEventListener("click", () => onResend(message));
    item.append(again);
  }
  return item;
}

/** Fill `list` with `messages` (in order of time). */
export function render(list, messages, context) {
  const rows = [];
  let before = 0;
  for (const message of messages) {
    const at = Date.parse(message.at);
    if (at - before > GAP_MS) rows.push(element("li", "time", when(message.at)));
    before = at;
    rows.push(message.event ? element("li", "system", EVENTS[message.event]) : row(message, context));
  }
  if (!messages.length) rows.push(element("li", "empty", HINTS[context.persona]));
  if (context.typing) {
    const item = element("li", "message typing");
    const dots = element("div", "bubble");
    dots.setAttribute("aria-label", "对方正在输入");
    dots.append(element("i"), element("i"), element("i"));
    item.append(officeAvatar(), dots);
    rows.push(item);
  }
  list.replaceChildren(...rows);
  list.querySelector(".empty")?.style.setProperty("white-space", "pre-line");
  list.scrollTop = list.scrollHeight;
  for (const image of list.querySelectorAll("img")) {
    image.addEventListener("load", () => { list.scrollTop = list.scrollHeight; }, { once: true });
  }
}

/** What the list of people shows of a message. */
export function summary(message) {
  if (!message) return "还没有聊过";
  if (message.picture) return "[照片]";
  if (message.place) return `[位置] ${message.place.label}`;
  return message.event ? EVENTS[message.event] : message.text.replace(/\s+/g, " ");
}
