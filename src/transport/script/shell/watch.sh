# The watcher ends programs that run out of time. It is begun by the listener, and serves all scripts that share a room.

c_begin_watch() {
	[ -n "$c_dir" ] || return 0
	# One that an earlier script asked for is still there.
	{ read -r c_watcher <"$c_dir/watcher"; } 2>/dev/null && c_lives "$c_watcher" && return
	{
		c_run_watch
		printf '' >"$c_dir/watcher"
	} &
	printf '%s\n' "$!" >"$c_dir/watcher"
}

c_end_watch() {
	c_watcher=
	{ read -r c_watcher <"$c_dir/watcher"; } 2>/dev/null || return 0
	kill -KILL "$c_watcher" 2>/dev/null
	printf '' >"$c_dir/watcher"
}

# It is ended by KILL: what has just been forked may still swallow a TERM with the traps of its parent. It ends by itself
# when the script is gone, whatever ended that one; a program that runs is watched to its end.
# Sleeps in short pieces, so that no long sleep outlives the script.
c_run_watch() {
	c_seen=
	while sleep 1; do
		c_read_watched || [ -d "$c_dir" ] || return
		[ -z "$c_listener_main" ] || kill -0 "$c_listener_main" || { [ -n "$c_word" ] && c_signal 0; } || return
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
		c_read_watched
		[ "$c_word" != "$c_seen" ] || return
	done
}

# The program that runs, which is the last line: lines are only added, because a file that is written anew goes onto the disk
# at once.
c_read_watched() {
	c_line=
	{
		while read -r c_more; do
			c_line=$c_more
		done <"$c_dir/watched"
	} 2>/dev/null
	set -f
	# shellcheck disable=SC2086 # split on purpose
	set -- $c_line
	set +f
	c_word=${1:-} c_child=${2:-} c_seconds=${3:-0} c_leader=${4:-}
	[ -n "$c_line" ]
}
