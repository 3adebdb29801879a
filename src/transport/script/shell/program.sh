# c_run SECONDS: runs c_start in a process group of its own, from $c_dir/in to $c_out and $c_err.
# Sets c_code (128 and the signal where one ended it) and c_late (yes when it ran out of time). 0 seconds: no limit.
c_run() {
	c_late=no
	c_runs=$((c_runs + 1))
	c_program_id=$c_tag-$c_runs
	c_start <"$c_dir/in" >"$c_out" 2>"$c_err" 3>&- &
	c_child=$!
	[ "$1" -eq 0 ] || c_watch "$1"
	wait "$c_child" 2>/dev/null
	c_code=$?
	if [ "$1" -gt 0 ]; then
		: >"$c_dir/watched"
		c_word=
		read -r c_word <"$c_dir/late"
		[ "$c_word" != "$c_program_id" ] || c_was_late
	fi
	c_child=''
}

# c_watch SECONDS: tells the watcher of the program that runs. One watches all programs of a script, or of all scripts that
# share a room.
c_watch() {
	printf '%s\n' "$c_program_id $c_child $1" >"$c_dir/watched"
	[ -z "$c_watcher" ] || return 0
	if [ "$c_dir" = "${cachesmith_room:-}" ]; then
		c_watcher_of_room
		return
	fi
	c_main=
	{ read -r c_main c_rest </proc/self/stat; } 2>/dev/null
	c_begin_watch
}

# One that an earlier script began is still there, or a new one begins. It is not this script's to end.
c_watcher_of_room() {
	{ read -r c_watcher <"$c_dir/watcher"; } 2>/dev/null && c_lives "$c_watcher" && return
	c_main=$$
	c_begin_watch
	printf '%s\n' "$c_watcher" >"$c_dir/watcher"
}

c_begin_watch() {
	: >"$c_dir/late"
	# By `exec`: where a function is given other outputs, some shells keep the ones from before open beside it.
	(exec >/dev/null 2>&1 3>&- && c_run_watch) &
	c_watcher=$!
}

# Ends what a program left behind that was ended for its time.
c_was_late() {
	c_late=yes
	kill -KILL "$c_watcher" 2>/dev/null
	wait "$c_watcher" 2>/dev/null
	c_watcher=
	rm -f "$c_dir/watcher"
	for c_left in 1 2 3 4 5; do
		c_signal 0 || return 0
		sleep 1
	done
	c_signal KILL
}

# It is ended by KILL: what has just been forked may still swallow a TERM with the traps of its parent. It ends by itself
# when the script is gone, whatever ended that one; a program that runs is watched to its end.
# Sleeps in short pieces, so that no long sleep outlives the script.
c_run_watch() {
	trap - EXIT
	c_seen=
	while sleep 1; do
		c_word=
		{ read -r c_word c_child c_seconds <"$c_dir/watched"; } 2>/dev/null || [ -e "$c_dir/watched" ] || return
		[ -z "$c_main" ] || kill -0 "$c_main" || { [ -n "$c_word" ] && c_signal 0; } || return
		[ -n "$c_word" ] || continue
		if [ "$c_word" != "$c_seen" ]; then
			c_seen=$c_word
			c_left=$c_seconds
			continue
		fi
		c_left=$((c_left - 1))
		[ "$c_left" -le 0 ] || continue
		printf '%s\n' "$c_word" >"$c_dir/late"
		c_signal TERM
		for c_left in 1 2 3 4 5; do
			sleep 1
			c_signal 0 || break
		done
		c_signal KILL
		# It was over in that very moment where another one runs by now.
		c_word=
		{ read -r c_word c_rest <"$c_dir/watched"; } 2>/dev/null
		[ "$c_word" != "$c_seen" ] || return
	done
}

# A directory that nobody else can look into, in the first place that takes a file.
c_scratch() {
	[ -z "$c_dir" ] || return 0
	c_enter_room && return 0
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
	if c_scratch; then
		c_out=$c_dir/out-$c_number-$c_tag c_err=$c_dir/err-$c_number-$c_tag
		return 0
	fi
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

# c_later WORD...: a frame that is told at the end of the script.
c_later() {
	c_frames=$c_frames"$c_nonce $*
"
}

# c_later_file out|err: the same with what a program wrote. What stands between two such files is one, too, so that one
# program can tell all of it.
c_later_file() {
	c_later "$1"
	printf '%s' "$c_frames" >"$c_dir/before-$1-$c_number-$c_tag"
	c_frames=
	c_told="$c_told before-$1-$c_number-$c_tag $1-$c_number-$c_tag"
}

# What the program wrote.
c_output() {
	[ ! -s "$c_out" ] || c_later_file out
	[ ! -s "$c_err" ] || c_later_file err
}

# Tells what was taken down: of each output the beginning. One byte more than the limit tells that there was more.
c_tell() {
	if [ -n "$c_told" ]; then
		# shellcheck disable=SC2086 # split on purpose
		(cd "$c_dir" && exec head -q -c 1048577 $c_told) >&3
	fi
	printf '%s' "$c_frames" >&3
}

c_frames=''
c_runs=0
c_have setsid && c_setsid=setsid
