// The numbered options at the end of a message, as the texts write them: '1 是的', '2. 改地点'.

const OPTION = /^\s*(\d{1,2})\s*[.、．)）:：]?\s*(\S.*)$/;

/** [{number, label}, …] of the last lines of `text`; [] where they are not 1, 2, 3 … */
export function choices(text) {
  const found = [];
  for (const line of text.trimEnd().split("\n").reverse()) {
    const option = OPTION.exec(line);
    if (!option) break;
    found.unshift({ number: Number(option[1]), label: option[2].trim() });
    if (found[0].number === 1) break;
  }
  const counted = found.every((option, index) => option.number === index + 1);
  return counted && found.length > 1 ? found : [];
}
