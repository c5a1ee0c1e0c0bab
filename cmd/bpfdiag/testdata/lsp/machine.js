// What a server has running and lying about, as Linux tells it.
"use strict";
const fs = require("node:fs");

function stat(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = text.lastIndexOf(")");
    const fields = text.slice(end + 2).split(" ");
    return { pid, name: text.slice(text.indexOf("(") + 1, end), state: fields[0], parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined; // it is gone
  }
}

// descendants are the processes below one, with their command lines.
function descendants(pid) {
  const all = fs.readdirSync("/proc").filter((n) => /^\d+$/.test(n)).map((n) => stat(Number(n))).filter((p) => p && p.state !== "Z");
  const found = [];
  for (let parents = new Set([pid]); parents.size > 0; ) {
    const next = all.filter((p) => parents.has(p.parent));
    found.push(...next);
    parents = new Set(next.map((p) => p.pid));
  }
  for (const p of found) {
    try {
      p.command = fs.readFileSync(`/proc/${p.pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    } catch {
      p.command = "";
    }
  }
  return found;
}

const guests = (pid) => descendants(pid).filter((p) => p.command.startsWith("bpfdiag-guest") && stat(p.pid)?.parent === pid);

function alive(pid) {
  const s = stat(pid);
  return s !== undefined && s.state !== "Z";
}

// memory is how many KiB of memory a process has.
function memory(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
}

module.exports = { descendants, guests, alive, memory };
