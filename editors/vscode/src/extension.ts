// bpfdiag in VS Code: it starts `bpfdiag lsp`, gives its commands what they are
// about, and shows what they return. All else is the server's and VS Code's.
import * as vscode from 'vscode';
import { LanguageClient, type ExecuteCommandSignature, type LanguageClientOptions } from 'vscode-languageclient/node';

import { showPath } from './path';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
	context.subscriptions.push(
		vscode.commands.registerCommand('bpfdiag.restart', restart),
		vscode.workspace.onDidChangeConfiguration((e) => {
			if (e.affectsConfiguration('bpfdiag.path')) {
				return restart();
			}
		}),
	);
	await start();
}

export async function deactivate(): Promise<void> {
	await stop();
}

async function restart(): Promise<void> {
	await stop();
	await start();
}

// stop ends the server, if one is running: a client whose server did not start
// throws when it is to end.
async function stop(): Promise<void> {
	if (client?.isRunning()) {
		await client.dispose();
	}
}

async function start(): Promise<void> {
	const command = vscode.workspace.getConfiguration('bpfdiag').get<string>('path') || 'bpfdiag';
	const options: LanguageClientOptions = {
		documentSelector: ['c', 'cpp', 'rust'].map((language) => ({ scheme: 'file', language })),
		initializationOptions: vscode.workspace.getConfiguration('bpfdiag'),
		middleware: {
			executeCommand,
			window: {
				// A code's page is Markdown, which VS Code can show as it is meant.
				showDocument: async (params, token, next) => {
					const uri = vscode.Uri.parse(params.uri);
					if (!uri.path.endsWith('.md')) {
						return next(params, token);
					}
					await vscode.commands.executeCommand('markdown.showPreview', uri);
					return { success: true };
				},
			},
		},
	};
	client = new LanguageClient('bpfdiag', 'bpfdiag', { command, args: ['lsp'] }, options);
	try {
		await client.start();
	} catch {
		// The client has said what is wrong; this is the way out.
		const settings = 'Open Settings';
		const chosen = await vscode.window.showWarningMessage(
			`Is bpfdiag installed? It was started as "${command} lsp"; the setting bpfdiag.path names another path.`, settings);
		if (chosen === settings) {
			await vscode.commands.executeCommand('workbench.action.openSettings', 'bpfdiag.path');
		}
	}
}

// executeCommand runs the server's commands. From a code action or a lens they
// have their arguments; from the command palette they are about the place of
// the cursor.
async function executeCommand(command: string, args: unknown[], next: ExecuteCommandSignature): Promise<unknown> {
	if (args.length === 0) {
		const editor = vscode.window.activeTextEditor;
		if (!editor) {
			return;
		}
		const found = command === 'bpfdiag.verify' ? [editor.document.uri.toString()] : await errorNear(editor, command);
		if (!found) {
			return;
		}
		args = found;
	}
	const result: unknown = await next(command, args);
	switch (command) {
		case 'bpfdiag.verify':
			showVerdicts(result as string[]);
			break;
		case 'bpfdiag.showPath':
			await showPath(result as Parameters<typeof showPath>[0]);
			break;
	}
	return result;
}

// errorNear is the argument of a command for an error on the cursor's line or,
// when there is none, anywhere in the file. Every error has a code action with it.
async function errorNear(editor: vscode.TextEditor, command: string): Promise<unknown[] | undefined> {
	const document = editor.document;
	const whole = new vscode.Range(0, 0, document.lineCount, 0);
	for (const range of [document.lineAt(editor.selection.active.line).range, whole]) {
		const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
			'vscode.executeCodeActionProvider', document.uri, range, vscode.CodeActionKind.QuickFix.value);
		const about = actions.map((a) => a.command).filter((c) => c?.command === command);
		if (about.length > 0) {
			const items = about.map((c) => ({ label: c!.title, arguments: c!.arguments }));
			const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items);
			return chosen?.arguments;
		}
	}
	void vscode.window.showInformationMessage('bpfdiag: the verifier has no complaint about this file.');
	return undefined;
}

// showVerdicts shows the verdict on each program, a line each.
function showVerdicts(verdicts: string[]): void {
	if (verdicts.length === 1) {
		void vscode.window.showInformationMessage(verdicts[0]);
		return;
	}
	client?.outputChannel.appendLine(verdicts.join('\n'));
	client?.outputChannel.show(true);
}
