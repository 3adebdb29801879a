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

c_early=yes
