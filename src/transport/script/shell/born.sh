# c_find_born PID: c_born_at, when a process began in ticks since the boot; empty where there is none, or only its number is
# left because nobody asked how it ended. Starts no program.
c_find_born() {
	c_born_at=''
	c_line=''
	# The name of a program stands in brackets and may hold anything, also an end of line.
	{
		while read -r c_more; do
			c_line=$c_more
		done <"/proc/$1/stat"
	} 2>/dev/null
	set -f
	# shellcheck disable=SC2086 # split on purpose
	set -- ${c_line##*') '}
	set +f
	case ${1:-Z} in
	Z | X) ;;
	*) [ $# -lt 20 ] || c_born_at=${20} ;;
	esac
}
