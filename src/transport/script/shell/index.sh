# c_index: the package manager and the age of its index; the newest of all stamps counts.
c_index() {
	c_manager=none
	if c_have apt-get; then
		c_manager=apt
		set -- /var/lib/apt/lists/*_Packages* /var/lib/apt/lists/*Release
		if [ ! -e "$1" ]; then
			shift
			[ -e "$1" ] || set --
		fi
		# The folder changes with every update, the lists only when they are new.
		[ $# -eq 0 ] || set -- /var/lib/apt/lists /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp
	elif c_have dnf; then
		c_manager=dnf
		set -- /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml
	fi
	c_mark index "$c_manager"
	date +%s >&3
	[ $# -eq 0 ] || c_limit 10 stat -c %Y "$@" >&3 2>/dev/null
}
