
# --- the loop ---

pid='' resident=0 live=0 held='' held_defragmentation='' ceiling=0 role='' policy='' ignores=yes defragments=no
used=0 evicted=0 evicted_seen='' evicted_at=0 refuses='' others=0 use=0 limit='' limit_name='' high=0 low=0
pressed=0 purges=0 sheds=0 raises=0 efforts=0 lowest=0 peak=0
now=0 told_short_at=-6000 looked_at=0 looked_around_at=0 written_at=-6000 purged_at=-6000 shed_at=-6000 raised_at=-6000 reported_at=-6000 calm_at=-6000
last_use=0 last_at=0 speed=0 growth=0

# The server is gone, or cannot be asked: what it was told is gone with its process.
detach() {
	pid='' held='' held_defragmentation='' pressed=0 speed=0 last_at=0 use=0 limit=''
	looked_at=-6000
}

# How fast memory grows, bytes a second, and where it will be 0.3 seconds from now.
observe_growth() {
	speed=0
	if [ $last_at -gt 0 ] && [ "$now" -gt $last_at ]; then
		speed=$(((use - last_use) * 100 / (now - last_at)))
	fi
	last_use=$use last_at=$now
	growth=$((growth - growth / 16))
	[ $speed -gt $growth ] && growth=$speed
	[ $growth -lt $((64 * MIB)) ] && growth=$((64 * MIB))
	ahead=$use
	[ $speed -gt 0 ] && ahead=$((use + speed * 3 / 10))
	[ "$use" -gt "$peak" ] && peak=$use
}

turn() {
	clock
	if [ -z "$pid" ]; then
		[ $((now - looked_at)) -ge 200 ] || return 0
		looked_at=$now
		if ! attach; then
			complain "$trouble" "trouble: $(name_of_server) cannot be asked: $trouble"
			pid=''
			enter waiting "it cannot be asked: $trouble"
			[ $((now - written_at)) -ge 1000 ] && write_status
			return 0
		fi
		[ "$lowest" -gt 0 ] || lowest=$planned
		[ "$state" = waiting ] && enter steady 'memory is not short'
		write_status
	fi
	if ! measure; then
		warn "lost: process $pid of $(name_of_server) is gone; waiting for the next"
		detach
		looked_at=$now
		return 0
	fi
	observe_growth
	# Limits may change, other processes come and go, and roles too.
	if [ $((now - looked_around_at)) -ge 3000 ]; then
		looked_around_at=$now
		find_groups
		read_others
		order ''
	elif [ "$use" -ge "$low" ] && [ $((now - others_at)) -ge 200 ]; then
		read_others
		others_at=$now
	fi
	# While there is a child, every page that an eviction touches is copied: the server's own limit is spared until
	# memory is nearly gone.
	short_above=$high
	read_child
	[ -n "$child" ] && short_above=$critical
	if [ "$ahead" -ge "$short_above" ]; then press; else relax; fi
	[ $((now - written_at)) -ge 1000 ] && write_status
	return 0
}

# An eighth of the time in which the fastest growth seen lately would use up the rest, from 0.1 to 1 second.
pause() {
	wait_for=1000
	if [ -n "$pid" ] && [ -n "$limit" ]; then
		wait_for=$(((limit - use) / (growth / 1000 + 1) / 8))
		[ $wait_for -lt 100 ] && wait_for=100
	fi
	if [ $wait_for -ge 1000 ] || [ -n "$whole_seconds" ]; then sleep 1; else sleep "0.$wait_for"; fi
}

# Ends. Where what is held can be given back without memory getting short again, it is; else the last safe value
# stays.
leave() {
	trap '' TERM INT
	clock
	if [ -n "$pid" ] && measure; then
		[ -n "$held_defragmentation" ] && release_effort
		if [ -n "$held" ]; then
			more=$((ceiling - live))
			if [ "$used" -gt 0 ] && [ $resident -gt "$used" ]; then
				portion $more $resident "$used"
				more=$portion
			fi
			if [ $((use + more)) -lt "$high" ] && order "CONFIG SET maxmemory $ceiling"; then
				held=
				tell "stopped: maxmemory is back at $(mib "$live")"
			else
				warn "stopped: maxmemory stays at $(mib "$live") of $(mib "$ceiling"): with more, memory would be short ($(mib "$use") of $(mib "$limit") are used); CONFIG SET maxmemory $ceiling takes it back"
			fi
		else
			tell "stopped: nothing was held"
		fi
	fi
	state=off why='it was stopped'
	write_status
	exit 0
}

if ! read_settings; then
	now=0
	alarm "settings: $settings_file cannot be read or is incomplete"
	exit 78
fi
if ! read_password; then
	alarm "settings: $password_file holds no password"
	exit 78
fi
read_page_size
whole_seconds=
sleep 0.01 2>/dev/null || whole_seconds=yes
others_at=0
looked_at=-6000
trap leave TERM INT
clock
tell "started: guards $(name_of_server), planned maxmemory $(mib "$planned"), floor $(mib "$floor")"
while :; do
	turn
	pause
done
