// Package messages knows every message that the verifiers of the supported
// kernels can print, and the code of the rule that each belongs to.
//
// The knowledge is data: codes.txt lists the codes, messages.txt the messages
// under the code that claims them. Command rules/coverage compares both with
// the sources of kernels.
//
// In a pattern %d stands for a decimal number, %x for a hexadecimal one, %R
// for what the kernel calls a register or an argument ("R1", "arg#0",
// "*(R11-8)"), %s for any text, also none; %% is a percent sign. A line that
// several patterns fit belongs to the one with most literal text, so
// "%R invalid mem access 'scalar'" is a special case of
// "%R invalid mem access '%s'".
package messages
