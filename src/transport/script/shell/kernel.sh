# c_kernel PATH VALUE EXPECTED: writes a kernel value and reads it back.
c_kernel() {
	if [ ! -e "$1" ]; then
		c_fail "the kernel has no such value: $1 is not there (is its module loaded?)"
		return 1
	fi
	c_said=$( { printf '%s\n' "$2" >"$1"; } 2>&1 3>&-) || {
		case $c_said in
		*'/O error'* | '')
			# This shell keeps the reason to itself: again, with a program that tells it.
			c_said=$( { printf '%s\n' "$2" | cat >"$1"; } 2>&1 3>&-)
			;;
		esac
		case $c_said in
		*'ead-only file system'*) c_fail "read-only ${1%/*}: a host-level setting, which cannot be changed from inside this container" ;;
		*'ermission denied'* | *'not permitted'*)
			if [ "$(id -u)" = 0 ]; then
				c_fail "the kernel does not let root write $1: a host-level setting, which cannot be changed from inside this container"
			else
				c_fail "only root may write $1 (become is off)"
			fi
			;;
		*'nvalid argument'* | *'out of range'*) c_fail "the kernel refuses '$2' for $1: $c_said" ;;
		*) c_fail "cannot write '$2' to $1: $c_said" ;;
		esac
		return 1
	}
	[ -r "$1" ] || return 0
	c_said=$(head -c 65536 "$1" 2>/dev/null) || return 0
	c_fold
	[ "$c_said" = "$3" ] || c_fail "the kernel took '$2' for $1 and holds '$c_said'"
}
