# A replica takes over from its primary. c_server is the client at the primary, c_peer the one at $c_host and $c_port.
# Servers are written as ADDRESS|PORT, lists of them with spaces between.

# c_failover KEEPER PAUSE SECONDS REPLICAS OTHERS SENTINELS NAME: KEEPER is nobody, sentinel or cluster; PAUSE are the
# seconds that clients may have to wait with their writes, SECONDS those for a replica to have all data. REPLICAS are
# the names of the one that takes over.
c_failover() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_ready || return 1
	c_keeper=$1 c_pause=$2 c_seconds_to_wait=$3 c_names=$4 c_others=$5 c_sentinels=$6 c_name=$7
	c_return=$(printf '\r')
	c_warned=''
	c_wait_for_replica || return 1
	c_to_host=$c_found_host c_to_port=$c_found_port
	c_can_keep || return 1
	"c_hand_over_$c_keeper" || return 1
	c_settle_roles
	{
		printf 'stall %s\n' "$(((c_swapped - c_paused) * 10))"
		printf 'primary %s %s\n' "$c_to_host" "$c_to_port"
		printf '%s' "$c_warned"
	} >"$c_out"
	: >"$c_err"
	c_ran=yes
}

c_warn() {
	c_warned="${c_warned}warning $1
"
}

# Hundredths of a second since the boot, in c_tick.
c_ticks() {
	c_clock
	c_tick=${c_now%.*}${c_now#*.}
}

# Whether $1 seconds after $2 are over.
c_is_late() {
	c_ticks
	[ "$c_tick" -ge $(($2 + $1 * 100)) ]
}

c_at() {
	c_host=${1%|*} c_port=${1##*|}
}

c_ask_server() {
	c_said=$(printf '%s\n' "$1" | c_server 2>/dev/null)
}

c_ask_peer() {
	c_said=$(printf '%s\n' "$1" | c_peer 2>/dev/null)
}

# What INFO replication says, in variables; of the replicas only the one that is meant, and the one that is furthest
# behind.
c_replication() {
	c_role='' c_link='' c_syncing='' c_offset='' c_state='' c_behind=0 c_found_host='' c_found_port='' c_online=''
	set -f
	while IFS=: read -r c_key c_value; do
		c_value=${c_value%"$c_return"}
		case $c_key in
		role) c_role=$c_value ;;
		master_link_status) c_link=$c_value ;;
		master_sync_in_progress) c_syncing=$c_value ;;
		master_repl_offset) c_offset=$c_value ;;
		master_failover_state) c_state=$c_value ;;
		slave[0-9]*)
			for c_word in $c_names; do
				c_at "$c_word"
				case ",$c_value," in
				*",ip=$c_host,port=$c_port,"*)
					c_found_host=$c_host c_found_port=$c_port
					case ",$c_value," in *,state=online,*) c_online=${c_value#*,offset=} ;; esac
					;;
				esac
			done
			;;
		esac
	done <<-END
		$c_said
	END
	set +f
	c_online=${c_online%%,*}
	case $c_online$c_offset in
	*[!0-9]* | '') ;;
	*) [ -z "$c_online" ] || c_behind=$((c_offset - c_online)) ;;
	esac
}

# Until the replica has nearly all data; nobody waits for that.
c_wait_for_replica() {
	c_ticks
	c_begun=$c_tick
	while :; do
		c_ask_server 'INFO replication'
		c_replication
		case $c_role in
		master) ;;
		slave)
			c_moved 'the server is no longer a primary'
			return 1
			;;
		*)
			c_fail "the primary does not tell its role: ${c_said:-it does not answer}"
			return 1
			;;
		esac
		if [ -n "$c_online" ] && [ "$c_behind" -lt 1048576 ]; then
			return 0
		fi
		if c_is_late "$c_seconds_to_wait" "$c_begun"; then
			if [ -z "$c_found_host" ]; then
				c_fail "the replica that was to take over does not follow the primary any more; nothing was changed"
			else
				c_fail "the replica $c_found_host:$c_found_port did not get all data within $c_seconds_to_wait seconds; nothing was changed"
			fi
			return 1
		fi
		sleep 1
	done
}

