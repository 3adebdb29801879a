# c_may_run_early WORD...: whether a program that looks at the files among its arguments may run before its turn. Where a
# file was asked for and is missing, it will be made first; and from what is no file, such as a pipe, or is on a file server,
# it might never return.
c_may_run_early() {
	[ "$c_missing" = no ] && [ "${cachesmith_near:-no}" = yes ] || return 1
	for c_word do
		[ ! -e "$c_word" ] || [ -f "$c_word" ] || return 1
	done
}

c_missing=no
