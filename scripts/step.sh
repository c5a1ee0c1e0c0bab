# shellcheck shell=bash disable=SC2154
# Sourced: says which step a long run has come to, and how long it took so far.
#   steps=5; step "compile the examples"
step_number=0
step() {
	step_number=$((step_number + 1))
	printf '\n== [%d/%d] %s (%d min %02d s so far)\n' $step_number "$steps" "$1" $((SECONDS / 60)) $((SECONDS % 60))
}