# The new primary has to know its role after its next start. A Sentinel and a cluster write that themselves.
c_can_keep() {
	c_host=$c_to_host c_port=$c_to_port
	c_ask_peer 'INFO replication'
	case $c_said in
	*role:slave*) ;;
	*)
		c_fail "the replica $c_host:$c_port cannot be asked from its primary's host: ${c_said:-it does not answer}; nothing was changed"
		return 1
		;;
	esac
	[ "$c_keeper" = nobody ] || return 0
	c_ask_peer 'CONFIG REWRITE'
	case $c_said in
	OK | *'without a config file'*) ;;
	*)
		c_fail "the replica $c_host:$c_port cannot write into its configuration file that it is a primary: $c_said; nothing was changed"
		return 1
		;;
	esac
}

# Whether the replica has become the primary; then the time is noted.
c_is_swapped() {
	c_host=$c_to_host c_port=$c_to_port
	c_ask_peer 'INFO replication'
	c_ticks
	case $c_said in *role:master*) c_swapped=$c_tick ;; *) return 1 ;; esac
}

# The primary pauses writes, waits until the replica has them all, and they swap roles.
c_hand_over_nobody() {
	c_ticks
	c_paused=$c_tick
	c_ask_server "FAILOVER TO $c_to_host $c_to_port TIMEOUT $((c_pause * 1000))"
	if [ "$c_said" != OK ]; then
		c_fail "FAILOVER: ${c_said:-the primary does not answer}; nothing was changed"
		return 1
	fi
	while ! c_is_swapped; do
		c_ask_server 'INFO replication'
		c_replication
		if [ "$c_role" = master ] && [ "$c_state" = no-failover ]; then
			c_fail "the replica did not get the last writes within $c_pause seconds, so the primary stays one"
			return 1
		fi
		if c_is_late "$((c_pause + 5))" "$c_paused"; then
			c_ask_server 'FAILOVER ABORT'
			c_fail "the replica did not take over within $((c_pause + 5)) seconds, so it was given up: ${c_said:-the primary does not answer}"
			return 1
		fi
	done
	c_ask_peer 'CONFIG REWRITE'
	case $c_said in
	OK | *'without a config file'*) ;;
	*) c_warn "$c_to_host:$c_to_port cannot write its new role into its configuration file: $c_said" ;;
	esac
}

# A Sentinel does not wait for the last writes: they are paused and waited for here, and the old primary takes none
# until it is a replica.
c_hand_over_sentinel() {
	c_found=''
	set -f
	for c_word in $c_sentinels; do
		c_at "$c_word"
		c_said=$(printf 'SENTINEL CKQUORUM %s\n' "$c_name" | c_sentinel 2>/dev/null)
		case $c_said in OK*) c_found=$c_word && break ;; esac
	done
	set +f
	if [ -z "$c_found" ]; then
		c_fail "no Sentinel can start a failover of $c_name: ${c_said:-none answers}; nothing was changed"
		return 1
	fi
	c_ticks
	c_paused=$c_tick
	c_ask_server "CLIENT PAUSE $((c_pause * 1000)) WRITE"
	if [ "$c_said" != OK ]; then
		c_fail "CLIENT PAUSE: ${c_said:-the primary does not answer}; nothing was changed"
		return 1
	fi
	while :; do
		c_ask_server 'INFO replication'
		c_replication
		if [ -n "$c_online" ] && [ "$c_behind" -le 0 ]; then
			break
		fi
		if c_is_late "$c_pause" "$c_paused"; then
			c_ask_server 'CLIENT UNPAUSE'
			c_fail "the replica did not get the last writes within $c_pause seconds, so the primary stays one"
			return 1
		fi
	done
	c_at "$c_found"
	c_said=$(printf 'SENTINEL FAILOVER %s\n' "$c_name" | c_sentinel 2>/dev/null)
	if [ "$c_said" != OK ]; then
		c_failure="SENTINEL FAILOVER $c_name: ${c_said:-the Sentinel does not answer}; the primary stays one"
		c_ask_server 'CLIENT UNPAUSE'
		c_fail "$c_failure"
		return 1
	fi
	while ! c_is_swapped_among; do
		if c_is_late "$c_pause" "$c_paused"; then
			c_ask_server 'CLIENT UNPAUSE'
			c_fail "Sentinel made no replica a primary within $c_pause seconds; it may do so yet"
			return 1
		fi
	done
	c_ask_server "REPLICAOF $c_to_host $c_to_port"
	[ "$c_said" = OK ] || c_warn "the old primary does not follow the new one yet: $c_said"
	c_ask_server 'CLIENT UNPAUSE'
	c_begun=$c_swapped
	set -f
	for c_word in $c_sentinels; do
		c_at "$c_word"
		while :; do
			c_said=$(printf 'SENTINEL GET-MASTER-ADDR-BY-NAME %s\n' "$c_name" | c_sentinel 2>/dev/null)
			case $c_said in
			"$c_to_host
