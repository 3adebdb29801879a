# c_lower TO PERCENT MOST RATE SECONDS: lowers maxmemory to TO bytes, in steps of at most PERCENT of the used memory
# and MOST bytes. The next step comes when the server is below the last one and RATE evictions a second, beside those
# that it had before, have had their time. After SECONDS it stops where it is.
c_lower() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_to=$1 c_percent=$2 c_most=$3 c_rate=$4 c_left=$5
	c_return=$(printf '\r')
	c_measure || return 1
	c_start=$c_evicted
	sleep 1
	c_measure || return 1
	c_usual=$((c_evicted - c_start))
	c_start=$c_evicted
	c_next=$c_limit
	while [ "$c_next" -eq 0 ] || [ "$c_next" -gt "$c_to" ]; do
		c_lower_step || return 1
	done
}

c_lower_step() {
	c_step=$((c_used * c_percent / 100))
	[ "$c_step" -le "$c_most" ] || c_step=$c_most
	[ "$c_step" -ge 1 ] || c_step=1
	# From no limit, or from one far above, it goes at once to what is used.
	if [ "$c_limit" -eq 0 ] || [ "$c_used" -lt "$c_limit" ]; then
		c_next=$((c_used - c_step))
	else
		c_next=$((c_limit - c_step))
	fi
	[ "$c_next" -gt "$c_to" ] || c_next=$c_to
	c_before=$c_evicted
	c_said=$(printf 'CONFIG SET maxmemory %s\n' "$c_next" | c_server 2>/dev/null)
	if [ "$c_said" != OK ]; then
		c_config_refused "CONFIG SET maxmemory $c_next" no
		return 1
	fi
	c_waited=0
	while :; do
		c_measure || return 1
		c_own=$((c_evicted - c_before - c_usual * c_waited))
		# A server at its limit is a little above it between two commands.
		if [ "$c_used" -le $((c_next + c_next / 200)) ] && [ "$c_exceeded" -eq 0 ] &&
			[ "$c_own" -le $((c_rate * c_waited)) ]; then
			return 0
		fi
		if [ "$c_left" -le 0 ]; then
			c_fail "it is stopped at $c_next bytes, for its time is over; the server uses $c_used bytes and has evicted $((c_evicted - c_start)) keys on the way"
			return 1
		fi
		sleep 1
		c_waited=$((c_waited + 1))
		c_left=$((c_left - 1))
	done
}

# What the server uses of its limit, the limit, and how many keys it has evicted. Bytes.
c_measure() {
	c_used='' c_uncounted=0 c_limit='' c_evicted='' c_exceeded=0
	c_said=$(printf 'INFO memory\nINFO stats\n' | c_server 2>/dev/null)
	while IFS=: read -r c_name c_value; do
		c_value=${c_value%"$c_return"}
		case $c_name in
		used_memory) c_used=$c_value ;;
		mem_not_counted_for_evict) c_uncounted=$c_value ;;
		maxmemory) c_limit=$c_value ;;
		evicted_keys) c_evicted=$c_value ;;
		current_eviction_exceeded_time) c_exceeded=$c_value ;;
		esac
	done <<-END
		$c_said
	END
	if [ -z "$c_used" ] || [ -z "$c_limit" ] || [ -z "$c_evicted" ]; then
		c_fail 'the server does not tell what it uses; its limit stays where it is'
		return 1
	fi
	c_used=$((c_used - c_uncounted))
}
