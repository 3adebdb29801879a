# c_attributes PATH MODE OWNER GROUP: what is empty stays. The owner comes first: changing it clears setuid.
c_attributes() {
	if c_are_root "$3" "$4" && [ -O "$1" ] && [ -G "$1" ]; then
		: # It has them.
	elif [ -n "$3" ] && [ -n "$4" ]; then
		c_do "cannot give $1 to $3:$4" chown "$3:$4" "$1" || return 1
	elif [ -n "$3" ]; then
		c_do "cannot give $1 to $3" chown "$3" "$1" || return 1
	elif [ -n "$4" ]; then
		c_do "cannot give $1 to group $4" chgrp "$4" "$1" || return 1
	fi
	[ -z "$2" ] || c_do "cannot set the mode of $1" chmod "$2" "$1"
}

# c_are_root OWNER GROUP: these are root's, and so are we: root's own file is ours.
c_are_root() {
	case "$1:$2" in
	root:root | 0:0) [ -O /etc/passwd ] && [ -G /etc/passwd ] ;;
	*) return 1 ;;
	esac
}
