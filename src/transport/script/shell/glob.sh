# c_glob PATH...: what a pattern was expanded to: the names, each ended by NUL, then the contents.
c_glob() {
	for c_word do
		shift
		[ ! -f "$c_word" ] || set -- "$@" "$c_word"
	done
	c_mark glob "$c_number"
	[ $# -gt 0 ] || return 0
	printf '%s\0' "$@" >&3
	c_mark glob-content "$c_number"
	c_error=$(c_look 60 head -v -c 1048577 "$@" 2>&1 >&3)
	c_code=$?
	if [ "$c_code" -ne 0 ]; then
		c_mark glob-error "$c_number" "$c_code"
		printf '%s' "$c_error" >&3
	fi
}
