c_moved() {
	c_status=guard
	c_error=$1
	return 1
}

c_guard_absent() {
	if [ -e "$1" ] || [ -L "$1" ]; then
		c_moved "$1 exists now"
	fi
}

c_guard_exists() {
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		c_moved "$1 is no longer there"
	fi
}

# c_guard_sha256 PATH SHA256
c_guard_sha256() {
	if [ ! -f "$1" ]; then
		c_moved "$1 is no longer a file"
		return 1
	fi
	if ! c_have sha256sum; then
		c_fail "the host has no sha256sum program (coreutils or busybox), which every check of a file needs"
		return 1
	fi
	c_said=$(sha256sum <"$1" 2>/dev/null)
	[ "${c_said%% *}" = "$2" ] || c_moved "$1 has changed since it was looked at"
}

# c_guard_kernel PATH VALUE
c_guard_kernel() {
	c_said=$(head -c 65536 "$1" 2>/dev/null)
	c_fold
	[ "$c_said" = "$2" ] || c_moved "$1 is '$c_said' now, it was '$2' when it was looked at"
}

# Folds white space in c_said; of a switch (always [madvise] never) only the chosen word stays.
c_fold() {
	set -f
	# shellcheck disable=SC2086 # split on purpose
	set -- $c_said
	set +f
	c_said=$*
	case $c_said in
	*'['*']'*)
		c_said=${c_said#*'['}
		c_said=${c_said%%']'*}
		;;
	esac
}

# c_guard_process UNIT PID STARTED
c_guard_process() {
	c_said=$(c_limit 20 systemctl show --property=MainPID "$1" 2>/dev/null)
	c_find_born "$2"
	if [ "$c_said" != "MainPID=$2" ] || [ "$c_born_at" != "$3" ]; then
		c_moved "$1 runs another process than it did when it was looked at"
	fi
}
