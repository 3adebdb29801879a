
	ask_allocator() {
		[ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH
		echo MEMORY MALLOC-STATS | limited 4 "$client" "$@" 2>/dev/null
	}

	# --- running servers: what the kernel knows of them, and what they say ---
	# own_file PID: the configuration file of a process's unit.
	own_file() {
		file=
		main=
		while IFS= read -r line; do
			case $line in
			'') file='' main='' ;;
			MainPID=*) main=${line#MainPID=} ;;
			ExecStart=*argv\[\]=*)
				line=${line#*argv\[\]=}
				line=${line#* }
				file=${line%% *}
				;;
			esac
			[ "$main" = "$1" ] && [ -r "$file" ] && break
		done <<-EOF
			$shown
		EOF
		[ "$main" = "$1" ] && [ -r "$file" ]
	}
	# own_password PID: the password in that file, if it is a plain word. It stays on this host.
	own_password() {
		password=
		own_file "$1" || return
		while read -r key value rest; do
			case $key in [Rr][Ee][Qq][Uu][Ii][Rr][Ee][Pp][Aa][Ss][Ss]) ;; *) continue ;; esac
			case $value in
			\"*\")
				value=${value#?}
				value=${value%?}
				;;
			esac
			case $value in *[\"\'\\]*) ;; *) password=$value ;; esac
		done <"$file"
	}
	# own_tls PID PORT: how a process is asked with TLS, by that file: `tls` has lines for who reads the facts, and
	# `over_tls` is set where its title has the port of TLS. A path is as the process has it.
	own_tls() {
		plain=6379 tls_port=0 socket_file='' ca_file='' ca_folder='' certificate='' key='' own_certificate='' own_key=''
		demands=yes over_tls='' tls='' locked=''
		own_file "$1" || return
		while IFS= read -r line; do
			case $line in "$file:"*) line=${line#"$file:"} ;; *) continue ;; esac
			read -r key_word value <<-END
				$line
			END
			value=${value%"${value##*[![:space:]]}"}
			value=${value#[\"\']}
			value=${value%[\"\']}
			path=$value
			key_word=${key_word#[\"\']}
			case $key_word:$path in
			*: | *:/*) ;;
			[Tt][Ll][Ss]-*[EeRr]:* | [Uu][Nn][Ii][Xx]*) path=$(readlink "/proc/$1/cwd")/$path ;;
			esac
			case ${key_word%[\"\']} in
			[Pp][Oo][Rr][Tt]) plain=$value ;;
			[Uu][Nn][Ii][Xx]*) socket_file=$path ;;
			*-[Pp][Oo][Rr][Tt]) tls_port=$value ;;
			*-[Aa][Uu][Tt][Hh]-*) demands=$value ;;
			*-[Cc][Aa]-*-[Ff]*) ca_file=$path ;;
			*-[Cc][Aa]-*) ca_folder=$path ;;
			*-[Cc][Ll][Ii][Ee][Nn][Tt]-[Cc]*) own_certificate=$path ;;
			*-[Cc][Ll][Ii][Ee][Nn][Tt]-[Kk]*) own_key=$path ;;
			*-[Cc][Ee][Rr][Tt]-*) certificate=$path ;;
			*-[Kk][Ee][Yy]-*) key=$path ;;
			esac
		done <<-EOF
			$configuration
		EOF
		case $tls_port in '' | 0 | *[!0-9]*) return ;; esac
		# As towards its primary, it shows the certificate of a client where it has one.
		[ -n "$own_certificate" ] && certificate=$own_certificate key=$own_key
		case $demands in [Nn][Oo]) certificate='' key='' ;; esac
		[ "$plain" = 0 ] && [ "$tls_port" = "$2" ] && over_tls=yes
		if [ -n "$key" ] && grep -qs ENCRYPTED "$key"; then locked=yes; fi
		tls="ca_file=$ca_file${newline}ca_folder=$ca_folder${newline}certificate=$certificate${newline}key=$key"
	}
	# ask ARGUMENT...: what a server says of itself, and of those around it. For use inside $(...), as `limited` is. The
	# password goes along where there is one.
	ask() {
		[ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH
		limited 4 "$client" "$@" 2>&1 <<-'EOF'
			INFO all
			ECHO cachesmith-between
			CONFIG GET *
			ECHO cachesmith-between
			PUBSUB NUMSUB __sentinel__:hello
			ECHO cachesmith-between
			CLUSTER INFO
			ECHO cachesmith-between
			CLUSTER NODES
		EOF
	}
	for pid in $servers $sentinels; do
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
		for file in "${executable%-*}-cli" /usr/bin/redis-cli /usr/bin/valkey-cli /usr/local/bin/redis-cli \
			/usr/local/bin/valkey-cli; do
			[ -x "$file" ] && [ -f "$file" ] && client=$file && break
		done
		if [ -z "$client" ]; then
			for name in redis-cli valkey-cli; do
				have "$name" && client=$name && break
			done
		fi
		own_tls "$pid" "$port"
		[ -n "$tls" ] && put tls "$tls"
		# A socket asks for no certificate.
		[ -n "$over_tls" ] && [ -w "$socket_file" ] && socket=$socket_file
		if [ -n "$socket" ]; then
			set -- -s "$socket"
		elif [ -n "$over_tls" ]; then
			set -- -h "$host" -p "$port" --tls
			[ -n "$ca_file" ] && set -- "$@" --cacert "$ca_file"
			[ -n "$ca_folder" ] && set -- "$@" --cacertdir "$ca_folder"
			[ -n "$certificate" ] && set -- "$@" --cert "$certificate"
			[ -n "$key" ] && set -- "$@" --key "$key"
		else
			set -- -h "$host" -p "$port"
		fi
		if [ -z "$client" ]; then
			put unreachable 'there is no redis-cli or valkey-cli on the host'
		elif [ -z "$socket" ] && [ "$over_tls$locked" = yesyes ]; then
			put unreachable "the key of its certificate has a pass phrase, which a client is asked for: give the server a certificate for clients (tls-client-cert-file), or a unix socket"
		elif [ -z "$socket$port" ]; then
			put unreachable 'its process title does not say where it listens'
		else
			REDISCLI_AUTH=
			answer=$(ask "$@")
			code=$?
			case $answer in
			*_version:*) ;;
			*NOAUTH*)
				password=${c_server_password:-}
				[ -n "$password" ] || own_password "$pid"
				if [ -n "$password" ]; then
					# By the environment of the client alone: an argument would be seen by everybody.
					REDISCLI_AUTH=$password
					answer=$(ask "$@")
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
