# c_limit SECONDS PROGRAM ARGUMENT...: runs a reading program that may hang, for example on a dead mount.
# The code is 137 when it had to be killed.
c_limit() {
	if [ "$c_timeout" = yes ]; then
		timeout -s KILL "$@" 3>&-
		c_limited=$?
		# The timeout of a busybox older than 1.30 takes the seconds for the program.
		if [ "$c_limited" -ne 127 ] || ! c_have "$2"; then
			return "$c_limited"
		fi
		c_timeout=no
	fi
	c_seconds=$1
	shift
	# A background program gets its input from /dev/null unless it is handed over like this.
	{ "$@" <&4 3>&- & } 4<&0
	c_reader=$!
	c_limit_watch >/dev/null 2>&1 3>&- &
	c_limiter=$!
	wait "$c_reader" 2>/dev/null
	c_limited=$?
	kill -KILL "$c_limiter" 2>/dev/null
	wait "$c_limiter" 2>/dev/null
	c_limiter=
	return "$c_limited"
}

# It is ended by KILL: what has just been forked may still swallow a TERM with the traps of its parent.
# Sleeps in short pieces, so that no long sleep outlives the script.
c_limit_watch() {
	while [ "$c_seconds" -gt 0 ]; do
		sleep 1
		c_seconds=$((c_seconds - 1))
	done
	kill -KILL "$c_reader"
}

# c_look SECONDS PROGRAM ARGUMENT...: the same for a program that only looks at files, in a subshell that it takes the
# place of. Where no file server is mounted, nothing can hang.
c_look() {
	if [ "${cachesmith_near:-no}" = yes ]; then
		shift
		exec "$@" 3>&-
	fi
	c_limit "$@"
}

c_timeout=no
c_have timeout && c_timeout=yes
