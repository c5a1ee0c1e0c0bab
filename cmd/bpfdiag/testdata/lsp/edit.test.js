// What a user does with a file: open, edit, save, look, fix.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const { Session, capabilities, lsp, under, position, fileURLToPath } = require("./session");
const { head, licence, nullable, ranges } = require("./programs");

// session runs a test with a server, and ends it in order.
const session = (name, f, options) => test(name, async () => {
  const s = new Session();
  await s.start(options);
  try {
    await f(s);
  } finally {
    assert.equal(await s.stop(), 0);
  }
});

session("an error is shown where it is, and its fix is accepted by the verifier", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  const [e, ...more] = await s.errors(uri);
  assert.deepEqual(more, []);
  assert.equal(e.code, "BPF0101");
  assert.equal(e.source, "bpfdiag");
  assert.equal(under(nullable, e.range), "*count += 1");
  assert.match(e.message, /^`count` may be NULL here\n/);
  assert.match(e.message, /verifier: R\d invalid mem access 'map_value_or_null'/);
  assert.equal(under(nullable, e.relatedInformation[0].location.range), "bpf_map_lookup_elem(&calls, &key)");
  const hint = s.last(uri).diagnostics.find((d) => d.severity === 4);
  assert.equal(hint.message, "returns NULL when there is no element with this key");

  const actions = await s.actions(uri, e.range);
  const fix = actions.find((a) => a.edit);
  assert.equal(fix.isPreferred, true);
  await s.take(fix);
  await s.save(uri);
  await s.errors(uri, (list) => list.length === 0);
  const lenses = await s.request(lsp.CodeLensRequest.type, { textDocument: { uri } });
  assert.match(lenses[0].command.title, /^accepted · \d+ insns · \d+ states? · stack \d+$/);
  assert.equal(under(s.documents.get(uri).text, lenses[0].range), "count_packets");
});

session("a fix is tried behind the scenes, with what is not saved yet", async (s) => {
  const uri = await s.open("a.bpf.c", nullable.replace("*count += 1", "*count += 2"));
  const [e] = await s.errors(uri);
  await s.until("a proof", async () => (await s.actions(uri, e.range)).some((a) => a.edit && a.title === "Check `count` first (verified)"));
});

session("all safe fixes at once", async (s) => {
  const uri = await s.open("a.bpf.c", nullable + nullable.slice(head.length, -licence.length).replaceAll("count_packets", "again"));
  const list = await s.errors(uri, (l) => l.length === 2);
  const whole = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };
  const [all, ...rest] = await s.actions(uri, whole, ["source.fixAll"]);
  assert.deepEqual(rest, []);
  assert.equal(all.kind, "source.fixAll.bpfdiag");
  await s.take(all);
  await s.save(uri);
  await s.errors(uri, (l) => l.length === 0);
  assert.equal(list.length, 2);
});

session("what is typed is verified without being saved", async (s) => {
  const uri = await s.open("a.bpf.c", nullable.replace("*count += 1", "if (count)\n\t\t*count += 1"));
  await s.until("a verdict", async () => (await s.request(lsp.CodeLensRequest.type, { textDocument: { uri } })).length > 0);
  await s.replace(uri, "if (count)", "if (1)");
  await s.errors(uri);
  const saved = fs.readFileSync(fileURLToPath(uri), "utf8");
  assert.match(saved, /if \(count\)/);
});

session("text that does not compile keeps what was known, where it has not changed", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  await s.errors(uri);
  await s.replace(uri, "SEC(\"tc\")", "oops oops\nSEC(\"tc\")"); // above the error
  const [moved] = await s.errors(uri);
  assert.equal(under(s.documents.get(uri).text, moved.range), "*count += 1");
  await s.save(uri);
  await s.until("the compiler's word in the log", () => s.logs.some((l) => /does not compile/.test(l.message)));
  assert.equal(s.messages.length, 0, "the compiler's errors are clangd's");
  assert.equal((await s.errors(uri)).length, 1);
  await s.replace(uri, "*count += 1", "*count += 2"); // the text under it
  await s.errors(uri, (list) => list.length === 0);
});

session("a fix whose lines were edited is not offered", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  const [e] = await s.errors(uri);
  await s.replace(uri, "*count += 1;", "*count += 1; /* oops"); // does not compile, so this stays
  const actions = await s.actions(uri, e.range);
  assert.deepEqual(actions.filter((a) => a.edit), []);
});

session("hover and inlay hints say what the verifier knows", async (s) => {
  const uri = await s.open("a.bpf.c", ranges);
  await s.until("a verdict", async () => (await s.request(lsp.CodeLensRequest.type, { textDocument: { uri } })).length > 0);
  const at = position(ranges, ranges.indexOf("count, length);") + "count, len".length);
  const hover = await s.request(lsp.HoverRequest.type, { textDocument: { uri }, position: at });
  assert.match(hover.contents.value, /^```c\n__u32 length\n```\n\nverifier: 0 to 1500$/);
  const hints = await s.request(lsp.InlayHintRequest.type, { textDocument: { uri }, range: { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } } });
  const labels = hints.map((h) => ranges.split("\n")[h.position.line].slice(0, h.position.character) + h.label);
  assert.ok(labels.some((l) => /length: 0 to 1500$/.test(l)), labels.join("\n"));
});

session("positions count UTF-16 behind an emoji", async (s) => {
  const text = nullable.replace("\t*count += 1;", "\t/* 😀é */ *count += 1;");
  const uri = await s.open("a.bpf.c", text);
  const [e] = await s.errors(uri);
  assert.equal(under(text, e.range), "*count += 1");
  await s.replace(uri, "/* 😀é */", "/* 😀😀 */");
  const [moved] = await s.errors(uri);
  assert.equal(under(s.documents.get(uri).text, moved.range), "*count += 1");
  await s.take(await s.fix(uri)); // from when the line that was edited is verified
  await s.errors(uri, (list) => list.length === 0);
});

