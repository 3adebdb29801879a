
# --- talking to the server ---

# The client's program, and how it is ended when the server does not answer.
find_client() {
	client_program=$client
	if [ -z "$client_program" ]; then
		for name in redis-cli valkey-cli; do
			if client_program=$(command -v "$name"); then break; fi
		done
	fi
	[ -n "$client_program" ] && command -v "$client_program" >/dev/null
}

# The password reaches the client by its environment: arguments can be seen by everybody on the host.
read_password() {
	[ -n "$password_file" ] || return 0
	REDISCLI_AUTH=
	IFS= read -r REDISCLI_AUTH 2>/dev/null <"$password_file"
	[ -n "$REDISCLI_AUTH" ] || return 1
	VALKEYCLI_AUTH=$REDISCLI_AUTH
	export REDISCLI_AUTH VALKEYCLI_AUTH
}

# talk COMMANDS: sends lines, puts what came back into `answer`. Fails, with the reason in `trouble`, when any of
# them was refused or the server could not be asked.
talk() {
	if ! find_client; then
		trouble='there is no redis-cli or valkey-cli on this host'
		return 1
	fi
	set -- "$1" "$client_program"
	commands=$1
	shift
	# A server with both is asked at its port: a socket may be closed to this process.
	if [ "$port" -gt 0 ]; then
		set -- "$@" -h "$host" -p "$port"
	else
		set -- "$@" -s "$socket"
	fi
	if [ "$tls" = yes ]; then
		set -- "$@" --tls
		[ -n "$tls_ca_file" ] && set -- "$@" --cacert "$tls_ca_file"
		[ -n "$tls_ca_folder" ] && set -- "$@" --cacertdir "$tls_ca_folder"
		[ -n "$tls_certificate" ] && set -- "$@" --cert "$tls_certificate" --key "$tls_key"
	fi
	[ -n "$user" ] && set -- "$@" --user "$user"
	answer=$(printf '%s\n' "$commands" | timeout 5 "$@" 2>&1)
	code=$?
	trouble=
	case $answer in
	*'certificate verify failed'*) trouble='nobody that it is told to trust vouches for its certificate' ;;
	*TLS* | *SSL*) trouble="no TLS with it: $answer" ;;
	*'Could not connect'*) trouble='it does not accept connections' ;;
	*NOAUTH* | *WRONGPASS* | *'AUTH failed'*) trouble='it wants another password' ;;
	*NOPERM*) trouble='the account may not do what the guard has to' ;;
	*LOADING*) trouble='it is loading its data' ;;
	*BUSY*) trouble='a script keeps it busy' ;;
	*'max number of clients'*) trouble='it has as many clients as it takes' ;;
	*'ERR '* | *'(error)'*) trouble="it refused: $answer" ;;
	esac
	[ -z "$trouble" ] && [ $code -ge 124 ] && trouble='it did not answer within 5 seconds'
	[ -z "$trouble" ] && [ $code -ne 0 ] && trouble="the client ended with $code"
	# A refusal may repeat what was sent, over several lines.
	trouble=${trouble%%"$newline"*}
	[ -z "$trouble" ]
}

LOOK='CONFIG GET *maxmemory*
INFO memory
INFO replication
INFO stats'

# Reads what LOOK brought. Names and values of CONFIG GET are lines in turn, none of those asked for is empty.
take_in() {
	said_before='' said_live='' said_used=''
	uncounted=0 allocated=0 active=0 held_by_allocator=0
	previous=
	set -f
	IFS=$newline
	for line in $answer; do
		line=${line%"$return_character"}
		case $line in
		used_memory:*) said_used=${line#*:} ;;
		mem_not_counted_for_evict:*) uncounted=${line#*:} ;;
		allocator_allocated:*) allocated=${line#*:} ;;
		allocator_active:*) active=${line#*:} ;;
		allocator_resident:*) held_by_allocator=${line#*:} ;;
		evicted_keys:*) evicted=${line#*:} ;;
		role:*) role=${line#*:} ;;
		process_id:*) told_pid=${line#*:} ;;
		*)
			case $previous in
			maxmemory)
				[ -n "$said_before" ] || said_before=$line
				said_live=$line
				;;
			maxmemory-policy) policy=$line ;;
			replica-ignore-maxmemory | slave-ignore-maxmemory) ignores=$line ;;
			activedefrag) defragments=$line ;;
			active-defrag-cycle-min) cycle_min=$line ;;
			active-defrag-cycle-max) cycle_max=$line ;;
			active-defrag-threshold-lower) threshold_lower=$line ;;
			active-defrag-threshold-upper) threshold_upper=$line ;;
			esac
			;;
		esac
		previous=$line
	done
	unset IFS
	set +f
	[ -n "$said_live" ] && [ -n "$said_used" ] || return 1
	case $said_used$uncounted$allocated$active$held_by_allocator$evicted$said_live in
	*[!0-9]*) return 1 ;;
	esac
	used=$((said_used - uncounted))
	[ $used -gt 0 ]
}

# Whether lowering `maxmemory` makes room here, and if not, why.
may_shed() {
	no_shed=
	if [ "$role" = slave ] && [ "$ignores" != no ]; then
		no_shed='it is a replica, and its primary evicts for it'
	elif [ "$policy" = noeviction ]; then
		no_shed='its policy is noeviction: it would refuse writes instead of evicting'
	elif [ -n "$refuses" ]; then
		no_shed="nothing can be evicted under $policy: it would refuse writes"
	fi
	[ -z "$no_shed" ]
}

# attach: finds the server's process and what is set, and what of it an earlier guard held.
attach() {
	told_pid=''
	talk "INFO server
CONFIG GET active*defrag*
$LOOK" || return 1
	if ! take_in || ! finite "$told_pid"; then
		trouble='what it says of itself is not understood'
		return 1
	fi
	pid=$told_pid
	if ! read_resident; then
		trouble="its process $pid is not visible from here"
		return 1
	fi
	live=$said_live
	ceiling=$planned
	refuses=
	held_defragmentation=
	adopt
	if [ "$live" -ne "$planned" ] && [ -z "$held" ]; then
		if [ "$live" -eq 0 ]; then
			warn "found: $(name_of_server) has no maxmemory; $(mib "$planned") was planned, and is what it gets when memory is short"
		else
			warn "found: $(name_of_server) has a maxmemory of $(mib "$live") that somebody else has set, $(mib "$planned") was planned; it is kept"
			ceiling=$live
		fi
	fi
	find_groups
	read_others
	looked_at=$now looked_around_at=$now
	tell "attached: $(name_of_server), process $pid, role $role, maxmemory $(mib "$live"), policy $policy"
}

name_of_server() {
	if [ "$port" -gt 0 ]; then printf '%s:%s' "$host" "$port"; else printf '%s' "$socket"; fi
}
