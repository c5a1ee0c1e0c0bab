// Drives VS Code, code-server's, in a headless browser as a person would: opens
// an example, looks at its error, makes the fix, and sees that the verifier
// accepts it. Screenshots of these go to a folder.
//
//   node drive.mjs MODULES VSIX FOLDER FILE SCREENSHOTS
//
// MODULES is the node_modules with code-server and playwright-core. $HOME is a new user's,
// $BPFDIAG the program, $CHROMIUM the browser. What does not come in time is an error.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, vsix, folder, file, screenshots] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");

// patience is how long something may take on a machine that is busy with other things.
const patience = 120_000;

const server = join(modules, "code-server", "lib", "vscode", "out", "server-main.js");
const data = join(process.env.HOME, "code-server");
const folders = ["--user-data-dir", data, "--server-data-dir", data, "--extensions-dir", join(data, "extensions")];

// program is where the extension looks for bpfdiag, which is not there at first.
const program = join(process.env.HOME, "bpfdiag");

mkdirSync(join(data, "User"), { recursive: true });
writeFileSync(join(data, "User", "settings.json"), JSON.stringify({
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.activityBar.location": "hidden",
  "workbench.layoutControl.enabled": false,
  "window.commandCenter": false,
  "window.menuBarVisibility": "hidden",
  "breadcrumbs.enabled": false,
  "chat.commandCenter.enabled": false,
  "editor.minimap.enabled": false,
  "editor.fontFamily": "DejaVu Sans Mono, monospace",
  "git.enabled": false,
  // The editor takes PATH from a login shell.
  "bpfdiag.path": program,
}));

const installed = spawnSync(process.execPath, [server, ...folders, "--install-extension", vsix], { encoding: "utf8" });
if (!/successfully installed/.test(installed.stdout)) {
  throw new Error(`the extension is not installed: ${installed.stdout}${installed.stderr}`);
}

// The server and what it starts are one group, which ends with this program.
const running = spawn(process.execPath, [server, ...folders, "--host", "127.0.0.1", "--port", "0",
  "--without-connection-token", "--accept-server-license-terms"], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
let browser;
async function end(status) {
  await browser?.close().catch(() => {});
  try {
    process.kill(-running.pid);
  } catch {} // it has ended
  process.exit(status);
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => end(1));
}

// listening is the port that the server says.
function listening() {
  return new Promise((resolve, reject) => {
    let said = "";
    running.stdout.on("data", (text) => {
      said += text;
      const port = /listening on (\d+)/.exec(said);
      if (port) {
        resolve(port[1]);
      }
    });
    running.on("exit", () => reject(new Error(`the server has ended: ${said}`)));
  });
}

let page;
const shows = (selector, text) => page.locator(selector, { hasText: text }).first().waitFor({ timeout: patience });
const press = async (...keys) => {
  for (const k of keys) {
    await page.keyboard.press(k);
  }
};

// ask types into the box on top, once it shows what it is for, and takes the first answer.
async function ask(key, text, answer = text) {
  await press(key);
  await page.locator(".quick-input-widget input:focus").first().waitFor({ timeout: patience });
  await page.keyboard.insertText(text);
  await shows(".quick-input-list .monaco-list-row.focused, .quick-input-list .monaco-list-row", answer);
  await press("Enter");
}

const command = (title) => ask("F1", title);

async function goTo(place) {
  await ask("Control+g", place, /Press 'Enter'|Go to line/);
  await page.locator(".quick-input-widget").first().waitFor({ state: "hidden", timeout: patience });
}

// quickFixes opens the list of them. VS Code says that there are none when it happens to ask
// for them by itself, too, for the lightbulb; then it is asked again.
async function quickFixes(awaited) {
  for (const start = Date.now(); ;) {
    await press("Escape", "Control+.");
    try {
      return await awaited.waitFor({ timeout: 5000 });
    } catch (err) {
      if (Date.now() - start > patience) {
        throw err;
      }
    }
  }
}

const back = () => page.locator(".tab", { hasText: file }).click({ timeout: patience });

async function picture(name) {
  await page.mouse.move(500, 600);
  // No cursor blinks, and nothing is on its way.
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(screenshots, name + ".png"), caret: "hide", animations: "disabled" });
}

async function session() {
  const port = await listening();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: false });
  page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`, { timeout: patience });
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: file }).dblclick({ timeout: patience });

  // Without the program it says so, and starts when there is one.
  await shows(".notification-list-item", "Is bpfdiag installed?");
  await command("Notifications: Clear All Notifications");
  symlinkSync(process.env.BPFDIAG, program);
  await command("bpfdiag: Restart the Server");

  // The error, at its place, above the program, and all that is said of it.
  await shows(".codelens-decoration", /rejected \[BPF0101\]/);
  await page.locator(".squiggly-error").first().waitFor({ timeout: patience });
  await goTo("20:2");
  await press("F8");
  await shows(".marker-widget", "used here without a check");
  await picture("vscode-message");
  await press("Escape");

  await command("bpfdiag: Verify This File");
  await shows(".notification-list-item", /count_writes \(Linux .*\): rejected/);
  await command("Notifications: Clear All Notifications");
  await command("bpfdiag: Show the Path to the Error Here");
  await shows(".quick-input-list .monaco-list-row", "returns NULL when there is no element with this key");
  await picture("vscode-path");
  await press("Escape");
  await shows(".statusbar-item", "Ln 20, Col 5"); // back where the cursor was
  await command("bpfdiag: Show the Verifier's Log");
  await shows(".view-line", "R0 invalid mem access 'map_value_or_null'");
  await back();
  await command("bpfdiag: Explain the Error Here");
  await shows(".tab", "Preview BPF0101.md");
  await back();

  await goTo("20:2");
  const fix = page.locator(".action-widget .monaco-list-row", { hasText: "Check `count` first" }).first();
  await quickFixes(fix);
  await picture("vscode-fix");
  await fix.click();
  await shows(".view-line", "if (!count)");
  await press("Control+s");
  await shows(".codelens-decoration", /accepted · \d+ insns · \d+ states? · stack \d+/);
  await page.locator(".squiggly-error").first().waitFor({ state: "detached", timeout: patience });
  await picture("vscode-accepted");
}

try {
  await session();
  await end(0);
} catch (err) {
  console.error(err);
  if (page) {
    await page.screenshot({ path: join(screenshots, "failed.png") }).catch(() => {});
    console.error((await page.locator("body").innerText().catch(() => "")).slice(0, 3000));
  }
  await end(1);
}
