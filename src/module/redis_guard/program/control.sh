
# --- the control law (docs/guard.md has the reasons) ---

state=steady
why='memory is not short'
enter() { # STATE WHY
	if [ "$state" != "$1" ]; then
		state=$1 why=$2
		write_status
	fi
	why=$2
}

# order COMMANDS: what was asked of the server, in one conversation with a look at what came of it. Where somebody
# else has set `maxmemory` since the last look, that is the new ceiling.
order() {
	orders=$1
	[ -n "$orders" ] && orders=$orders$newline
	if ! talk "CONFIG GET maxmemory
$orders$LOOK"; then
		complain "$trouble" "trouble: $(name_of_server) cannot be asked: $trouble"
		return 1
	fi
	before=$live
	if ! take_in; then
		complain answers "trouble: what $(name_of_server) says of its memory is not understood"
		return 1
	fi
	looked_at=$now
	live=$said_live
	if [ "$said_before" != "$before" ]; then
		ceiling=$said_before
		[ "$ceiling" -gt 0 ] || ceiling=$planned
		warn "found: somebody else has set maxmemory to $(mib "$said_before"); it is kept, and is what the guard goes back to"
		# What was ordered meanwhile was not meant for this.
		if [ "$live" -gt "$ceiling" ] && talk "CONFIG SET maxmemory $ceiling"; then live=$ceiling; fi
		held=
		[ "$live" -lt "$ceiling" ] && held=yes
	fi
	return 0
}

# What the allocator holds and nobody uses: a purge gives it back. Its own books are left out: 3 to 4.4 MiB of servers of
# 50 to 125 MiB after a purge, and about a 32nd of what is in use of large ones. Servers that do not tell have none.
find_spare() {
	spare=$((held_by_allocator - active - active / 32 - 4 * MIB))
	[ $spare -gt 0 ] || spare=0
}

# Giving back a lot takes a while, and the server does nothing else meanwhile.
wants_purge() {
	[ $((now - purged_at)) -ge 50 ] || return 1
	[ "$held_by_allocator" -eq 0 ] && return 0
	[ $spare -gt $((limit / 200)) ] || return 1
	[ $spare -lt $((2048 * MIB)) ] || [ "$use" -ge "$critical" ]
}

# Makes the server defragment harder, earlier. Only where the build is proven to, and where it is switched on.
wants_effort() {
	[ "$defragmentation" = yes ] && [ "${defragments:-no}" = yes ] && [ -z "$held_defragmentation" ] &&
		[ -n "${cycle_max:-}" ] && [ "$cycle_max" -lt "$effort" ]
}

raise_effort() {
	held_defragmentation="$cycle_min $cycle_max $threshold_lower $threshold_upper"
	orders_effort="CONFIG SET active-defrag-threshold-lower 5
CONFIG SET active-defrag-threshold-upper 20
CONFIG SET active-defrag-cycle-max $effort
CONFIG SET active-defrag-cycle-min 5"
	efforts=$((efforts + 1))
	tell "defragmentation: up to $effort% of a processor; $(mib "$use") of $(mib "$limit") are used ($limit_name)"
}

