# c_run SECONDS: runs c_start in a process group of its own, from $c_dir/in to $c_dir/out and $c_dir/err.
# Sets c_code (128 and the signal where one ended it) and c_late (yes when it ran out of time). 0 seconds: no limit.
c_run() {
	c_late=no
	: >"$c_dir/late"
	c_start <"$c_dir/in" >"$c_dir/out" 2>"$c_dir/err" 3>&- &
	c_child=$!
	if [ "$1" -gt 0 ]; then
		c_run_watch "$1" >/dev/null 2>&1 3>&- &
		c_watcher=$!
	fi
	wait "$c_child" 2>/dev/null
	c_code=$?
	if [ -s "$c_dir/late" ]; then
		c_late=yes
		# It still has to end those that the program left behind.
		wait "$c_watcher" 2>/dev/null
	elif [ -n "$c_watcher" ]; then
		kill -KILL "$c_watcher" 2>/dev/null
		wait "$c_watcher" 2>/dev/null
	fi
	c_child='' c_watcher=''
}

# It is ended by KILL: what has just been forked may still swallow a TERM with the traps of its parent.
# Sleeps in short pieces, so that no long sleep outlives the script.
c_run_watch() {
	trap - EXIT
	c_left=$1
	while [ "$c_left" -gt 0 ]; do
		sleep 1
		c_left=$((c_left - 1))
	done
	printf late >"$c_dir/late"
	c_signal TERM
	for c_left in 1 2 3 4 5; do
		sleep 1
		c_signal 0 || return
	done
	c_signal KILL
}

# A directory that nobody else can look into, in the first place that takes a file.
c_scratch() {
	[ -z "$c_dir" ] || return 0
	for c_place in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm /run; do
		c_beside "$c_place/" all
		c_dir=$c_free
		if mkdir "$c_dir" 2>/dev/null; then
			{ printf 'room' >"$c_dir/in"; } 2>/dev/null && return 0
			rm -rf "$c_dir"
		fi
	done
	c_dir=
	return 1
}

# Programs need a place for their output before they may start.
c_ready() {
	c_scratch && return 0
	c_error='there is no place for its output: /tmp, /var/tmp, /dev/shm and /run cannot be written'
	return 1
}

# c_input SIZE: takes what a program will read from a heredoc.
c_input() {
	c_error=$( { head -c "$1" >"$c_dir/in"; } 2>&1 3>&-) && return 0
	c_error="its input cannot be kept for it: $c_error"
	return 1
}

c_input_base64() {
	c_error=$( { base64 -d >"$c_dir/in"; } 2>&1 3>&-) && return 0
	if c_have base64; then
		c_error="its input cannot be kept for it: $c_error"
	else
		c_error='the host has no base64 program, which an input that is not text needs'
	fi
	return 1
}

c_no_input() {
	{ : >"$c_dir/in"; } 2>/dev/null
}

# The beginning of what the program wrote: one byte more than the limit tells that there was more.
c_output() {
	if [ -s "$c_dir/out" ]; then
		c_mark out
		head -c 1048577 <"$c_dir/out" >&3
	fi
	if [ -s "$c_dir/err" ]; then
		c_mark err
		head -c 1048577 <"$c_dir/err" >&3
	fi
}

c_have setsid && c_setsid=setsid
