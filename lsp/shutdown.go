package lsp

import (
	"context"
	"io"
)

// shutdown ends all work; compilers and guests are killed.
func (s *Server) shutdown(context.Context, any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = phaseShutdown
	for _, u := range s.units {
		u.stop()
	}
	clear(s.units)
	for _, cancel := range s.requests {
		cancel()
	}
	return nil, nil
}

// exit ends the session.
func (s *Server) exit() {
	s.mu.Lock()
	clean := s.phase == phaseShutdown
	s.mu.Unlock()
	if clean {
		s.end(io.EOF)
	} else {
		s.end(errUnclean)
	}
}
