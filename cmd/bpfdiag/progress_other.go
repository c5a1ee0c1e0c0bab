//go:build !unix

package main

import "os"

// terminalWidth takes nothing for a terminal: the escape sequences of
// progressLine would have to be switched on first.
func terminalWidth(*os.File) int { return 0 }
