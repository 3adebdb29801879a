# c_born PID: when a process started, in ticks since the boot. Its own directory is entered first: what is read there
# is this process's, or fails.
c_born() (
	cd "/proc/$1" 2>/dev/null || exit 1
	c_stat=$(cat stat 2>/dev/null) || exit 1
	# The name of a program stands in brackets and may hold anything.
	set -f
	# shellcheck disable=SC2086 # split on purpose
	set -- ${c_stat##*') '}
	[ $# -ge 20 ] && printf '%s\n' "${20}"
)