# Words of `held_defragmentation`: minimum, maximum, lower, upper, as they were.
release_effort() {
	# shellcheck disable=SC2086 # four words
	set -- $held_defragmentation
	if [ $# -eq 4 ] && ! order "CONFIG SET active-defrag-cycle-min $1
CONFIG SET active-defrag-cycle-max $2
CONFIG SET active-defrag-threshold-upper $4
CONFIG SET active-defrag-threshold-lower $3"; then
		return 1
	fi
	held_defragmentation=
	tell "defragmentation: back to what was planned"
}

# The next lower `maxmemory`, or none where it has to be waited for. From what is in use, if that is less: a limit
# that is not reached evicts nothing. Half of what is too much and a purge does not give back, but as much as is evicted
# without a stall: between a 400th and a 100th of the ceiling, up to a 25th where memory is nearly gone.
lower() {
	next=
	base=$live
	if [ "$live" -eq 0 ] || [ "$used" -lt "$live" ]; then base=$used; fi
	least=$((ceiling / 400)) most=$((ceiling / 100))
	if [ "$use" -ge "$critical" ]; then
		most=$((ceiling / 25))
	else
		# The last step is still being carried out.
		[ "$used" -gt $((live + most)) ] && return 1
		[ $((ahead - spare)) -lt "$short_above" ] && return 1
	fi
	step=$(((ahead - spare - short_above) / 2))
	# What does not grow is on its way down already.
	[ $speed -le 0 ] && [ "$use" -lt "$critical" ] && step=0
	[ $step -lt $least ] && step=$least
	[ $step -gt $most ] && step=$most
	next=$((base - step))
	[ $next -lt "$floor" ] && next=$floor
	if [ "$live" -gt 0 ] && [ "$next" -ge "$live" ]; then
		# It is at its floor: nothing is ordered, and nothing is counted or told as done.
		next=
		return 1
	fi
	return 0
}

# The next higher `maxmemory`: a third of the room below the low mark; as much of it as data gets where the limit is
# reached, for resident memory grows by more than that.
higher() {
	step=$(((low - use) / 3))
	if [ "$used" -lt $resident ] && [ "$used" -gt $((live - live / 4)) ]; then
		portion $step "$used" $resident
		step=$portion
	fi
	[ $step -gt $((ceiling / 16)) ] && step=$((ceiling / 16))
	[ $step -lt $((ceiling / 200)) ] && step=$((ceiling / 200))
	next=$((live + step))
	[ "$next" -gt "$ceiling" ] && next=$ceiling
	return 0
}

# Memory is short.
press() {
	orders=
	# A cache that fills is far from where it was seen last: a step from what it had in use then would throw away all
	# that came since. Who cannot be asked cannot be told anything either.
	if [ $((now - looked_at)) -ge 100 ]; then order '' || return 0; fi
	find_spare
	if wants_effort; then
		raise_effort
		orders=$orders_effort
	fi
	if wants_purge; then
		orders="$orders${orders:+$newline}MEMORY PURGE"
		purged_at=$now
		purges=$((purges + 1))
	fi
	next=
	# The cheap means come first; unless there is no time.
	if [ $pressed -gt 0 ] || [ "$use" -ge "$critical" ]; then
		if may_shed; then
			if [ "$share" -lt 100 ] && [ "$use" -lt "$critical" ] && [ $resident -lt $((high * share / 100)) ]; then
				enter defragmenting 'memory is short, but not for this server: it uses less than its share'
			elif lower; then
				held=yes
				shed_at=$now
				enter shedding "$(mib "$use") of $(mib "$limit") are used ($limit_name)"
				orders="$orders${orders:+$newline}CONFIG SET maxmemory $next"
			elif [ "$live" -le "$floor" ] && [ "$live" -gt 0 ]; then
				complain floor "floor: maxmemory is at its floor of $(mib "$floor"), and $(mib "$use") of $(mib "$limit") are still used ($limit_name); something else uses the memory, or the floor is too high"
			fi
		else
			enter purging "memory is short, and maxmemory is not lowered: $no_shed"
			complain "$no_shed" "short: $(mib "$use") of $(mib "$limit") are used ($limit_name), and maxmemory is not lowered: $no_shed"
		fi
	else
		enter purging "$(mib "$use") of $(mib "$limit") are used ($limit_name)"
		if [ $((now - told_short_at)) -ge 3000 ]; then
			told_short_at=$now
			tell "short: $(mib "$use") of $(mib "$limit") are used ($limit_name), $(mib $resident) of them by the server; its maxmemory is $(mib "$live")"
		fi
	fi
	pressed=$((pressed + 1))
	# Roles and sizes are asked again once a second where there is nothing to order.
	[ -n "$orders" ] || return 0
	order "$orders" || return 0
	if [ -n "$next" ]; then
		sheds=$((sheds + 1))
		[ "$live" -lt "$lowest" ] && lowest=$live
		watch_eviction
		write_status
		report "lowering: maxmemory is $(mib "$live") after $sheds steps, data $(mib "$used"), $(mib "$use") of $(mib "$limit") used ($limit_name)"
	fi
}

# Under a `volatile-` policy there may be nothing that can be evicted, and a server over its limit refuses writes.
watch_eviction() {
	if [ "$evicted" != "$evicted_seen" ] || [ "$used" -le "$live" ]; then
		evicted_seen=$evicted
		evicted_at=$now
	elif [ $((now - evicted_at)) -ge 300 ]; then
		refuses=yes
		next=$((used + used / 50))
		[ $next -gt "$ceiling" ] && next=$ceiling
		order "CONFIG SET maxmemory $next" && alarm "stuck: nothing was evicted for 3 seconds; maxmemory is set to $(mib "$live"), above the data, so that writes are taken"
	fi
}

# What happens many times a second is told every 5 seconds.
report() {
	[ $((now - reported_at)) -ge 500 ] || return 0
	reported_at=$now
	tell "$1"
}

# Memory is not short.
relax() {
	[ "$use" -lt $low ] && pressed=0
	if [ -n "$held" ]; then
		# Not while memory grows by more than a hundredth of the limit in a second: the next wave is under way.
		if [ "$use" -lt $low ] && [ $((now - shed_at)) -ge 200 ] && [ $((now - raised_at)) -ge 100 ] &&
			[ $speed -lt $((limit / 100)) ]; then
			higher
			raised_at=$now
			[ "$next" -ge "$ceiling" ] && held=
			if [ "$next" -eq "$live" ] || order "CONFIG SET maxmemory $next"; then
				raises=$((raises + 1))
				if [ -z "$held" ]; then
					tell "calm: maxmemory is back at $(mib "$live"); it was down to $(mib "$lowest")"
					lowest=$planned sheds=0 refuses=
					calm_at=$now
				else
					write_status
					report "raising: maxmemory is $(mib "$live") of $(mib "$ceiling"), $(mib "$use") of $(mib "$limit") used ($limit_name)"
				fi
			else
				held=yes
			fi
		fi
		[ -n "$held" ] && enter recovering "maxmemory is at $(mib "$live") of $(mib "$ceiling"), $(mib "$use") of $(mib "$limit") are used ($limit_name)"
	fi
	if [ "$use" -ge $low ] && wants_effort; then
		raise_effort
		order "$orders_effort"
	fi
	if [ -n "$held_defragmentation" ] && [ -z "$held" ]; then
		if [ "$use" -ge $low ]; then
			calm_at=$now
			enter defragmenting "$(mib "$use") of $(mib "$limit") are used ($limit_name)"
		elif [ $((now - calm_at)) -ge 3000 ]; then
			release_effort
		fi
	fi
	[ -z "$held" ] && [ -z "$held_defragmentation" ] && enter steady 'memory is not short'
	return 0
}
