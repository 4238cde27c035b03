// Plays WeChat's voices. No browser knows AMR, so it is decoded here and given to the browser's own
// player; the file itself comes by the authorised route and goes nowhere else.
"use strict";

(() => {
  const RATE = 8000;
  const DECODE_MS = 30_000;

  function decoded(decoder, bytes) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(decoder);
      const end = (settle, value) => {
        clearTimeout(patience);
        worker.terminate();
        settle(value);
      };
      const patience = setTimeout(() => end(reject, new Error("too slow")), DECODE_MS);
      worker.onmessage = ({ data }) => {
        if (data.amr && data.amr.length) end(resolve, data.amr);
        else end(reject, new Error("no samples"));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        end(reject, new Error("not decoded"));
      };
      worker.postMessage({ command: "decode", buffer: bytes });
    });
  }

  function wav(samples) {
    const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
    const word = (at, text) => [...text].forEach((one, i) => view.setUint8(at + i, one.charCodeAt(0)));
    word(0, "RIFF");
    view.setUint32(4, 36 + samples.length * 2, true);
    word(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true); // PCM
    view.setUint16(22, 1, true); // one channel
    view.setUint32(24, RATE, true);
    view.setUint32(28, RATE * 2, true);
    view.setUint16(32, 2, true);
    view.setUint16(34, 16, true);
    word(36, "data");
    view.setUint32(40, samples.length * 2, true);
    samples.forEach((one, i) => view.setInt16(44 + i * 2, Math.max(-1, Math.min(1, one)) * 32767, true));
    return new Blob([view], { type: "audio/wav" });
  }

  async function play(button) {
    const status = button.parentElement.querySelector("[role=status]");
    button.disabled = true;
    status.textContent = button.dataset.busy;
    try {
      const answer = await fetch(button.dataset.voice);
      if (!answer.ok) throw new Error(answer.statusText);
      const samples = await decoded(button.dataset.decoder, new Uint8Array(await answer.arrayBuffer()));
      const player = document.createElement("audio");
      player.controls = true;
      player.src = URL.createObjectURL(wav(samples));
      player.setAttribute("aria-label", button.dataset.name);
      button.replaceWith(player);
      status.textContent = "";
      player.focus();
      await player.play();
    } catch (error) {
      // A browser that does not start by itself leaves the player standing there.
      if (button.isConnected) {
        button.disabled = false;
        status.textContent = button.dataset.failed;
      }
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-voice]");
    if (button) play(button);
  });
})();
