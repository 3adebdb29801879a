# The listener waits beside a script for what the controller says. A line asks it to see to it that the time of what runs is
# watched: what is over soon needs no process for that. Where the input ends, time is watched, too, and nothing further
# begins.

c_listen() {
	[ -z "$c_listener" ] || return 0
	c_listener_main=$$
	# What the script has, not what its shell has read for others: only programs are counted.
	if [ -n "${c_runs:-}" ] && c_scratch && [ "$c_dir" != "${cachesmith_room:-}" ]; then
		c_listener_main=
		{ read -r c_listener_main c_rest </proc/self/stat; } 2>/dev/null
	fi
	# By `exec`: where a function is given other outputs, some shells keep the ones from before open beside it.
	(exec <&4 >/dev/null 2>&1 3>&- 4<&- && c_hear) &
	c_listener=$!
	# Programs must not read what is meant for the script.
	exec 4<&-
}

c_hear() {
	trap - EXIT HUP INT TERM PIPE
	while read -r c_word; do
		! c_have c_begin_watch || c_begin_watch
	done
	! c_have c_begin_watch || c_begin_watch
}

# Fails when the script has to end before what comes next.
c_go() { c_lives "$c_listener"; }
