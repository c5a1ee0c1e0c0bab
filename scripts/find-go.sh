# shellcheck shell=bash disable=SC2034
# Sourced by scripts/go and scripts/setup: which Go builds this module.
#
# Any Go as new as go.mod asks for does. An older one from 1.21 on, which fetches
# the right one through the module proxy, does too, unless its settings say
# GOTOOLCHAIN=local.

go_needed=$(sed -n 's/^go //p' "$(dirname "${BASH_SOURCE[0]}")/../go.mod")
go_cache=${BPFDIAG_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/bpfdiag}/go

# go_folders prints where to look, best first. BPFDIAG_GO_FOLDERS replaces the
# places beside PATH.
go_folders() {
	tr : '\n' <<<"$PATH"
	# shellcheck disable=SC2086 # the patterns are meant to be expanded
	printf '%s\n' ${BPFDIAG_GO_FOLDERS-/usr/local/go/bin /usr/lib/go-*/bin} "$go_cache"/usr/lib/go-*/bin
}

as_new_as() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

new_enough() { as_new_as "$go_needed" "$1"; }
# can_fetch VERSION [GOTOOLCHAIN]
can_fetch() { as_new_as 1.21 "$1" && [ "${2-${GOTOOLCHAIN-}}" != local ]; }

# find_go prints a usable Go, or fails.
find_go() {
	local folder version fetching=
	while read -r folder; do
		if [ ! -x "$folder/go" ] || [ -d "$folder/go" ]; then continue; fi
		# Outside of the module, whose go.mod an old Go may not understand.
		version=$(cd / && GOTOOLCHAIN=local "$folder/go" env GOVERSION 2>/dev/null) || continue
		version=${version#go}
		if new_enough "$version"; then
			echo "$folder/go"
			return
		fi
		if [ -z "$fetching" ] && can_fetch "$version" "$(cd / && "$folder/go" env GOTOOLCHAIN)"; then
			fetching=$folder/go
		fi
	done < <(go_folders)
	[ -n "$fetching" ] && echo "$fetching"
}
