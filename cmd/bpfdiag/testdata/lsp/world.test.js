// What goes on around an editor: kernels and guests that are not there, objects
// that come and go, several folders, ends in the middle of something.
"use strict";
const assert = require("node:assert");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { test } = require("node:test");
const { Session, lsp, under, pathToFileURL } = require("./session");
const { nullable, divides, slow } = require("./programs");
const { descendants, guests, alive, memory } = require("./machine");

const session = (name, f, options) => test(name, { skip: options?.skip }, async () => {
  const s = new Session();
  try {
    await f(s, await (options?.late ? undefined : s.start(options)));
  } finally {
    assert.equal(await s.stop(), 0);
  }
});

// verifying waits until a guest of the server has worked for a good while, and returns it:
// to boot takes a few hundredths of a second.
const verifying = (s) => s.until("a verification", () =>
  s.progress.some((p) => p.value.kind === "begin") && guests(s.server.pid).find((g) => g.ticks > 30));

// ended waits until the work is given up: the guest that did it is killed.
const ended = (s, guest) => s.until("the end of the work", () =>
  !alive(guest.pid) && s.progress.some((p) => p.value.kind === "end"));

session("a kernel that is missing is said once, with the way out", async (s) => {
  const cache = path.join(s.folder, "empty");
  await s.start({ env: { BPFDIAG_CACHE: cache } });
  const uri = await s.open("a.bpf.c", nullable);
  const said = await s.until("the message", () => s.messages[0]);
  assert.match(said.message, /bpfdiag kernel build/);
  await assert.doesNotReject(s.command("bpfdiag.verify", uri));
  await s.save(uri);
  assert.deepEqual(await s.command("bpfdiag.verify", uri).then((l) => l.map((x) => /not verified/.test(x))), [true]);
  assert.equal(s.messages.length, 1);
  assert.equal(s.last(uri), undefined);
}, { late: true });

session("a guest that is killed is replaced, and nobody notices", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  await s.errors(uri);
  const [guest] = guests(s.server.pid);
  process.kill(guest.pid, "SIGKILL");
  await s.until("its end", () => !alive(guest.pid));
  await s.replace(uri, "*count += 1", "*count += 2");
  const [e] = await s.errors(uri);
  assert.equal(under(s.documents.get(uri).text, e.range), "*count += 2");
  assert.deepEqual(s.messages, []);
  assert.notEqual(guests(s.server.pid)[0].pid, guest.pid);
});

session("a verification can be cancelled, by its request", async (s) => {
  const uri = await s.open("slow.bpf.c", slow);
  const guest = await verifying(s);
  const cancel = new lsp.CancellationTokenSource();
  const command = s.request(lsp.ExecuteCommandRequest.type, { command: "bpfdiag.verify", arguments: [uri] }, cancel.token);
  setTimeout(() => cancel.cancel(), 200);
  await assert.rejects(command, (e) => e.code === lsp.LSPErrorCodes.RequestCancelled);
  await ended(s, guest);
});

session("a verification can be cancelled, by its progress", async (s) => {
  await s.open("slow.bpf.c", slow);
  const guest = await verifying(s);
  const { token, value } = s.progress.find((p) => p.value.kind === "begin");
  assert.equal(value.cancellable, true);
  await s.connection.sendNotification(lsp.WorkDoneProgressCancelNotification.type, { token });
  await ended(s, guest);
  const uri = await s.open("a.bpf.c", nullable); // and the next one is verified
  await s.errors(uri);
});

session("newer text overtakes a verification", async (s) => {
  const uri = await s.open("slow.bpf.c", slow);
  await verifying(s);
  await s.edit(uri, [{ range: { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } }, newText: nullable }]);
  await s.errors(uri);
});

for (const how of ["shutdown", "the end of the connection"]) {
  test(`${how} in the middle of a verification leaves nothing behind`, async () => {
    const s = new Session();
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "bpfdiag-tmp-"));
    await s.start({ env: { TMPDIR: temporary } });
    await s.open("slow.bpf.c", slow);
    await verifying(s);
    const left = descendants(s.server.pid);
    assert.ok(left.length > 0);
    if (how === "shutdown") {
      assert.equal(await s.stop(), 0);
    } else {
      s.server.stdin.end();
      await s.exited;
      await s.stop();
    }
    await s.until("the end of all processes", () => !left.some((p) => alive(p.pid)), 10);
    assert.deepEqual(fs.readdirSync(temporary), []);
    fs.rmdirSync(temporary);
  });
}

// compile makes an object as a build system would.
function compile(source, object) {
  execFileSync(process.env.CLANG, ["-g", "-O2", "--target=bpf", `-I/usr/include/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`, "-c", source, "-o", object + ".new"]);
  fs.renameSync(object + ".new", object);
}

