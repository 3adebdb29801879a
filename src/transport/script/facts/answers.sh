
	# For use inside $(...), as `limited` is. The password goes along where there is one.
	ask_server() {
		[ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH
		limited 4 "$client" "$@" 2>&1 <<-'EOF'
			INFO all
			ECHO cachesmith-between
			CONFIG GET *
		EOF
	}
	ask_allocator() {
		[ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH
		echo MEMORY MALLOC-STATS | limited 4 "$client" "$@" 2>/dev/null
	}

	# --- running servers: what the kernel knows of them, and what they say ---
	for pid in $servers; do
		put process "$pid"
		uid=
		status=
		while read -r key value rest; do
			case $key in
			Uid:)
				uid=$value
				status="$status$key $value$newline"
				;;
			VmRSS: | VmSwap:) status="$status$key $value$newline" ;;
			esac
		done <"/proc/$pid/status"
		users="$users $uid "
		put status "$status"
		group=
		while read -r line; do
			group="$group$line$newline"
		done <"/proc/$pid/cgroup"
		put group "$group"
		executable=$(readlink "/proc/$pid/exe")
		put executable "$executable"
		# A server writes where it listens over its arguments: `/usr/bin/redis-server 127.0.0.1:6379`.
		title=
		read -r title <"/proc/$pid/cmdline"
		put title "$title"
		socket=
		host=
		port=
		set -f
		for word in $title; do
			case $word in
			unixsocket:/*) socket=${word#unixsocket:} ;;
			*:[0-9]*)
				port=${word##*:}
				host=${word%:*}
				;;
			esac
		done
		set +f
		host=${host#-}
		case $host in '' | '*' | '::*' | :: | 0.0.0.0) host=127.0.0.1 ;; esac
		client=
		for file in "${executable%-server}-cli" /usr/bin/redis-cli /usr/bin/valkey-cli /usr/local/bin/redis-cli \
			/usr/local/bin/valkey-cli; do
			[ -x "$file" ] && [ -f "$file" ] && client=$file && break
		done
		if [ -z "$client" ]; then
			for name in redis-cli valkey-cli; do
				have "$name" && client=$name && break
			done
		fi
		if [ -n "$socket" ]; then
			set -- -s "$socket"
		else
			set -- -h "$host" -p "$port"
		fi
		if [ -z "$client" ]; then
			put unreachable 'there is no redis-cli or valkey-cli on the host'
		elif [ -z "$socket$port" ]; then
			put unreachable 'its process title does not say where it listens'
		else
			REDISCLI_AUTH=
			answer=$(ask_server "$@")
			code=$?
			case $answer in
			*NOAUTH*)
				if [ -n "${c_server_password:-}" ]; then
					# By the environment of the client alone: an argument would be seen by everybody.
					REDISCLI_AUTH=$c_server_password
					answer=$(ask_server "$@")
					code=$?
				fi
				;;
			esac
			if [ "$code" -ge 124 ]; then
				put unreachable 'it did not answer within 4 seconds'
			else
				put answer "$answer"
				# How its allocator works, of some hundred lines about it.
				put quantum "$(ask_allocator "$@" | sed -n 's/^Quantum size: *\([0-9]*\).*/\1/p')"
			fi
			unset REDISCLI_AUTH
		fi
	done