$c_to_port") break ;;
			esac
			if c_is_late "$c_seconds_to_wait" "$c_begun"; then
				c_warn "the Sentinel $c_host:$c_port does not know the new primary yet"
				break
			fi
			sleep 1
		done
	done
	set +f
}

# A Sentinel chooses by itself: whoever of all replicas is a primary now.
c_is_swapped_among() {
	set -f
	for c_word in $c_names $c_others; do
		c_at "$c_word"
		c_to_host=$c_host c_to_port=$c_port
		if c_is_swapped; then
			set +f
			return 0
		fi
	done
	set +f
	return 1
}

# The replica asks its primary to pause writes, waits until it has them all, and takes over with the cluster's consent.
c_hand_over_cluster() {
	c_host=$c_to_host c_port=$c_to_port
	c_ticks
	c_paused=$c_tick
	c_ask_peer 'CLUSTER FAILOVER'
	if [ "$c_said" != OK ]; then
		c_fail "CLUSTER FAILOVER: ${c_said:-the replica does not answer}; nothing was changed"
		return 1
	fi
	while ! c_is_swapped; do
		if c_is_late "$((c_pause + 5))" "$c_paused"; then
			c_fail "the cluster did not make the replica a primary within $((c_pause + 5)) seconds; its own limit is 5 seconds, so everything stays as it was"
			return 1
		fi
	done
	while :; do
		c_ask_peer 'CLUSTER INFO'
		case $c_said in *cluster_state:ok*) break ;; esac
		if c_is_late "$c_seconds_to_wait" "$c_swapped"; then
			c_warn "the cluster is not whole yet: $(printf '%s' "$c_said" | head -n 1)"
			break
		fi
		sleep 1
	done
}

# The old primary follows the new one and has its data; so do further replicas.
c_settle_roles() {
	if [ "$c_keeper" = nobody ]; then
		set -f
		for c_word in $c_others; do
			c_at "$c_word"
			c_ask_peer "REPLICAOF $c_to_host $c_to_port"
			if [ "$c_said" = OK ]; then
				c_ask_peer 'CONFIG REWRITE'
			else
				c_warn "$c_host:$c_port follows the old primary still: ${c_said:-it does not answer}"
			fi
		done
		set +f
	fi
	while :; do
		c_ask_server 'INFO replication'
		c_replication
		if [ "$c_role" = slave ] && [ "$c_link" = up ] && [ "$c_syncing" != 1 ]; then
			return 0
		fi
		if c_is_late "$c_seconds_to_wait" "$c_swapped"; then
			c_warn "the old primary does not follow the new one yet (its link is ${c_link:-not there})"
			return 0
		fi
		sleep 1
	done
}