session("an object that something else builds is watched: it comes, changes, and vanishes", async (s) => {
  const source = path.join(s.folder, "built.c"), object = path.join(s.folder, "out", "built.o");
  fs.writeFileSync(path.join(s.folder, ".bpfdiag.toml"), 'objects = ["out/*.o"]\n[compile]\ndatabase = "none"\n');
  fs.writeFileSync(path.join(s.folder, "compile_commands.json"), "[]");
  await s.start();
  // Its source is compiled for the host as far as anybody knows: only the object is of interest.
  fs.writeFileSync(source, nullable);
  const uri = pathToFileURL(source).href;
  fs.mkdirSync(path.dirname(object));
  compile(source, object);
  const list = () => s.last(uri)?.diagnostics.filter((d) => d.severity === 1) ?? [];
  await s.until("its error", () => list().length === 1);
  assert.equal(under(nullable, list()[0].range), "*count += 1");
  fs.writeFileSync(source, nullable.replace("*count += 1", "if (count)\n\t\t*count += 1"));
  compile(source, object);
  await s.until("the end of the error", () => s.last(uri).diagnostics.length === 0);
  fs.writeFileSync(source, nullable);
  compile(source, object);
  await s.until("its error", () => list().length === 1);
  fs.rmSync(object);
  await s.until("the end of what was known", () => s.last(uri).diagnostics.length === 0);
}, { late: true });

session("an object whose sources have changed since says nothing of lines that it does not know", async (s) => {
  const source = path.join(s.folder, "built.c"), object = path.join(s.folder, "built.o");
  fs.writeFileSync(path.join(s.folder, ".bpfdiag.toml"), 'objects = ["built.o"]\n[compile]\ndatabase = "none"\n');
  fs.writeFileSync(source, nullable);
  compile(source, object);
  await s.start();
  const uri = pathToFileURL(source).href;
  await s.until("its error", () => s.last(uri)?.diagnostics.length > 0);
  // The source changes on the disk, and the object does not.
  const changed = nullable.replace("__u32 key = 0;", "__u32 key = 0;\n\t__u32 other = 1;");
  await s.open("built.c", changed);
  fs.utimesSync(object, new Date(), new Date(Date.now() - 1000));
  await s.until("the end of what is not known any more", () => s.last(uri).diagnostics.every((d) => /^\*count|^bpf_map/.test(under(changed, d.range))));
  const lenses = () => s.request(lsp.CodeLensRequest.type, { textDocument: { uri } });
  for (const l of await lenses()) assert.equal(under(changed, l.range), "count_packets");
  compile(source, object);
  await s.until("its error, at its place", () => {
    const list = s.last(uri).diagnostics.filter((d) => d.severity === 1);
    return list.length === 1 && under(changed, list[0].range) === "*count += 1";
  });
}, { late: true });

test("two folders, one of which is closed", async () => {
  const s = new Session();
  const folders = ["one", "two"].map((n) => path.join(s.folder, n));
  for (const f of folders) {
    fs.mkdirSync(f);
    fs.writeFileSync(path.join(f, ".bpfdiag.toml"), 'objects = ["built.o"]\n');
    fs.writeFileSync(path.join(f, "built.c"), nullable);
    compile(path.join(f, "built.c"), path.join(f, "built.o"));
  }
  await s.start({ folders });
  const uris = folders.map((f) => pathToFileURL(path.join(f, "built.c")).href);
  for (const uri of uris) await s.until("an error in each", () => s.last(uri)?.diagnostics.length > 0);
  const folder = { uri: pathToFileURL(folders[0]).href, name: "one" };
  await s.connection.sendNotification(lsp.DidChangeWorkspaceFoldersNotification.type, { event: { added: [], removed: [folder] } });
  await s.until("the closed one's end", () => s.last(uris[0]).diagnostics.length === 0);
  assert.ok(s.last(uris[1]).diagnostics.length > 0);
  await s.connection.sendNotification(lsp.DidChangeWorkspaceFoldersNotification.type, { event: { added: [folder], removed: [] } });
  await s.until("its return", () => s.last(uris[0]).diagnostics.length > 0);
  assert.equal(await s.stop(), 0);
});

session("each folder has its own settings", async (s) => {
  const [one, two] = ["one", "two"].map((n) => path.join(s.folder, n));
  for (const f of [one, two]) fs.mkdirSync(f);
  s.scoped = { [pathToFileURL(two).href]: { hints: false } };
  await s.start({ folders: [one, two] });
  const uris = [await s.open("a.bpf.c", nullable, one), await s.open("a.bpf.c", nullable, two)];
  for (const [i, count] of [2, 1].entries()) {
    await s.until("the error, with hints or without", () => s.last(uris[i])?.diagnostics.length === count);
  }
}, { late: true });

session("no kernel is booted for C that is not for eBPF", async (s) => {
  const uri = await s.open("plain.c", "int main(void) { return 0; }\n");
  await assert.rejects(s.command("bpfdiag.verify", uri), /no eBPF object/);
  assert.deepEqual(guests(s.server.pid), []);
  await s.errors(await s.open("a.bpf.c", nullable));
  assert.equal(guests(s.server.pid).length, 1);
});

