package lsp

import (
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"
)

// cancelRequest ends what a request does; it is answered with an error then.
func (s *Server) cancelRequest(p CancelParams) error {
	var id jsonrpc2.ID
	if err := json.Unmarshal(p.ID, &id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.requests[id.String()]; cancel != nil {
		cancel()
	}
	return nil
}