session("lines may end in CR LF", async (s) => {
  const text = nullable.replaceAll("\n", "\r\n");
  const uri = await s.open("a.bpf.c", text);
  const [e] = await s.errors(uri);
  assert.equal(under(text, e.range), "*count += 1");
  assert.equal(under(text, e.relatedInformation[0].location.range), "bpf_map_lookup_elem(&calls, &key)");
  await s.replace(uri, "SEC(\"tc\")", "\r\nSEC(\"tc\")");
  await s.take(await s.fix(uri));
  await s.save(uri);
  await s.errors(uri, (list) => list.length === 0);
  assert.equal(s.documents.get(uri).text.replaceAll("\r\n", "").indexOf("\n"), -1);
});

session("positions count bytes if the client does", async (s) => {
  assert.equal(s.initialized.capabilities.positionEncoding, "utf-8");
  const text = nullable.replace("\t*count += 1;", "\t/* 😀é */ *count += 1;");
  const uri = await s.open("a.bpf.c", text);
  const [e] = await s.errors(uri);
  const line = Buffer.from(text.split("\n")[e.range.start.line]);
  assert.equal(line.subarray(e.range.start.character, e.range.end.character).toString(), "*count += 1");
}, { caps: { ...capabilities, general: { positionEncodings: ["utf-8", "utf-16"] } } });

session("a file of 20,000 lines", async (s) => {
  const filler = Array.from({ length: 20000 }, (_, i) => `static int unused_${i} __attribute__((unused));`).join("\n");
  const uri = await s.open("a.bpf.c", filler + "\n" + nullable);
  const [e] = await s.errors(uri);
  assert.equal(under(s.documents.get(uri).text, e.range), "*count += 1");
  for (let i = 0; i < 20; i++) await s.replace(uri, "static", "static ");
  await s.take(await s.fix(uri));
  await s.errors(uri, (list) => list.length === 0);
});

session("an error in a header is shown there, for each program of several objects once", async (s) => {
  const body = nullable.slice(nullable.indexOf("{", nullable.indexOf("count_packets")), -licence.length);
  const header = `${head}\nstatic __always_inline int work(void)\n${body}`;
  const file = path.join(s.folder, "work.h");
  fs.writeFileSync(file, header);
  const one = `#include "work.h"\nSEC("tc")\nint one(struct __sk_buff *skb) { return work(); }\n${licence}`;
  await s.open("one.bpf.c", one);
  await s.open("two.bpf.c", one.replace("one", "two"));
  const uri = await s.open("work.h", header);
  const [e, ...more] = await s.errors(uri);
  assert.deepEqual(more, []);
  assert.equal(under(header, e.range), "*count += 1");
  await s.take((await s.actions(uri, e.range)).find((a) => a.edit)); // both are verified with what was typed
  await s.errors(uri, (list) => list.length === 0);
});

session("a client that pulls is sent nothing, and is told to ask again", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  const pull = (previousResultId) => s.request(lsp.DocumentDiagnosticRequest.type, { textDocument: { uri }, previousResultId });
  await s.until("a refresh", () => s.refreshed > 0);
  const report = await pull();
  assert.equal(report.kind, "full");
  assert.equal(report.items.filter((d) => d.severity === 1).length, 1);
  assert.equal((await pull(report.resultId)).kind, "unchanged");
  assert.deepEqual(s.published, []);
}, { caps: { ...capabilities, workspace: { ...capabilities.workspace, diagnostics: { refreshSupport: true } },
  textDocument: { ...capabilities.textDocument, diagnostic: {} } } });

session("commands explain, show the log and tell the path", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  const [e] = await s.errors(uri);
  const page = await s.command("bpfdiag.explain", e.data);
  assert.equal(page.uri, e.codeDescription.href);
  const content = (u) => s.request(lsp.TextDocumentContentRequest.type, { uri: u });
  assert.match((await content(page.uri)).text, /^# BPF0101/);
  const log = await s.command("bpfdiag.showLog", e.data);
  await s.until("the document", () => s.shown.some((p) => p.uri === log.uri && p.selection.start.line === log.line));
  const lines = (await content(log.uri)).text.split("\n");
  assert.match(lines[log.line], /invalid mem access/);
  const steps = await s.command("bpfdiag.showPath", e.data);
  assert.deepEqual(steps.map((x) => under(nullable, x.location.range)), ["bpf_map_lookup_elem(&calls, &key)", "*count += 1"]);
  assert.match((await s.command("bpfdiag.verify", uri))[0], /^count_packets \(Linux .*\): rejected/);
});

session("a client that knows no virtual documents gets files, which are gone when it ends", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  const [e] = await s.errors(uri);
  const page = fileURLToPath(e.codeDescription.href);
  assert.match(fs.readFileSync(page, "utf8"), /^# BPF0101/);
  const log = fileURLToPath((await s.command("bpfdiag.showLog", e.data)).uri);
  assert.match(fs.readFileSync(log, "utf8"), /invalid mem access/);
  await s.connection.sendRequest(lsp.ShutdownRequest.type);
  await s.connection.sendNotification(lsp.ExitNotification.type);
  await s.exited;
  assert.equal(fs.existsSync(page) || fs.existsSync(log), false);
}, { caps: { ...capabilities, workspace: { ...capabilities.workspace, textDocumentContent: undefined } } });
