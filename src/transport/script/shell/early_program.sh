# c_may_run_early WORD...: whether a program that looks at the files among its words may run before its turn: nothing can
# hang, and what it looks at are files. From what is none, such as a pipe, it might never return.
c_may_run_early() {
	[ "$c_early" = yes ] && [ "${cachesmith_near:-no}" = yes ] || return 1
	for c_word do
		case $c_word in
		/*) [ -f "$c_word" ] && [ ! -L "$c_word" ] || return 1 ;;
		# Of what lies in the directory where it runs nobody has asked how large it is.
		*) [ ! -e "$c_word" ] || return 1 ;;
		esac
	done
}

# c_run_early NUMBER: runs c_start. What it writes goes straight to the controller.
c_run_early() {
	c_mark program "$1"
	c_mark out
	c_error=$(c_start 2>&1 >&3 3>&-)
	c_code=$?
	if [ -n "$c_error" ]; then
		c_mark err
		printf '%s\n' "$c_error" >&3
	fi
	c_mark program-end "$1" "$c_code" no
}

# c_tell_value NUMBER PROGRAM FILE: tells what a program would say that says what stands in a file of the kernel's, where
# that is one line: the shell reads it for less than a program costs. Fails where it is not, where it cannot be read so (of
# a number, the kernel gives the first digit to whoever asks for one), or where the program is not the system's.
c_tell_value() {
	c_is_systems "$2" || return 1
	c_line='' c_rest=''
	{ IFS= read -r c_line && ! IFS= read -r c_rest; } 2>/dev/null <"$3" || return 1
	[ -z "$c_rest" ] || return 1
	c_mark program "$1"
	c_mark out
	printf '%s\n' "$c_line" >&3
	c_mark program-end "$1" 0 no
}

# c_tell_read NUMBER PROGRAM FILE: leaves a program out that would say what stands in a file of the kernel's, where that has
# been read with the other files, and the program is the system's.
c_tell_read() {
	[ "$c_all_read" = yes ] && c_is_systems "$2" || return 1
	c_mark program-read "$1"
}

# Whether a program's name leads to where the system keeps its own. A path does, or would be no well-known program's.
c_is_systems() {
	case $1 in
	/*)
		[ -x "$1" ]
		return
		;;
	esac
	c_rest=$PATH:
	while [ -n "$c_rest" ]; do
		c_place=${c_rest%%:*}
		c_rest=${c_rest#*:}
		[ -x "${c_place:-.}/$1" ] || continue
		case $c_place in /bin | /usr/bin) return 0 ;; esac
		return 1
	done
	return 1
}

c_early=yes
