// Times as a phone shows them, always in Asia/Shanghai.

const ZONE = "Asia/Shanghai";
const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });
const date = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "long", day: "numeric" });
const whole = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE });

const DAY_MS = 86400000;

/** '21:05', '昨天 21:05' or '11月20日 21:05'. */
export function when(at, now = new Date()) {
  const time = new Date(at);
  const day = whole.format(time);
  if (day === whole.format(now)) return clock.format(time);
  if (day === whole.format(new Date(now - DAY_MS))) return `昨天 ${clock.format(time)}`;
  return `${date.format(time)} ${clock.format(time)}`;
}
