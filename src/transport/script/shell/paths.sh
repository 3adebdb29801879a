# c_directory PATH MODE OWNER GROUP: made for nobody else at first, then opened.
c_directory() {
	# Nobody but us is to have it: one program does it, for all of the same mode that follow each other.
	c_settling=c_make
	if [ "$2" = "$c_make_mode" ] && c_can_wait "$@"; then
		return
	fi
	# What others wait for may be where it is to stand.
	c_settle || {
		c_status=undone
		return 1
	}
	c_make_mode=$2
	if c_can_wait "$@"; then
		return
	fi
	c_do "cannot make the directory $1" mkdir "$1" || return 1
	c_attributes "$1" "$2" "$3" "$4" || {
		rmdir "$1" 2>/dev/null
		return 1
	}
}

# The same arguments: whether it can be made with those that follow.
c_can_wait() {
	c_have install || return 1
	case $c_making in
	# In one that waits, and is to be root's by its own words.
	*"//${1%/*} root//"*) [ -z "$3$4" ] || c_are_root "$3" "$4" || return 1 ;;
	*"//${1%/*} any//"*) [ -z "$3$4" ] || return 1 ;;
	*)
		[ -d "${1%/*}/" ] || return 1
		c_would_be_ours "$1" "$3" "$4" || return 1
		;;
	esac
	if [ -e "$1" ] || [ -L "$1" ]; then
		return 1
	fi
	c_owned=any
	[ -z "$3$4" ] || c_owned=root
	c_making=$c_making//$1' '$c_owned//
	c_place=$1
	c_waits=yes
}

c_make() {
	c_making=''
	c_said=$(install -d -m "$c_make_mode" "$@" 2>&1 3>&-) && return 0
	c_said="cannot make the directory $1: $c_said"
	return 1
}

# c_would_be_ours PATH OWNER GROUP: what we make at a path has the owner and the group that it is to have.
c_would_be_ours() {
	[ -n "$2$3" ] || return 0
	c_are_root "$2" "$3" && [ ! -g "${1%/*}/" ]
}

# c_link PATH TARGET HARD: made beside its place and renamed, so that there is always one.
c_link() {
	if [ -d "$1" ] && [ ! -L "$1" ]; then
		c_fail "$1 is a directory"
		return 1
	fi
	c_beside "${1%/*}/" files
	if [ "$3" = yes ]; then
		# Renaming one name of a file over another name of it is refused, or leaves both.
		if [ -e "$1" ] && [ "$(stat -L -c %d:%i "$1" 2>/dev/null)" = "$(stat -L -c %d:%i "$2" 2>/dev/null)" ] && [ ! -L "$1" ]; then
			return 0
		fi
		c_new=$c_free-$c_number
		c_do "cannot link $1" ln "$2" "$c_new" || return 1
	else
		c_new=$c_free-$c_number
		c_do "cannot link $1" ln -s -- "$2" "$c_new" || return 1
	fi
	c_do "cannot put the link $1 in place" mv -fT "$c_new" "$1" || return 1
	c_new=
}

c_remove() {
	c_do "cannot remove $1" rm -rf "$1" || return 1
	if [ -e "$1" ] || [ -L "$1" ]; then
		c_fail "$1 is still there"
	fi
}

# c_touch PATH SECONDS: seconds since 1970, or empty for now.
c_touch() {
	umask 022
	if [ -n "$2" ]; then
		c_do "cannot touch $1" touch -d "@$2" "$1"
	else
		c_do "cannot touch $1" touch "$1"
	fi
	c_touched=$?
	umask 077
	return "$c_touched"
}

c_make_mode='' c_making=''
