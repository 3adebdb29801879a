# Frames: everything that the controller reads starts with a line that begins with the nonce.
c_mark() { printf '%s %s\n' "$c_nonce" "$*" >&3; }

c_have() { command -v "$1" >/dev/null 2>&1; }

# c_lives PID: whether a process is there, and is none that has ended and that nobody took away yet. What stands in `status`
# before the state is short.
c_lives() {
	kill -0 "$1" 2>/dev/null || return 1
	# One that has ended has no program any more.
	[ ! -e "/proc/$1/exe" ] || return 0
	c_state=
	{
		while [ -z "$c_state" ] && read -r c_key c_value; do
			[ "$c_key" != State: ] || c_state=$c_value
		done <"/proc/$1/status"
	} 2>/dev/null
	case $c_state in
	Z*) return 1 ;;
	esac
}

# Ends what runs and removes what was made; for signals and for the end of the script.
c_clean() {
	# What the listener would read further is the next script.
	for c_word in $c_listener $c_limiter; do
		kill -KILL "$c_word" 2>/dev/null
		wait "$c_word" 2>/dev/null
	done
	c_listener='' c_limiter=''
	if [ -n "$c_child" ]; then
		c_signal TERM
		sleep 1
		c_signal KILL
		c_child=
	fi
	if [ -n "$c_new" ]; then
		rm -rf "$c_new" "$c_new-old" 2>/dev/null
		c_new=
	fi
	for c_word in $c_prepared; do
		eval "c_new=\$c_file_$c_word"
		[ -z "$c_new" ] || rm -f "$c_new" 2>/dev/null
	done
	c_prepared='' c_new=''
	if [ -z "$c_dir" ]; then
		:
	elif [ "$c_dir" = "${cachesmith_room:-}" ]; then
		# Other scripts will use it. What was written is nobody's to read.
		for c_word in in $c_told; do
			[ ! -s "$c_dir/$c_word" ] || : >"$c_dir/$c_word"
		done
		[ "$c_runs" -lt 100 ] || : >"$c_dir/watched"
	else
		c_end_watch
		rm -rf "$c_dir" 2>/dev/null
	fi
	c_dir=
}

c_stop() {
	trap - EXIT
	c_clean
	exit 143
}

# Signals the whole process group of the running program, or the program alone where it has none.
c_signal() {
	if [ -n "$c_leader" ]; then
		kill "-$1" "-$c_child" 2>/dev/null
	else
		kill "-$1" "$c_child" 2>/dev/null
	fi
}

c_listener='' c_child='' c_limiter='' c_new='' c_prepared='' c_dir='' c_leader='' c_told=''
trap c_stop HUP INT TERM PIPE
trap c_clean EXIT
