// Talking to one simulator account. Every call rejects with an Error whose message can be shown.

async function call(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { ...options, signal: AbortSignal.timeout(20000) });
  } catch {
    throw new Error("连不上服务器，请稍后再试");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.reason || `服务器没有收下（${response.status}）`);
  return body;
}

const post = (url, data) =>
  call(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) });

export const settings = () => call("accounts.json");
export const citizens = (base) => call(`${base}/citizens`).then((answer) => answer.citizens);
export const addCitizen = (base, data) => post(`${base}/citizens`, data);
export const restart = (base, address) => post(`${base}/citizens/${encodeURIComponent(address)}/restart`, {});
export const messages = (base, address) => call(`${base}/messages?address=${encodeURIComponent(address)}`);
export const since = (base, after) => call(`${base}/messages?after=${after}`);
export const send = (base, message) => post(`${base}/messages`, message);
export const keepPicture = (base, file) =>
  call(`${base}/pictures`, { method: "POST", headers: { "Content-Type": file.type }, body: file });
export const pictureUrl = (base, ref) => `${base}/pictures/${ref}`;
