// Decodes a WeChat voice (AMR) away from the page. The decoder's address stands behind the #; it is
// a module that takes {command: "decode", buffer} and answers {amr: samples at 8 kHz, or null}.
"use strict";

self.module = {};
importScripts(self.location.hash.slice(1));
self.module.exports();