session("the compiler's back end", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  await s.errors(uri);
  await s.replace(uri, "*count += 1;", "char room[600]; bpf_probe_read_kernel(room, sizeof(room), count); bpf_probe_read_kernel(room, sizeof(room), room + 1);");
  const [e, ...more] = await s.errors(uri);
  assert.deepEqual(more, []);
  assert.equal(e.code, "BPF0620");
  assert.match(s.documents.get(uri).text.split("\n")[e.range.start.line], /room|count_packets/);
  assert.ok(e.codeDescription.href);
  await s.replace(uri, "600", "60");
  await s.errors(uri, (list) => list.every((d) => d.code !== "BPF0620"));
});

const kernels = process.env.BPFDIAG_TEST_KERNELS.split(" ");

session("each kernel has its verdict", async (s) => {
  const releases = new Set();
  const lenses = async (uri) => {
    const all = await s.request(lsp.CodeLensRequest.type, { textDocument: { uri } });
    return all.map((l) => /^(\S+): (accepted|rejected)/.exec(l.command.title)).filter((m) => m);
  };
  const uri = await s.open("a.bpf.c", nullable);
  const [e, ...more] = await s.errors(uri);
  assert.deepEqual(more, []); // one error, whoever says it
  for (const [, release, verdict] of await lenses(uri)) {
    releases.add(release);
    assert.equal(verdict, "rejected");
    assert.ok(e.message.includes(release), e.message);
  }
  assert.equal(releases.size, kernels.length);
  if (!kernels.includes("6.1")) return;
  fs.writeFileSync(path.join(s.folder, ".bpfdiag.toml"), '[compile]\nflags = ["-mcpu=v4"]\n');
  const differ = await s.open("b.bpf.c", divides);
  const [d] = await s.errors(differ);
  assert.match(d.message, /note: Linux 6\.1\.\d+ rejects this, Linux .* accepts it/);
  for (const [, release, verdict] of await lenses(differ)) {
    assert.equal(verdict, release.startsWith("6.1.") ? "rejected" : "accepted");
  }
}, { options: { kernels }, skip: kernels.length < 2 });

session("a server at a socket has sessions side by side", async (s) => {
  const place = path.join(s.folder, "socket");
  const server = spawn(process.env.BPFDIAG_BIN, ["lsp", "--listen", place], { stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise((done) => server.on("exit", (code, signal) => done(code ?? signal)));
  await s.until("the socket", () => fs.existsSync(place));
  assert.equal(fs.statSync(place).mode & 0o777, 0o600);
  const sessions = [s, new Session()];
  for (const [i, x] of sessions.entries()) {
    await x.start({ socket: net.connect(place) });
    const [e] = await x.errors(await x.open(`${i}.bpf.c`, nullable));
    assert.equal(e.code, "BPF0101");
  }
  assert.equal(await sessions[1].stop(), 0);
  await s.errors(await s.open("again.bpf.c", nullable));
  assert.equal(server.exitCode, null);
  const left = descendants(server.pid);
  server.kill("SIGTERM");
  await ended;
  await s.exited;
  await s.until("the end of all guests", () => !left.some((p) => alive(p.pid)), 10);
  assert.equal(fs.existsSync(place), false);
  s.connection.dispose();
  s.stop = async () => 0;
  fs.rmSync(s.folder, { recursive: true, force: true });
}, { late: true });

session("a hundred saves leave memory and processes as they are", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  await s.errors(uri);
  const use = () => ({ server: memory(s.server.pid), guests: guests(s.server.pid).map((g) => memory(g.pid)) });
  let early;
  for (let i = 0; i < 100; i++) {
    await s.replace(uri, /\*count \+= \d+/.exec(s.documents.get(uri).text)[0], `*count += ${i + 2}`);
    await s.save(uri);
    const [e] = await s.errors(uri);
    assert.equal(under(s.documents.get(uri).text, e.range), `*count += ${i + 2}`);
    if (i === 19) early = use();
  }
  const late = use();
  assert.ok(late.guests.length <= early.guests.length, JSON.stringify([early, late]));
  assert.ok(late.server < early.server + 24 * 1024, JSON.stringify([early, late]));
  // A guest never gives memory back; it goes when it has too much (check.Pool).
  assert.ok(Math.max(...late.guests) < Math.max(...early.guests) + 24 * 1024, JSON.stringify([early, late]));
  await s.until("the end of compilers", () => descendants(s.server.pid).every((p) => p.command.startsWith("bpfdiag-guest")));
  if (process.env.BPFDIAG_LSP_MEMORY) console.log("KiB after 20 and after 100 saves:", JSON.stringify([early, late]));
});

session("settings come from the client, and may change", async (s) => {
  const uri = await s.open("a.bpf.c", nullable);
  await s.errors(uri);
  s.settings = { hints: false };
  await s.connection.sendNotification(lsp.DidChangeConfigurationNotification.type, { settings: null });
  await s.until("the end of the hints", () => s.last(uri).diagnostics.length === 1);
  s.settings = { verify: "sometimes" };
  await s.connection.sendNotification(lsp.DidChangeConfigurationNotification.type, { settings: null });
  assert.match((await s.until("a message", () => s.messages[0])).message, /bpfdiag\.verify/);
});
