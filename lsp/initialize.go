package lsp

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// initialize answers at once: whether there is a kernel is found out later.
func (s *Server) initialize(_ context.Context, p InitializeParams) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = phaseRunning
	s.client = p.Capabilities
	if p.ClientInfo.Name == "Neovim" {
		// Told to ask for diagnostics again, Neovim 0.12 does not ask for those of the
		// buffers that it shows. It is sent them.
		s.client.TextDocument.Diagnostic = nil
	}
	s.encoding = chooseEncoding(p.Capabilities.General.PositionEncodings)
	if settings, err := s.settings.with(p.InitializationOptions); err != nil {
		// It is said when the client may be talked to.
		s.start(func() { s.sayOnce(messageWarning, err.Error()) })
	} else {
		s.initial, s.settings = settings, settings
	}
	for _, f := range p.WorkspaceFolders {
		s.addFolder(f.URI)
	}
	if len(p.WorkspaceFolders) == 0 && p.RootURI != "" {
		s.addFolder(p.RootURI)
	} else if len(p.WorkspaceFolders) == 0 && p.RootPath != "" {
		s.addFolder(uriOf(p.RootPath))
	}
	c := ServerCapabilities{
		PositionEncoding: string(s.encoding),
		TextDocumentSync: TextDocumentSyncOptions{OpenClose: true, Change: 2},
		HoverProvider:    true,
		CodeAction:       CodeActionOptions{CodeActionKinds: []string{kindQuickFix, kindFixAll}},
		InlayHint:        true,
		ExecuteCommand:   ExecuteCommandOptions{Commands: commandNames()},
		Workspace:        ServerWorkspace{WorkspaceFolders: WorkspaceFoldersOptions{Supported: true, ChangeNotifications: true}},
	}
	if s.pulls() {
		c.Diagnostic = &DiagnosticOptions{Identifier: "bpfdiag", InterFileDependencies: true, WorkspaceDiagnostics: true}
	}
	if s.client.Workspace.TextDocumentContent != nil {
		c.Workspace.TextDocumentContent = &TextDocumentContentOptions{Schemes: []string{virtualScheme}}
	}
	return InitializeResult{Capabilities: c, ServerInfo: ServerInfo{Name: "bpfdiag", Version: s.version}}, nil
}

// addFolder is one folder of the workspace. Server.mu is held.
func (s *Server) addFolder(uri DocumentURI) {
	path, err := pathOf(uri)
	if err != nil {
		return
	}
	if path = canonical(path); s.folders[path] != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.folders[path] = cancel
	s.start(func() { s.backend.Watch(ctx, path, s.objectChanged) })
}

// initialized asks the client for what it may be asked for from now on.
func (s *Server) initialized(struct{}) error {
	s.mu.Lock()
	w := s.client.Workspace
	s.mu.Unlock()
	var all []Registration
	if w.DidChangeConfiguration.DynamicRegistration {
		all = append(all, Registration{ID: "configuration", Method: "workspace/didChangeConfiguration",
			RegisterOptions: map[string]any{"section": settingsSection}})
	}
	if w.DidChangeWatchedFiles.DynamicRegistration {
		all = append(all, Registration{ID: "files", Method: "workspace/didChangeWatchedFiles",
			RegisterOptions: DidChangeWatchedFilesOptions{Watchers: []FileSystemWatcher{
				{GlobPattern: "**/*.{c,h}"}, {GlobPattern: "**/{compile_commands.json,.bpfdiag.toml}"},
			}}})
	}
	s.start(func() {
		if len(all) > 0 {
			s.call("client/registerCapability", RegistrationParams{all}, nil)
		}
		s.configure(false)
	})
	return nil
}

// configure reads the settings anew, and begins with them; all says that what is
// verified is to be verified again.
func (s *Server) configure(all bool) {
	s.mu.Lock()
	ask := s.client.Workspace.Configuration
	folders := slices.Sorted(maps.Keys(s.folders))
	s.mu.Unlock()
	if ask {
		items := []ConfigurationItem{{Section: settingsSection}}
		for _, path := range folders {
			items = append(items, ConfigurationItem{ScopeURI: uriOf(path), Section: settingsSection})
		}
		var found []json.RawMessage
		if err := s.call("workspace/configuration", ConfigurationParams{items}, &found); err == nil && len(found) == len(items) {
			s.set(found[0], folders, found[1:])
		}
	}
	s.findUnits(all)
}

// set takes settings over, and those that folders have in their place.
func (s *Server) set(raw json.RawMessage, folders []string, own []json.RawMessage) {
	var errs []error
	s.mu.Lock()
	settings, err := s.initial.with(raw)
	if err != nil {
		settings = s.settings // what was good stays
		errs = append(errs, err)
	}
	s.settings, s.scoped = settings, map[string]Settings{}
	for i, path := range folders {
		of, err := settings.with(own[i])
		if s.scoped[path] = of; err != nil {
			errs = append(errs, err)
		}
	}
	s.mu.Unlock()
	for _, err := range errs {
		s.sayOnce(messageWarning, err.Error())
	}
}
