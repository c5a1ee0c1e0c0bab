import * as vscode from 'vscode';
import type { Location } from 'vscode-languageclient';

// Step is a place on the way to an error.
interface Step {
	location: Location;
	text: string;
	primary?: boolean;
}

// showPath lists the places that led to an error, in their order, and goes to
// the one that is looked at. Whoever closes the list is taken back.
export async function showPath(steps: Step[]): Promise<void> {
	const before = vscode.window.activeTextEditor;
	const place = before?.selection;
	const list = vscode.window.createQuickPick<vscode.QuickPickItem & { step: Step }>();
	list.title = 'The path to this error';
	list.matchOnDescription = true;
	list.items = steps.map((step) => ({
		step,
		label: `$(${step.primary ? 'error' : 'arrow-small-right'}) ${step.text}`,
		description: `${vscode.Uri.parse(step.location.uri).path.split('/').pop()}:${step.location.range.start.line + 1}`,
	}));
	let taken = false;
	list.onDidChangeActive(([item]) => item && show(item.step.location, true));
	list.onDidAccept(async () => {
		taken = true;
		const [item] = list.activeItems;
		list.hide();
		if (item) {
			await show(item.step.location, false);
		}
	});
	await new Promise<void>((closed) => {
		list.onDidHide(() => closed());
		list.show();
	});
	list.dispose();
	if (!taken && before && place) {
		await vscode.window.showTextDocument(before.document, { selection: place, viewColumn: before.viewColumn });
	}
}

async function show(location: Location, preview: boolean): Promise<void> {
	const { start, end } = location.range;
	await vscode.window.showTextDocument(vscode.Uri.parse(location.uri), {
		selection: new vscode.Range(start.line, start.character, end.line, end.character),
		preserveFocus: preview,
		preview,
	});
}
