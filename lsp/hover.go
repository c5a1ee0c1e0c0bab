package lsp

import "context"

func (s *Server) hover(context.Context, HoverParams) (any, error) { return nil, nil }

func (s *Server) inlayHint(context.Context, InlayHintParams) (any, error) { return []InlayHint{}, nil }
