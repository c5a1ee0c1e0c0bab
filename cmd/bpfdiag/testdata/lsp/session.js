// A session of an editor with `bpfdiag lsp`, by Microsoft's own implementation of
// the protocol.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL, fileURLToPath } = require("node:url");
const lsp = require("vscode-languageserver-protocol/node");

// What an editor can that can everything but pull.
const capabilities = {
  general: { positionEncodings: ["utf-16"] },
  window: { workDoneProgress: true, showDocument: { support: true } },
  workspace: {
    configuration: true,
    workspaceFolders: true,
    workspaceEdit: { documentChanges: true },
    didChangeWatchedFiles: { dynamicRegistration: true },
    codeLens: { refreshSupport: true },
    inlayHint: { refreshSupport: true },
    textDocumentContent: {},
  },
  textDocument: {
    publishDiagnostics: { relatedInformation: true, codeDescriptionSupport: true, dataSupport: true, tagSupport: { valueSet: [1, 2] }, versionSupport: true },
    codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "source.fixAll"] } }, isPreferredSupport: true },
    hover: { contentFormat: ["markdown"] },
  },
};

class Session {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "bpfdiag-client-"));
    this.published = [];
    this.messages = [];
    this.logs = [];
    this.progress = [];
    this.shown = [];
    this.waiting = [];
    this.documents = new Map();
    this.settings = {};
    this.scoped = {}; // by the URI of a folder
  }

  // start runs the server, or talks to one at a socket, and has it initialized.
  async start({ env = {}, folders = [this.folder], caps = capabilities, options = {}, socket } = {}) {
    this.settings = options;
    let [from, to] = [socket, socket];
    if (socket) {
      this.exited = new Promise((done) => socket.on("close", () => done(0)));
    } else {
      this.run(env);
      [from, to] = [this.server.stdout, this.server.stdin];
    }
    const c = (this.connection = lsp.createProtocolConnection(new lsp.StreamMessageReader(from), new lsp.StreamMessageWriter(to)));
    const note = (list) => (p) => { list.push(p); this.wake(); };
    c.onNotification(lsp.PublishDiagnosticsNotification.type, note(this.published));
    c.onNotification(lsp.ShowMessageNotification.type, note(this.messages));
    c.onNotification(lsp.LogMessageNotification.type, note(this.logs));
    c.onRequest(lsp.WorkDoneProgressCreateRequest.type, ({ token }) => {
      c.onProgress(lsp.WorkDoneProgress.type, token, (value) => note(this.progress)({ token, value }));
    });
    c.onRequest(lsp.ConfigurationRequest.type, ({ items }) => items.map((i) => this.scoped[i.scopeUri] ?? this.settings));
    c.onRequest(lsp.RegistrationRequest.type, note([]));
    c.onRequest(lsp.CodeLensRefreshRequest.type, note([]));
    c.onRequest(lsp.InlayHintRefreshRequest.type, note([]));
    c.onRequest(lsp.DiagnosticRefreshRequest.type, () => { this.refreshed = (this.refreshed ?? 0) + 1; this.wake(); });
    c.onRequest(lsp.ShowDocumentRequest.type, (p) => { note(this.shown)(p); return { success: true }; });
    c.listen();
    this.initialized = await c.sendRequest(lsp.InitializeRequest.type, {
      processId: process.pid, rootUri: null, capabilities: caps, initializationOptions: options,
      workspaceFolders: folders.map((f) => ({ uri: pathToFileURL(f).href, name: path.basename(f) })),
    });
    await c.sendNotification(lsp.InitializedNotification.type, {});
    return this.initialized;
  }

  run(env) {
    this.server = spawn(process.env.BPFDIAG_BIN, ["lsp", "--stdio"], { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
    this.exited = new Promise((done) => this.server.on("exit", (code, signal) => done(code ?? signal)));
  }

  wake() {
    for (const w of this.waiting.splice(0)) w();
  }

  // until waits until something holds of what the server has said, and returns it.
  async until(what, holds, seconds = 60) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const found = await holds();
      if (found) return found;
      if (Date.now() > end) throw new Error(`${what} does not come; published: ${JSON.stringify(this.published.slice(-2))}, messages: ${JSON.stringify(this.messages)}, log: ${JSON.stringify(this.logs.slice(-3))}`);
      await Promise.race([new Promise((w) => this.waiting.push(w)), new Promise((w) => setTimeout(w, Math.min(1000, end - Date.now() + 1)).unref())]);
    }
  }

  // open writes a file and opens it.
  async open(name, text, folder = this.folder) {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    const uri = pathToFileURL(file).href;
    this.documents.set(uri, { version: 1, text });
    await this.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type,
      { textDocument: { uri, languageId: "c", version: 1, text } });
    return uri;
  }

  // edit makes edits as an editor does, from the last to the first.
  async edit(uri, edits) {
    const d = this.documents.get(uri);
    const changes = [...edits].reverse();
    d.text = apply(d.text, edits);
    d.version++;
    await this.connection.sendNotification(lsp.DidChangeTextDocumentNotification.type,
      { textDocument: { uri, version: d.version }, contentChanges: changes.map((e) => ({ range: e.range, text: e.newText })) });
  }

  // replace edits the first place where old is in the text.
  async replace(uri, old, text) {
    const d = this.documents.get(uri);
    const at = d.text.indexOf(old);
    if (at < 0) throw new Error(`${old} is not in the text`);
    await this.edit(uri, [{ range: { start: position(d.text, at), end: position(d.text, at + old.length) }, newText: text }]);
  }

  async save(uri) {
    fs.writeFileSync(fileURLToPath(uri), this.documents.get(uri).text);
    await this.connection.sendNotification(lsp.DidSaveTextDocumentNotification.type, { textDocument: { uri } });
  }

  async close(uri) {
    this.documents.delete(uri);
    await this.connection.sendNotification(lsp.DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  // last is what was published last of a file.
  last(uri) {
    return this.published.findLast((p) => p.uri === uri);
  }

  // errors waits for what is published of the document's current version and holds.
  async errors(uri, holds = (list) => list.length > 0) {
    return this.until("diagnostics", () => {
      const p = this.last(uri);
      const list = p?.diagnostics.filter((d) => d.severity === 1);
      return p && p.version === this.documents.get(uri).version && holds(list) ? list : undefined;
    });
  }

  request(type, params, token) {
    return this.connection.sendRequest(type, params, token);
  }

  command(command, ...args) {
    return this.request(lsp.ExecuteCommandRequest.type, { command, arguments: args });
  }

  // actions are the code actions at a range.
  actions(uri, range, only) {
    return this.request(lsp.CodeActionRequest.type, { textDocument: { uri }, range, context: { diagnostics: [], only } });
  }

  // fix waits for a code action with an edit at what is there first of an error.
  fix(uri) {
    return this.until("a fix", async () => {
      const [e] = await this.errors(uri);
      return (await this.actions(uri, e.range)).find((a) => a.edit);
    });
  }

  // take makes the edits of a code action, which have to be of the current version.
  async take(action) {
    for (const change of action.edit.documentChanges) {
      const { uri, version } = change.textDocument;
      if (version !== this.documents.get(uri).version) throw new Error(`edits of version ${version}`);
      await this.edit(uri, change.edits);
    }
  }

  // stop ends the session as an editor does, and returns the exit status.
  async stop() {
    if (!this.server || this.server.exitCode === null && this.server.signalCode === null) {
      await this.connection.sendRequest(lsp.ShutdownRequest.type);
      await this.connection.sendNotification(lsp.ExitNotification.type);
    }
    const status = await this.exited;
    this.connection.dispose();
    fs.rmSync(this.folder, { recursive: true, force: true });
    return status;
  }
}

// position is where an index of a JavaScript string is, in UTF-16 as both count.
function position(text, index) {
  const before = text.slice(0, index).split("\n");
  return { line: before.length - 1, character: before.at(-1).length };
}

function offset(text, p) {
  const lines = text.split("\n");
  return lines.slice(0, p.line).reduce((n, l) => n + l.length + 1, 0) + p.character;
}

// apply makes edits in a text; they are of the text before, and in order.
function apply(text, edits) {
  for (const e of [...edits].reverse()) {
    text = text.slice(0, offset(text, e.range.start)) + e.newText + text.slice(offset(text, e.range.end));
  }
  return text;
}

// under is the text at a range.
function under(text, range) {
  return text.slice(offset(text, range.start), offset(text, range.end));
}

module.exports = { Session, capabilities, lsp, position, offset, apply, under, fileURLToPath, pathToFileURL };
